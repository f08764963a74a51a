"""The link in an invitation for who has no account: it makes one with a password, registers, and gives a machine in one go.

Only the mail holds the link, so that whoever has it reads what is sent to the address: the account's name is that address.
"""

from dataclasses import dataclass

from galeria.actions.core.audit import record_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import with_caller
from galeria.actions.people.people import WRITE_PEOPLE
from galeria.actions.people.principals import subscription_scope
from galeria.actions.rosters.machine_claims import join_lab
from galeria.domain.errors import Conflict, GaleriaError, NotFound
from galeria.domain.ids import password as strong_password
from galeria.domain.labs.invitations import UserInvitation
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import Message
from galeria.domain.people.external_provider import folded_email
from galeria.domain.people.principals import Principal, PrincipalKind, sign_in_name
from galeria.domain.people.sign_in import fingerprint
from galeria.ports.work import SecretHasher


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """What a welcome link is for. `has_account`: somebody of that name is known here already, and signs in instead."""

    lab: Lab
    user: LabUser
    invitation: UserInvitation
    has_account: bool


def needs_account(request: BaseRequest, user: LabUser) -> bool:
    """Tells whether the user of a roster has no account here, and one of that name could be made."""
    if user.principal_id or request.uow.people.find_by_name(user.email):
        return False
    if request.uow.external_identities.with_email(folded_email(user.email)):
        return False
    try:
        sign_in_name(user.email)
    except GaleriaError:
        return False
    return True


def find_welcome(request: BaseRequest, secret: str) -> Welcome | None:
    """Returns what the link with this secret is for; None where it is not known, used up or too old."""
    invitation = request.uow.invitations.find_by_welcome(fingerprint(secret))
    if invitation is None or not invitation.has_welcome(request.clock.now()):
        return None
    user = request.uow.lab_users.get(invitation.user_id)
    return Welcome(
        lab=request.uow.labs.get(user.lab_id),
        user=user,
        invitation=invitation,
        has_account=not needs_account(request, user),
    )


def accept_welcome(
    request: BaseRequest, secret: str, password: str, display_name: str, address: str, secrets: SecretHasher
) -> Principal:
    """Makes the account with that password, registers it with the lab and gives it a machine. The link is used up.

    `address` is that of the person's computer. Raises Invalid for a weak password, NotFound for a used or unknown link, and
    Conflict where there is an account already, or the lab has no place or machine: then nothing was done.
    """
    welcome = find_welcome(request, secret)
    if welcome is None:
        raise NotFound(
            Message("This link was used already, is too old or is not known here."),
            hint=Message("Sign in with your password, or ask the lab's educator for another invitation."),
        )
    if welcome.has_account:
        raise Conflict(
            Message("There is an account '{name}' already.", name=welcome.user.email),
            hint=Message("Sign in with it, then open the registration link."),
        )
    person = Principal(
        id=request.id_generator.new_guid(),
        kind=PrincipalKind.USER,
        name=sign_in_name(welcome.user.email),
        display_name=display_name.strip()[:100] or welcome.user.email,
        secret_hash=secrets.hash(strong_password(password)),
        created_at=request.clock.now(),
    )
    request.uow.people.add(person)
    request.uow.flush()
    caller = Caller(principal=person, assignments=[], address=address, locks=tuple(request.uow.locks.all()))
    made = Message("created the user '{name}' by an invitation to a lab", name=person.name)
    record_audit(request, caller, WRITE_PEOPLE, subscription_scope(request), detail=made)
    welcome.invitation.welcome_hash, welcome.invitation.welcome_until = "", None
    join_lab(with_caller(request, caller), welcome.lab.registration_code)
    return person

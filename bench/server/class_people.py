"""People of a class, so that their pages can be measured: an administrator with a machine, and links as mails have them."""

from bench.class_lab import class_in
from bench.server.answers import made
from galeria.adapters.identity.bootstrap_secrets import ensure_bootstrap_secrets
from galeria.bootstrap.container import Container
from galeria.bootstrap.first_start import secrets_folder
from galeria.domain.labs.invitations import WELCOME_LIFE, UserInvitation
from galeria.domain.labs.labs import Lab, MachineKind
from galeria.domain.labs.roster import LabUser
from galeria.domain.people.principals import PrincipalKind
from galeria.domain.people.sign_in import Credential, CredentialKind, fingerprint

_CODE = "bench-class"


def add_people(container: Container) -> tuple[str, tuple[str, ...]]:
    """Give the administrator a machine of the class, and invite somebody who has no account yet.

    Returns the machine's name, and the addresses to which no page links: of an invitation, of the lab's registration, of a
    first password, of a calendar.
    """
    now, ids = container.clock.now(), container.id_generator
    invited, calendar = ids.new_secret(), ids.new_secret()
    with container.database() as uow:
        lab = class_in(uow, container)
        lab.open_access, lab.registration_code = True, _CODE
        administrator = next(each for each in uow.people.all() if each.kind is PrincipalKind.USER)
        student, guest = _user(container, lab, "administrator"), _user(container, lab, "guest")
        student.principal_id = administrator.id
        for user in (student, guest):
            uow.lab_users.add(user)
        own = next(each for each in uow.machines.of_lab(lab.id) if each.kind is MachineKind.USER)
        own.claimed_by = student.id
        uow.invitations.add(
            UserInvitation(
                user_id=guest.id,
                invited_by=administrator.id,
                language="en",
                due_at=now,
                welcome_hash=fingerprint(invited),
                welcome_until=now + WELCOME_LIFE,
            )
        )
        uow.credentials.add(
            Credential(
                id=ids.new_guid(),
                principal_id=administrator.id,
                kind=CredentialKind.CALENDAR,
                secret_hash=fingerprint(calendar),
                created_at=now,
            )
        )
        name = own.name
        uow.commit()
    first = ensure_bootstrap_secrets(secrets_folder(container.data), ids).welcome
    return name, (f"/welcome/{first}", f"/welcome/lab/{invited}", f"/register/{_CODE}", f"/calendar/{calendar}.ics")


def _user(container: Container, lab: Lab, name: str) -> LabUser:
    email = f"{name}@example.org"
    return made(container, LabUser, lab.arm_id.child("users", name), lab_id=lab.id, email=email, email_key=email)

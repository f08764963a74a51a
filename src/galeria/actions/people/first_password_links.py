"""Links with which a person chooses the first password. A link works once, until a password is set another way."""

from datetime import timedelta

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import with_caller
from galeria.actions.people.people import set_password
from galeria.actions.people.principals import find_by_credential
from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.domain.people.sign_in import Credential, CredentialKind, fingerprint
from galeria.ports.work import SecretHasher


def add_password_link(
    request: BaseRequest, principal: Principal, secret: str, *, life: timedelta | None = None
) -> None:
    """`secret`, which was made with 256 random bits, is kept as its fingerprint, for ever or for its `life`.

    The caller commits.
    """
    request.uow.credentials.add(
        Credential(
            id=request.id_generator.new_guid(),
            principal_id=principal.id,
            kind=CredentialKind.WELCOME,
            secret_hash=fingerprint(secret),
            created_at=request.clock.now(),
            expires_at=request.clock.now() + life if life else None,
        )
    )


def find_by_password_link(request: BaseRequest, secret: str) -> Principal | None:
    """Returns the enabled person whose valid link this is, or None."""
    return find_by_credential(request, secret, CredentialKind.WELCOME)


def choose_first_password(
    request: BaseRequest, secret: str, password: str, secrets: SecretHasher, *, address: str = ""
) -> Principal:
    """Sets the password by a link, which is used up, as is the password before.

    Raises Invalid, and NotFound for a used or unknown link.
    """
    principal = find_by_password_link(request, secret)
    if principal is None:
        raise NotFound(
            Message("This link was used already, is too old or is not known here."),
            hint=Message("Sign in with your password."),
        )
    assignments = request.uow.people.assignments(principal.id)
    caller = Caller(principal=principal, assignments=assignments, address=address)
    set_password(with_caller(request, caller), principal.id, password, secrets)
    return principal

"""A link with which a person chooses the first password. It works once, and only until a password was set otherwise."""

from datetime import timedelta

from galeria.actions.core.caller import Caller
from galeria.actions.people.people import set_password
from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.domain.people.sign_in import Credential, CredentialKind, fingerprint
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator, SecretHasher


def keep_password_link(
    uow: UnitOfWork,
    clock: Clock,
    id_generator: IdGenerator,
    principal: Principal,
    secret: str,
    *,
    life: timedelta | None = None,
) -> None:
    """`secret`, which was made with 256 random bits, is kept as its fingerprint, for ever or for its `life`.

    The caller commits.
    """
    uow.credentials.add(
        Credential(
            id=id_generator.new_guid(),
            principal_id=principal.id,
            kind=CredentialKind.WELCOME,
            secret_hash=fingerprint(secret),
            created_at=clock.now(),
            expires_at=clock.now() + life if life else None,
        )
    )


def find_by_password_link(uow: UnitOfWork, clock: Clock, secret: str) -> Principal | None:
    """Whose link it is, while it works."""
    found = uow.credentials.find_by_hash(fingerprint(secret))
    if found is None or found.kind is not CredentialKind.WELCOME or not found.is_valid(clock.now()):
        return None
    principal = uow.people.find(found.principal_id)
    return principal if principal is not None and principal.enabled else None


def choose_first_password(
    uow: UnitOfWork, secrets: SecretHasher, clock: Clock, id_generator: IdGenerator, secret: str, password: str
) -> Principal:
    """The link is used up, and so is the password that was there before. Raises Invalid, and NotFound for a used link."""
    principal = find_by_password_link(uow, clock, secret)
    if principal is None:
        raise NotFound(
            Message("This link was used already, is too old or is not known here."),
            hint=Message("Sign in with your password."),
        )
    who = Caller(principal=principal, assignments=uow.people.assignments(principal.id))
    set_password(uow, secrets, clock, id_generator, who, principal.id, password)
    return principal

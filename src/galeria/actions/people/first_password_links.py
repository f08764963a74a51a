"""Links with which a person chooses the first password. A link works once, until a password is set another way."""

from datetime import timedelta

from galeria.actions.core.caller import Caller
from galeria.actions.people.people import set_password
from galeria.domain.errors import NotFound
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
    """Stores the hash of a link's secret for a principal, without an end or for its `life`.

    `secret` must have 256 random bits. The caller commits.
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
    """Returns the enabled person whose valid link this is, or None."""
    found = uow.credentials.find_by_hash(fingerprint(secret))
    if found is None or found.kind is not CredentialKind.WELCOME or not found.is_valid(clock.now()):
        return None
    principal = uow.people.find(found.principal_id)
    return principal if principal is not None and principal.enabled else None


def choose_first_password(
    uow: UnitOfWork, secrets: SecretHasher, clock: Clock, id_generator: IdGenerator, secret: str, password: str
) -> Principal:
    """Sets the password by a link, which is used up, as is the password before.

    Raises Invalid, and NotFound for a used or unknown link.
    """
    principal = find_by_password_link(uow, clock, secret)
    if principal is None:
        raise NotFound(
            "This link was used already, is too old or is not known here.", hint="Sign in with your password."
        )
    who = Caller(principal=principal, assignments=uow.people.assignments(principal.id))
    set_password(uow, secrets, clock, id_generator, who, principal.id, password)
    return principal

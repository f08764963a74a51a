"""People and programs: signing in, being made, changed and shut out. Changing others takes the right to give roles."""

from hmac import compare_digest

from galeria.actions.core.audit import record_audit
from galeria.actions.core.caller import Caller
from galeria.actions.people.principals import GIVE_ROLES, SEE_ROLES, get_principal, subscription_scope
from galeria.actions.people.roles import keep_an_owner
from galeria.actions.people.token_sessions import revoke_sessions
from galeria.domain.errors import Conflict, Unauthenticated
from galeria.domain.ids import password as strong_password
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind, sign_in_name
from galeria.domain.people.sign_in import CredentialKind, fingerprint
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator, SecretHasher

WRITE_PEOPLE = "Galeria.Identity/principals/write"


def sign_in(
    uow: UnitOfWork, secrets: SecretHasher, clock: Clock, name: str, secret: str, kind: PrincipalKind
) -> Principal:
    """Who this is. Raises Unauthenticated, with the same words and after the same work whatever was wrong."""
    principal = uow.people.find_by_name(name)
    if principal is None or principal.kind is not kind:
        secrets.hash(secret)  # Costs what a check costs, so that time does not tell which names exist.
        raise _wrong(kind)
    if not _knows(uow, secrets, clock, principal, secret) or not principal.enabled:
        raise _wrong(kind)
    return principal


def create_person(
    uow: UnitOfWork,
    secrets: SecretHasher,
    clock: Clock,
    id_generator: IdGenerator,
    by: Caller,
    name: str,
    display_name: str,
    password: str | None,
) -> tuple[Principal, str]:
    """A user without any role yet, and the password: the given one, or a new one that is shown this once.

    Raises Forbidden, Invalid (name or password), Conflict where the name is taken.
    """
    scope = subscription_scope(uow)
    by.require(GIVE_ROLES, scope)
    secret = id_generator.new_secret() if password is None else strong_password(password)
    if uow.people.find_by_name(sign_in_name(name)):
        raise Conflict(
            Message("The name '{name}' is taken.", name=name), hint=Message("Choose another name."), target="name"
        )
    principal = Principal(
        id=id_generator.new_guid(),
        kind=PrincipalKind.USER,
        name=name,
        display_name=display_name or name,
        secret_hash=secrets.hash(secret),
        created_at=clock.now(),
    )
    _enrol(uow, clock, id_generator, by, principal, Message("created the user '{name}'", name=name))
    return principal, secret


def create_service_principal(
    uow: UnitOfWork, secrets: SecretHasher, clock: Clock, id_generator: IdGenerator, by: Caller, display_name: str
) -> tuple[Principal, str]:
    """A program without any role yet, and its client secret, shown this once. Its name is its new client id.

    Raises Forbidden.
    """
    scope = subscription_scope(uow)
    by.require(GIVE_ROLES, scope)
    secret, client_id = id_generator.new_secret(), id_generator.new_guid()
    principal = Principal(
        id=id_generator.new_guid(),
        kind=PrincipalKind.SERVICE_PRINCIPAL,
        name=client_id,
        display_name=display_name or client_id,
        secret_hash=secrets.hash(secret),
        created_at=clock.now(),
    )
    created = Message("created the service principal '{name}'", name=principal.name)
    _enrol(uow, clock, id_generator, by, principal, created)
    return principal, secret


def _enrol(
    uow: UnitOfWork, clock: Clock, id_generator: IdGenerator, by: Caller, principal: Principal, detail: Message
) -> None:
    uow.people.add(principal)
    record_audit(uow, clock, id_generator, by, WRITE_PEOPLE, subscription_scope(uow), detail=detail)
    uow.flush()


def set_password(
    uow: UnitOfWork,
    secrets: SecretHasher,
    clock: Clock,
    id_generator: IdGenerator,
    by: Caller,
    who: str,
    password: str | None,
) -> tuple[Principal, str]:
    """A new password (or client secret), given or made, in the place of all others; that principal's sessions end, and
    links to choose a password with.

    `who` is an object id or a name. Everybody may set the own one. Raises Forbidden, Invalid, NotFound.
    """
    scope = subscription_scope(uow)
    if who not in (by.principal.id, by.principal.name):
        by.require(GIVE_ROLES, scope)
    principal = get_principal(uow, who)
    secret = id_generator.new_secret() if password is None else strong_password(password)
    principal.secret_hash, principal.secret_expires_at = secrets.hash(secret), None
    for other in uow.credentials.of_principal(principal.id):
        if other.kind is not CredentialKind.IDENTITY:
            uow.credentials.remove(other)
    revoke_sessions(uow, clock, principal.id)
    record_audit(
        uow,
        clock,
        id_generator,
        by,
        WRITE_PEOPLE,
        scope,
        detail=Message("set a new secret for '{principal}'", principal=principal.name),
    )
    return principal, secret


def disable(uow: UnitOfWork, clock: Clock, id_generator: IdGenerator, by: Caller, who: str) -> Principal:
    """May not sign in any more; sessions end, access tokens are refused from the next request on.

    What they made and the roles they have stay. May be repeated. Raises Forbidden, NotFound, Conflict for the last Owner.
    """
    scope = subscription_scope(uow)
    by.require(GIVE_ROLES, scope)
    principal = get_principal(uow, who)
    if principal.enabled:
        keep_an_owner(uow, scope, losing=uow.people.assignments(principal.id))
        principal.enabled, principal.tokens_not_before = False, clock.now()
        revoke_sessions(uow, clock, principal.id)
        record_audit(
            uow,
            clock,
            id_generator,
            by,
            WRITE_PEOPLE,
            scope,
            detail=Message("disabled '{principal}'", principal=principal.name),
        )
    return principal


def enable(uow: UnitOfWork, clock: Clock, id_generator: IdGenerator, by: Caller, who: str) -> Principal:
    """May sign in again, with the roles of before. May be repeated. Raises Forbidden, NotFound."""
    scope = subscription_scope(uow)
    by.require(GIVE_ROLES, scope)
    principal = get_principal(uow, who)
    if not principal.enabled:
        principal.enabled = True
        record_audit(
            uow,
            clock,
            id_generator,
            by,
            WRITE_PEOPLE,
            scope,
            detail=Message("enabled '{principal}'", principal=principal.name),
        )
    return principal


def list_people(uow: UnitOfWork, by: Caller) -> list[Principal]:
    """Raises Forbidden."""
    by.require(SEE_ROLES, subscription_scope(uow))
    return uow.people.all()


def _knows(uow: UnitOfWork, secrets: SecretHasher, clock: Clock, principal: Principal, secret: str) -> bool:
    """One slow check, whatever there is to compare with: time does not tell how many secrets somebody has."""
    now, shown = clock.now(), fingerprint(secret)
    if principal.secret_hash and (principal.secret_expires_at is None or now < principal.secret_expires_at):
        is_first = secrets.matches(principal.secret_hash, secret)
    else:
        secrets.hash(secret)
        is_first = False
    others = [each for each in uow.credentials.of_principal(principal.id) if each.kind is CredentialKind.SECRET]
    matching = [compare_digest(each.secret_hash, shown) and each.is_valid(now) for each in others]
    return is_first or any(matching)


def _wrong(kind: PrincipalKind) -> Unauthenticated:
    if kind is PrincipalKind.USER:
        return Unauthenticated(
            Message("Error validating credentials: the user name or the password is wrong."),
            hint=Message("Type them again, or ask an Owner for a new password."),
        )
    return Unauthenticated(
        Message("Invalid client secret provided: the client id or its secret is wrong."),
        hint=Message("Give the client secret's value, or ask an Owner for a new one."),
    )

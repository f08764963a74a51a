"""People and programs: sign in, create, set passwords, disable. Changing others needs the right to give roles."""

from hmac import compare_digest

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.people.principals import (
    GIVE_ROLES,
    SEE_ROLES,
    get_own_or_permitted,
    get_principal,
    subscription_scope,
)
from galeria.actions.people.roles import require_remaining_owner
from galeria.actions.people.token_sessions import revoke_sessions
from galeria.domain.errors import Conflict, Unauthenticated
from galeria.domain.ids import password as strong_password
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind, sign_in_name
from galeria.domain.people.sign_in import CredentialKind, fingerprint
from galeria.ports.work import SecretHasher

WRITE_PEOPLE = "Galeria.Identity/principals/write"


def sign_in(request: BaseRequest, name: str, secret: str, kind: PrincipalKind, secrets: SecretHasher) -> Principal:
    """Returns the principal with that name and secret.

    Raises Unauthenticated, with the same words and after the same work whatever was wrong.
    """
    principal = request.uow.people.find_by_name(name)
    if principal is None or principal.kind is not kind:
        secrets.hash(secret)  # Takes as long as a check, so that the time does not reveal which names exist.
        raise _wrong_credentials(kind)
    if not _is_secret_of(request, principal, secret, secrets) or not principal.enabled:
        raise _wrong_credentials(kind)
    return principal


def create_person(
    request: Request, name: str, display_name: str, password: str | None, secrets: SecretHasher
) -> tuple[Principal, str]:
    """Creates a user without a role and returns the password: the given one, or a generated one that is shown this once.

    Raises Forbidden, Invalid (name or password), and Conflict where the name is taken.
    """
    scope = subscription_scope(request)
    request.caller.require(GIVE_ROLES, scope)
    secret = request.id_generator.new_secret() if password is None else strong_password(password)
    if request.uow.people.find_by_name(sign_in_name(name)):
        raise Conflict(
            Message("The name '{name}' is taken.", name=name), hint=Message("Choose another name."), target="name"
        )
    principal = Principal(
        id=request.id_generator.new_guid(),
        kind=PrincipalKind.USER,
        name=name,
        display_name=display_name or name,
        secret_hash=secrets.hash(secret),
        created_at=request.clock.now(),
    )
    _add_principal(request, principal, Message("created the user '{name}'", name=name))
    return principal, secret


def create_service_principal(request: Request, display_name: str, secrets: SecretHasher) -> tuple[Principal, str]:
    """Creates a service principal without a role and returns its client secret, this once. Its name is its new client id.

    Raises Forbidden.
    """
    scope = subscription_scope(request)
    request.caller.require(GIVE_ROLES, scope)
    secret, client_id = request.id_generator.new_secret(), request.id_generator.new_guid()
    principal = Principal(
        id=request.id_generator.new_guid(),
        kind=PrincipalKind.SERVICE_PRINCIPAL,
        name=client_id,
        display_name=display_name or client_id,
        secret_hash=secrets.hash(secret),
        created_at=request.clock.now(),
    )
    created = Message("created the service principal '{name}'", name=principal.name)
    _add_principal(request, principal, created)
    return principal, secret


def _add_principal(request: Request, principal: Principal, detail: Message) -> None:
    request.uow.people.add(principal)
    request.audit(WRITE_PEOPLE, subscription_scope(request), detail=detail)
    request.uow.flush()


def set_password(request: Request, who: str, password: str | None, secrets: SecretHasher) -> tuple[Principal, str]:
    """Replaces all passwords or client secrets of a principal by a given or generated one, which is returned.

    Its sessions end, and so do links to choose a password. `who` is an object id or a name. Everybody may set their own
    password. Raises Forbidden, Invalid, NotFound.
    """
    scope = subscription_scope(request)
    principal = get_own_or_permitted(request, who, GIVE_ROLES)
    secret = request.id_generator.new_secret() if password is None else strong_password(password)
    principal.secret_hash, principal.secret_expires_at = secrets.hash(secret), None
    for other in request.uow.credentials.of_principal(principal.id):
        if other.kind is not CredentialKind.IDENTITY:
            request.uow.credentials.remove(other)
    revoke_sessions(request, principal)
    request.audit(WRITE_PEOPLE, scope, detail=Message("set a new secret for '{principal}'", principal=principal.name))
    return principal, secret


def disable(request: Request, who: str) -> Principal:
    """Disables a principal: it cannot sign in, its sessions end, and its access tokens are refused from the next request on.

    Its resources and roles stay. May be repeated. Raises Forbidden, NotFound, and Conflict for the last Owner.
    """
    scope = subscription_scope(request)
    request.caller.require(GIVE_ROLES, scope)
    principal = get_principal(request, who)
    if principal.enabled:
        require_remaining_owner(request, scope, losing=request.uow.people.assignments(principal.id))
        principal.enabled = False
        revoke_sessions(request, principal)
        request.audit(WRITE_PEOPLE, scope, detail=Message("disabled '{principal}'", principal=principal.name))
    return principal


def enable(request: Request, who: str) -> Principal:
    """Enables a disabled principal, with the roles it had. May be repeated. Raises Forbidden, NotFound."""
    scope = subscription_scope(request)
    request.caller.require(GIVE_ROLES, scope)
    principal = get_principal(request, who)
    if not principal.enabled:
        principal.enabled = True
        request.audit(WRITE_PEOPLE, scope, detail=Message("enabled '{principal}'", principal=principal.name))
    return principal


def list_people(request: Request) -> list[Principal]:
    """Returns all principals, by name. Raises Forbidden."""
    request.caller.require(SEE_ROLES, subscription_scope(request))
    return request.uow.people.all()


def _is_secret_of(request: BaseRequest, principal: Principal, secret: str, secrets: SecretHasher) -> bool:
    """One slow check, whatever there is to compare with: time does not tell how many secrets somebody has."""
    now, shown = request.clock.now(), fingerprint(secret)
    if principal.secret_hash and (principal.secret_expires_at is None or now < principal.secret_expires_at):
        is_first = secrets.matches(principal.secret_hash, secret)
    else:
        secrets.hash(secret)
        is_first = False
    others = [each for each in request.uow.credentials.of_principal(principal.id) if each.kind is CredentialKind.SECRET]
    matching = [compare_digest(each.secret_hash, shown) and each.is_valid(now) for each in others]
    return is_first or any(matching)


def _wrong_credentials(kind: PrincipalKind) -> Unauthenticated:
    if kind is PrincipalKind.USER:
        return Unauthenticated(
            Message("Error validating credentials: the user name or the password is wrong."),
            hint=Message("Type them again, or ask an Owner for a new password."),
        )
    return Unauthenticated(
        Message("Invalid client secret provided: the client id or its secret is wrong."),
        hint=Message("Give the client secret's value, or ask an Owner for a new one."),
    )

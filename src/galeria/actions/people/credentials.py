"""Secrets of service principals are changed without an interruption, and what they opened can be shut at once.

For a while the old and the new secret both work. What is made here is shown once and kept as a fingerprint.
"""

from dataclasses import dataclass
from datetime import datetime

from galeria.actions.core.request import Request
from galeria.actions.people.principals import GIVE_ROLES, get_principal, subscription_scope
from galeria.actions.people.token_sessions import revoke_sessions
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.domain.people.sign_in import Credential, CredentialKind, fingerprint
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock

WRITE_SECRETS = "Galeria.Identity/principals/secrets/write"
DELETE_SECRETS = "Galeria.Identity/principals/secrets/delete"
REVOKE = "Galeria.Identity/principals/revoke/action"

# One to use and one to change to. Identity headers belong to machines, of which there may be more.
MOST = {CredentialKind.SECRET: 2, CredentialKind.IDENTITY: 20}


@dataclass(frozen=True, kw_only=True)
class SecretFacts:
    """Everything about a secret but the secret. That of the beginning has its principal's own id."""

    id: str
    kind: CredentialKind
    created_at: datetime
    expires_at: datetime | None


def list_secrets(request: Request, who: str) -> list[SecretFacts]:
    """Oldest first, expired ones included. Raises Forbidden, Invalid for people, NotFound."""
    return _facts(request.uow, _owned(request, who))


def add_secret(
    request: Request, who: str, *, expires_at: datetime | None = None, old_until: datetime | None = None
) -> tuple[SecretFacts, str]:
    """A new client secret, shown this once. The old ones work until `old_until`; without it, until they are removed.

    Raises Forbidden, Invalid, NotFound, and Conflict where two work already.
    """
    principal = _owned(request, who)
    _end_secrets(request, principal, old_until)
    return _add(request, principal, CredentialKind.SECRET, expires_at)


def add_identity(request: Request, who: str, *, expires_at: datetime | None = None) -> tuple[SecretFacts, str]:
    """An identity header, shown this once: programs in a machine get tokens for it. Raises as `add_secret` does."""
    return _add(request, _owned(request, who), CredentialKind.IDENTITY, expires_at)


def remove_secret(request: Request, who: str, id: str) -> bool:
    """It stops working at once; False where there is none of that id. Raises Forbidden, Invalid, NotFound."""
    principal = _owned(request, who)
    if id.lower() == principal.id and principal.secret_hash:
        _remove_first(principal)
    else:
        found = request.uow.credentials.find(id.lower())
        if found is None or found.principal_id != principal.id:
            return False
        request.uow.credentials.remove(found)
    request.audit(
        DELETE_SECRETS,
        subscription_scope(request.uow),
        detail=Message("removed a secret of '{principal}'", principal=principal.name),
    )
    return True


def revoke(request: Request, who: str) -> Principal:
    """Sign out everywhere and at once: sessions end, and access tokens issued until now are refused.

    Secrets and passwords keep working. Everybody may revoke the own tokens. Raises Forbidden, NotFound.
    """
    principal = _allowed(request, who)
    revoke_sessions(request.uow, request.clock, principal.id)
    principal.tokens_not_before = request.clock.now()
    request.audit(
        REVOKE,
        subscription_scope(request.uow),
        detail=Message("revoked the tokens of '{principal}'", principal=principal.name),
    )
    return principal


def find_by_identity(uow: UnitOfWork, clock: Clock, header: str) -> Principal | None:
    """Whose identity header this is."""
    found = uow.credentials.find_by_hash(fingerprint(header))
    if found is None or found.kind is not CredentialKind.IDENTITY or not found.is_valid(clock.now()):
        return None
    principal = uow.people.find(found.principal_id)
    return principal if principal is not None and principal.enabled else None


def _allowed(request: Request, who: str) -> Principal:
    own = request.caller.principal
    if who.lower() not in (own.id, own.name.lower()):
        request.caller.require(GIVE_ROLES, subscription_scope(request.uow))
    return get_principal(request.uow, who)


def _owned(request: Request, who: str) -> Principal:
    principal = _allowed(request, who)
    if principal.kind is not PrincipalKind.SERVICE_PRINCIPAL:
        raise Invalid(
            Message("'{principal}' is a person, who has one password and no other secrets.", principal=principal.name),
            hint=Message("Set a new password instead, or make a service principal for programs."),
            target="name",
        )
    return principal


def _add(
    request: Request, principal: Principal, kind: CredentialKind, expires_at: datetime | None
) -> tuple[SecretFacts, str]:
    now, secret = request.clock.now(), request.id_generator.new_secret()
    if expires_at is not None and expires_at <= now:
        raise Invalid(
            Message("The new secret would have expired already."),
            hint=Message("Name a time to come."),
            target="expiresAt",
        )
    _forget_expired(request, principal)
    if sum(each.kind is kind for each in _facts(request.uow, principal)) >= MOST[kind]:
        raise Conflict(
            Message(
                "'{principal}' has {most} secrets of this kind already.", principal=principal.name, most=MOST[kind]
            ),
            hint=Message("Remove one that is not used any more, then try again."),
            code="TooManySecrets",
        )
    made = Credential(
        id=request.id_generator.new_guid(),
        principal_id=principal.id,
        kind=kind,
        secret_hash=fingerprint(secret),
        created_at=now,
        expires_at=expires_at,
    )
    request.uow.credentials.add(made)
    detail = (
        Message("gave '{principal}' a client secret", principal=principal.name)
        if kind is CredentialKind.SECRET
        else Message("gave '{principal}' an identity header", principal=principal.name)
    )
    request.audit(
        WRITE_SECRETS,
        subscription_scope(request.uow),
        detail=detail,
    )
    request.uow.flush()
    return _fact(made), secret


def _end_secrets(request: Request, principal: Principal, until: datetime | None) -> None:
    """Never later than they would have ended anyway."""
    if until is None:
        return
    for each in request.uow.credentials.of_principal(principal.id):
        if each.kind is CredentialKind.SECRET:
            each.expires_at = min(each.expires_at or until, until)
    if principal.secret_hash:
        principal.secret_expires_at = min(principal.secret_expires_at or until, until)


def _forget_expired(request: Request, principal: Principal) -> None:
    now = request.clock.now()
    for each in request.uow.credentials.of_principal(principal.id):
        if not each.is_valid(now):
            request.uow.credentials.remove(each)
    if principal.secret_expires_at and principal.secret_expires_at <= now:
        _remove_first(principal)


def _remove_first(principal: Principal) -> None:
    principal.secret_hash, principal.secret_expires_at = "", None


def _facts(uow: UnitOfWork, principal: Principal) -> list[SecretFacts]:
    others = [_fact(each) for each in uow.credentials.of_principal(principal.id)]
    if not principal.secret_hash:
        return others
    first = SecretFacts(
        id=principal.id,
        kind=CredentialKind.SECRET,
        created_at=principal.created_at,
        expires_at=principal.secret_expires_at,
    )
    return [first, *others]


def _fact(credential: Credential) -> SecretFacts:
    return SecretFacts(
        id=credential.id, kind=credential.kind, created_at=credential.created_at, expires_at=credential.expires_at
    )

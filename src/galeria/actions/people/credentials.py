"""Secrets of service principals: replaced without an interruption, and revoked at once.

For a while the old and the new secret both work. A new secret is shown once and stored as its hash.
"""

from dataclasses import dataclass
from datetime import datetime

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.request import Request
from galeria.actions.people.principals import GIVE_ROLES, find_by_credential, get_own_or_permitted, subscription_scope
from galeria.actions.people.token_sessions import revoke_sessions
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.domain.people.sign_in import Credential, CredentialKind, fingerprint

WRITE_SECRETS = "Galeria.Identity/principals/secrets/write"
DELETE_SECRETS = "Galeria.Identity/principals/secrets/delete"
REVOKE = "Galeria.Identity/principals/revoke/action"

# One in use and one to replace it. Identity headers belong to machines, of which there may be more.
MOST = {CredentialKind.SECRET: 2, CredentialKind.IDENTITY: 20}


@dataclass(frozen=True, kw_only=True)
class SecretFacts:
    """A secret's id and dates, without the secret. The first secret of a principal has the principal's id."""

    id: str
    kind: CredentialKind
    created_at: datetime
    expires_at: datetime | None


def list_secrets(request: Request, who: str) -> list[SecretFacts]:
    """Returns a service principal's secrets, oldest first, expired ones included.

    Raises Forbidden, Invalid for people, NotFound.
    """
    return _facts(request, _owned(request, who))


def add_secret(
    request: Request, who: str, *, expires_at: datetime | None = None, old_until: datetime | None = None
) -> tuple[SecretFacts, str]:
    """Makes a new client secret and returns it, this once.

    Old secrets work until `old_until`; without it, until they are removed. Raises Forbidden, Invalid, NotFound, and
    Conflict where two work already.
    """
    principal = _owned(request, who)
    _end_secrets(request, principal, old_until)
    return _add(request, principal, CredentialKind.SECRET, expires_at)


def add_identity(request: Request, who: str, *, expires_at: datetime | None = None) -> tuple[SecretFacts, str]:
    """Makes an identity header and returns it, this once: programs in a machine get tokens for it.

    Raises as `add_secret` does.
    """
    return _add(request, _owned(request, who), CredentialKind.IDENTITY, expires_at)


def remove_secret(request: Request, who: str, id: str) -> bool:
    """Removes a secret, which stops working at once; False where there is none of that id.

    Raises Forbidden, Invalid, NotFound.
    """
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
        subscription_scope(request),
        detail=Message("removed a secret of '{principal}'", principal=principal.name),
    )
    return True


def revoke(request: Request, who: str) -> Principal:
    """Signs a principal out everywhere at once: sessions end, and access tokens issued until now are refused.

    Secrets and passwords keep working. Everybody may revoke their own tokens. Raises Forbidden, NotFound.
    """
    principal = get_own_or_permitted(request, who, GIVE_ROLES)
    revoke_sessions(request, principal)
    request.audit(
        REVOKE,
        subscription_scope(request),
        detail=Message("revoked the tokens of '{principal}'", principal=principal.name),
    )
    return principal


def find_by_identity(request: BaseRequest, header: str) -> Principal | None:
    """Returns the enabled service principal whose valid identity header this is, or None."""
    return find_by_credential(request, header, CredentialKind.IDENTITY)


def _owned(request: Request, who: str) -> Principal:
    principal = get_own_or_permitted(request, who, GIVE_ROLES)
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
    if sum(each.kind is kind for each in _facts(request, principal)) >= MOST[kind]:
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
    gave = {
        CredentialKind.SECRET: Message("gave '{principal}' a client secret", principal=principal.name),
        CredentialKind.IDENTITY: Message("gave '{principal}' an identity header", principal=principal.name),
    }
    request.audit(WRITE_SECRETS, subscription_scope(request), detail=gave[kind])
    request.uow.flush()
    return _fact(made), secret


def _end_secrets(request: Request, principal: Principal, until: datetime | None) -> None:
    """Lets client secrets end at `until`, unless they end earlier anyway."""
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


def _facts(request: BaseRequest, principal: Principal) -> list[SecretFacts]:
    others = [_fact(each) for each in request.uow.credentials.of_principal(principal.id)]
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

"""Routes of service principals' secrets, and of signing out everywhere. Only the answer to creation holds a secret."""

from typing import Any

from starlette.responses import Response

from galeria.actions.people.credentials import (
    SecretFacts,
    add_identity,
    add_secret,
    list_secrets,
    remove_secret,
    revoke,
)
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.errors import ArmJson
from galeria.interfaces.arm.protocol.paging import Order, listed, page
from galeria.interfaces.arm.protocol.responses import deleted, shown
from galeria.interfaces.arm.protocol.routes import OURS, SUBSCRIPTION, Route
from galeria.interfaces.arm.protocol.wire_types import Moment, Wire
from galeria.interfaces.login.authority import Authority


class NewSecret(Wire):
    """A request for a new secret. The old ones work until `oldExpiresAt`, or without it until they are removed."""

    expires_at: Moment | None = None
    old_expires_at: Moment | None = None


class NewIdentity(Wire):
    expires_at: Moment | None = None


def list_all(subscription: str, person: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        facts, link = page(arm_request, list_secrets(request, person), order=_by_age)
    return shown(listed([_view(each) for each in facts], link))


def rotate(subscription: str, person: str, arm_request: ArmRequestDep, body: NewSecret | None = None) -> Response:
    """Create a secret. Answers 201; `secret` is in the answer only this once."""
    asked = body or NewSecret()
    with arm_request.writing() as request:
        made, secret = add_secret(request, person, expires_at=asked.expires_at, old_until=asked.old_expires_at)
    return ArmJson({**_view(made), "secret": secret}, status_code=201)


def identify(subscription: str, person: str, arm_request: ArmRequestDep, body: NewIdentity | None = None) -> Response:
    """Create an identity for a machine.

    Answers 201 with the values of IDENTITY_ENDPOINT and IDENTITY_HEADER, only this once.
    """
    with arm_request.writing() as request:
        made, secret = add_identity(request, person, expires_at=(body or NewIdentity()).expires_at)
    authority = Authority(endpoint=arm_request.services.endpoint, tenant_id=arm_request.services.tenant_id)
    return ArmJson({**_view(made), "endpoint": authority.identity_endpoint, "secret": secret}, status_code=201)


def remove(subscription: str, person: str, secret: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        return deleted(remove_secret(request, person, secret))


def sign_out(subscription: str, person: str, arm_request: ArmRequestDep) -> Response:
    """End all sessions and refuse all access tokens issued until now, of the caller as well where it is their own account."""
    with arm_request.writing() as request:
        principal = revoke(request, person)
    view = {"id": principal.id, "name": principal.name, "tokensNotBefore": when(principal.tokens_not_before)}
    return shown(view)


def _by_age(facts: SecretFacts) -> Order:
    return (facts.created_at.isoformat(), facts.id)


def _view(facts: SecretFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "kind": facts.kind.value,
        "createdAt": when(facts.created_at),
        "expiresAt": when(facts.expires_at),
    }


_PERSON = SUBSCRIPTION + OURS + "/people/{person}"
_SECRETS = _PERSON + "/secrets"

ROUTES = (
    Route(name="PeopleSecrets_List", method="GET", path=_SECRETS, handler=list_all),
    Route(name="PeopleSecrets_Create", method="POST", path=_SECRETS, handler=rotate),
    Route(name="PeopleSecrets_Delete", method="DELETE", path=_SECRETS + "/{secret}", handler=remove),
    Route(name="People_CreateIdentity", method="POST", path=_PERSON + "/identity", handler=identify),
    Route(name="People_Revoke", method="POST", path=_PERSON + "/revoke", handler=sign_out),
)

"""Routes of people and programs. Changing others needs the right to assign roles."""

from typing import Any

from starlette.responses import Response

from galeria.actions.people.people import (
    create_person,
    create_service_principal,
    disable,
    enable,
    list_people,
    set_password,
)
from galeria.actions.people.principals import find_principal
from galeria.domain.errors import Invalid, Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.arm.platform.people_schemas import PersonBody, SecretBody
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.errors import ArmJson
from galeria.interfaces.arm.protocol.paging import Order, listed, page
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import OURS, SUBSCRIPTION, Route
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.throttle import TooManyTries


def list_all(subscription: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        people, link = page(arm_request, list_people(request), order=_by_sign_in_name)
    return shown(listed([_view(each) for each in people], link))


def create(subscription: str, body: PersonBody, arm_request: ArmRequestDep) -> Response:
    """Create a person or program. Answers 201; `secret` is in the answer only where it was generated, and only this once."""
    secrets = arm_request.services.secrets
    given = body.password.get_secret_value() if body.password else None
    with arm_request.writing() as request:
        if body.kind is PrincipalKind.SERVICE_PRINCIPAL:
            principal, secret = create_service_principal(request, body.display_name or body.name or "", secrets)
            given = None
        else:
            principal, secret = create_person(request, body.name or "", body.display_name or "", given, secrets)
    return ArmJson(_view(principal, None if given else secret), status_code=201)


def set_secret(subscription: str, person: str, body: SecretBody, arm_request: ArmRequestDep) -> Response:
    secrets = arm_request.services.secrets
    wanted = body.new.get_secret_value() if body.new else None
    _check_old(person, body, arm_request)
    with arm_request.writing() as request:
        principal, secret = set_password(request, person, wanted, secrets)
    return shown(_view(principal, None if wanted else secret))


def disable_person(subscription: str, person: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        return shown(_view(disable(request, person)))


def enable_person(subscription: str, person: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        return shown(_view(enable(request, person)))


def _check_old(person: str, body: SecretBody, arm_request: ArmRequestDep) -> None:
    """Raises Invalid unless the caller's own present secret is given, and Unauthenticated after too many wrong tries.

    Whoever got hold of a token must not take the account along. Of other people only they themselves know the old secret.
    """
    own = arm_request.caller.principal
    with arm_request.reading() as request:
        found = find_principal(request, person)
    if found is None or found.id != own.id:
        return
    if body.old is None:
        raise Invalid(
            Message("Your present password or secret is needed to set a new one."),
            hint=Message("Send it as 'old'. Whoever has none asks an Owner for a new one."),
            target="old",
        )
    password_sign_in: PasswordSignIn = arm_request.http.app.state.password_sign_in
    try:
        password_sign_in.sign_in(own.name, body.old.get_secret_value(), own.kind, client_address(arm_request.http))
    except TooManyTries:
        raise
    except Unauthenticated as error:
        raise Invalid(
            Message("The old password is wrong."),
            hint=Message("Type it again, or ask an Owner for a new one."),
            target="old",
        ) from error


def _by_sign_in_name(principal: Principal) -> Order:
    return (principal.name.lower(), principal.id)


def _view(principal: Principal, secret: str | None = None) -> dict[str, Any]:
    view = {
        "id": principal.id,
        "name": principal.name,
        "displayName": principal.display_name,
        "kind": principal.kind.value,
        "enabled": principal.enabled,
    }
    return view if secret is None else {**view, "secret": secret}


_PEOPLE = SUBSCRIPTION + OURS + "/people"
_PERSON = _PEOPLE + "/{person}"

ROUTES = (
    Route(name="People_List", method="GET", path=_PEOPLE, handler=list_all),
    Route(name="People_Create", method="POST", path=_PEOPLE, handler=create),
    Route(name="People_SetPassword", method="POST", path=_PERSON + "/password", handler=set_secret),
    Route(name="People_Disable", method="POST", path=_PERSON + "/disable", handler=disable_person),
    Route(name="People_Enable", method="POST", path=_PERSON + "/enable", handler=enable_person),
)

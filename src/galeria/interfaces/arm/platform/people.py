"""People and programs. Changing others takes the right to give roles."""

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
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.arm.platform.people_schemas import PersonBody, SecretBody
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.errors import ArmJson
from galeria.interfaces.arm.protocol.paging import Order, listed, page
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import OURS, SUBSCRIPTION, Route


def list_all(subscription: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        people, link = page(arm_request, list_people(request.uow, arm_request.caller), order=_by_sign_in_name)
    return shown(listed([_view(each) for each in people], link))


def create(subscription: str, body: PersonBody, arm_request: ArmRequestDep) -> Response:
    """201; `secret` is in the answer only where it was made here, and only this once."""
    services = arm_request.services
    given = body.password.get_secret_value() if body.password else None
    with arm_request.writing() as request:
        tools = (request.uow, services.secrets, services.clock, services.id_generator, arm_request.caller)
        if body.kind is PrincipalKind.SERVICE_PRINCIPAL:
            principal, secret = create_service_principal(*tools, body.display_name or body.name or "")
            given = None
        else:
            principal, secret = create_person(*tools, body.name or "", body.display_name or "", given)
    return ArmJson(_view(principal, None if given else secret), status_code=201)


def set_secret(subscription: str, person: str, body: SecretBody, arm_request: ArmRequestDep) -> Response:
    services = arm_request.services
    wanted = body.new.get_secret_value() if body.new else None
    _check_old(person, body, arm_request)
    with arm_request.writing() as request:
        principal, secret = set_password(
            request.uow, services.secrets, services.clock, services.id_generator, arm_request.caller, person, wanted
        )
    return shown(_view(principal, None if wanted else secret))


def shut_out(subscription: str, person: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        return shown(
            _view(
                disable(
                    request.uow,
                    arm_request.services.clock,
                    arm_request.services.id_generator,
                    arm_request.caller,
                    person,
                )
            )
        )


def let_in(subscription: str, person: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        return shown(
            _view(
                enable(
                    request.uow,
                    arm_request.services.clock,
                    arm_request.services.id_generator,
                    arm_request.caller,
                    person,
                )
            )
        )


def _check_old(person: str, body: SecretBody, arm_request: ArmRequestDep) -> None:
    """Only one's own old password can be known, so only that one is compared."""
    own = arm_request.caller.principal
    if body.old is None or person not in (own.id, own.name):
        return
    if not arm_request.services.secrets.matches(own.secret_hash, body.old.get_secret_value()):
        raise Invalid(
            Message("The old password is wrong."),
            hint=Message("Type it again, or ask an Owner for a new one."),
            target="old",
        )


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
    Route(name="People_Disable", method="POST", path=_PERSON + "/disable", handler=shut_out),
    Route(name="People_Enable", method="POST", path=_PERSON + "/enable", handler=let_in),
)

"""Letting somebody in at one go: the person or program, a first role, and what they sign in with."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from galeria.actions.core.request import Request
from galeria.actions.people.first_password_links import keep_password_link
from galeria.actions.people.people import create_person, create_service_principal, set_password
from galeria.actions.people.roles import give_role
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.ports.work import SecretHasher

LINK_LIFE = timedelta(days=7)


class PasswordDelivery(StrEnum):
    """How a person comes to a password: chosen by the person with a link, made here, or typed by the administrator."""

    LINK = "link"
    MADE = "made"
    TYPED = "typed"


@dataclass(frozen=True, kw_only=True)
class FirstRole:
    """`scope` is a key; no role where `role` is empty."""

    role: str = ""
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """`secret` is shown this once: of a link, a password or a client secret; empty where it was typed."""

    principal: Principal
    way: PasswordDelivery
    secret: str = field(repr=False)


def enrol_person(
    request: Request,
    secrets: SecretHasher,
    name: str,
    display_name: str,
    way: PasswordDelivery,
    password: str,
    first: FirstRole,
) -> Enrolment:
    """Raises Forbidden, Invalid, NotFound, Conflict where the name is taken."""
    uow, typed = request.uow, password if way is PasswordDelivery.TYPED else None
    tools = (uow, secrets, request.clock, request.id_generator, request.caller)
    principal, secret = create_person(*tools, name, display_name, typed)
    _give(request, principal, first)
    return _enrolled(request, principal, way, secret)


def enrol_program(request: Request, secrets: SecretHasher, display_name: str, first: FirstRole) -> Enrolment:
    """Raises Forbidden, Invalid, NotFound."""
    if not display_name:
        raise Invalid(
            Message("The program needs a name."), hint=Message("Name it after what it does."), target="display_name"
        )
    tools = (request.uow, secrets, request.clock, request.id_generator, request.caller)
    principal, secret = create_service_principal(*tools, display_name)
    _give(request, principal, first)
    return Enrolment(principal=principal, way=PasswordDelivery.MADE, secret=secret)


def renew_password(
    request: Request, secrets: SecretHasher, who: str, way: PasswordDelivery, password: str
) -> Enrolment:
    """The old one stops working, and that person is signed out everywhere. Raises Forbidden, Invalid, NotFound."""
    typed = password if way is PasswordDelivery.TYPED else None
    tools = (request.uow, secrets, request.clock, request.id_generator, request.caller)
    principal, secret = set_password(*tools, who, typed)
    if principal.kind is not PrincipalKind.USER:
        raise Invalid(
            Message("'{principal}' is a program.", principal=principal.name),
            hint=Message("Make a new client secret instead."),
            target="password",
        )
    return _enrolled(request, principal, way, secret)


def _enrolled(request: Request, principal: Principal, way: PasswordDelivery, secret: str) -> Enrolment:
    if way is PasswordDelivery.LINK:
        secret = request.id_generator.new_secret()
        keep_password_link(request.uow, request.clock, request.id_generator, principal, secret, life=LINK_LIFE)
    return Enrolment(principal=principal, way=way, secret="" if way is PasswordDelivery.TYPED else secret)


def _give(request: Request, principal: Principal, first: FirstRole) -> None:
    if first.role:
        give_role(
            request.uow, request.clock, request.id_generator, request.caller, principal.id, first.role, first.scope
        )

"""Letting somebody in at one go: the person or program, a first role, and what they sign in with."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from galeria.actions.core.request import Request
from galeria.actions.people.first_password_links import keep_welcome
from galeria.actions.people.people import create_person, create_service_principal, set_password
from galeria.actions.people.roles import give_role
from galeria.domain.errors import Invalid
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.ports.work import Secrets

LINK_LIFE = timedelta(days=7)


class PasswordWay(StrEnum):
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
class Enrolled:
    """`secret` is shown this once: of a link, a password or a client secret; empty where it was typed."""

    principal: Principal
    way: PasswordWay
    secret: str = field(repr=False)


def enrol_person(
    request: Request, secrets: Secrets, name: str, display_name: str, way: PasswordWay, password: str, first: FirstRole
) -> Enrolled:
    """Raises Forbidden, Invalid, NotFound, Conflict where the name is taken."""
    uow, typed = request.uow, password if way is PasswordWay.TYPED else None
    tools = (uow, secrets, request.clock, request.dice, request.caller)
    principal, secret = create_person(*tools, name, display_name, typed)
    _give(request, principal, first)
    return _enrolled(request, principal, way, secret)


def enrol_program(request: Request, secrets: Secrets, display_name: str, first: FirstRole) -> Enrolled:
    """Raises Forbidden, Invalid, NotFound."""
    if not display_name:
        raise Invalid("The program needs a name.", hint="Name it after what it does.", target="display_name")
    tools = (request.uow, secrets, request.clock, request.dice, request.caller)
    principal, secret = create_service_principal(*tools, display_name)
    _give(request, principal, first)
    return Enrolled(principal=principal, way=PasswordWay.MADE, secret=secret)


def renew_password(request: Request, secrets: Secrets, who: str, way: PasswordWay, password: str) -> Enrolled:
    """The old one stops working, and that person is signed out everywhere. Raises Forbidden, Invalid, NotFound."""
    typed = password if way is PasswordWay.TYPED else None
    tools = (request.uow, secrets, request.clock, request.dice, request.caller)
    principal, secret = set_password(*tools, who, typed)
    if principal.kind is not PrincipalKind.USER:
        raise Invalid(f"'{principal.name}' is a program.", hint="Make a new client secret instead.", target="password")
    return _enrolled(request, principal, way, secret)


def _enrolled(request: Request, principal: Principal, way: PasswordWay, secret: str) -> Enrolled:
    if way is PasswordWay.LINK:
        secret = request.dice.new_secret()
        keep_welcome(request.uow, request.clock, request.dice, principal, secret, life=LINK_LIFE)
    return Enrolled(principal=principal, way=way, secret="" if way is PasswordWay.TYPED else secret)


def _give(request: Request, principal: Principal, first: FirstRole) -> None:
    if first.role:
        give_role(request.uow, request.clock, request.dice, request.caller, principal.id, first.role, first.scope)

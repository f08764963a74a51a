"""Adding a person or program in one step: the principal, a first role, and the password or secret."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from galeria.actions.core.request import Request
from galeria.actions.people.first_password_links import add_password_link
from galeria.actions.people.people import create_person, create_service_principal, set_password
from galeria.actions.people.roles import give_role
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.ports.work import SecretHasher

LINK_LIFE = timedelta(days=7)


class PasswordDelivery(StrEnum):
    """How a person gets a password: chosen by the person with a link, generated here, or typed by the administrator."""

    LINK = "link"
    MADE = "made"
    TYPED = "typed"


@dataclass(frozen=True, kw_only=True)
class FirstRole:
    """The role that a new principal gets; none where `role` is empty. `scope` is a key."""

    role: str = ""
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """The result of adding a principal.

    `secret` is shown this once: of a link, a password or a client secret; empty where the administrator typed it.
    """

    principal: Principal
    way: PasswordDelivery
    secret: str = field(repr=False)


def enrol_person(
    request: Request,
    name: str,
    display_name: str,
    way: PasswordDelivery,
    password: str,
    first: FirstRole,
    secrets: SecretHasher,
) -> Enrolment:
    """Adds a person with a first role and a password.

    Raises Forbidden, Invalid, NotFound, and Conflict where the name is taken.
    """
    typed = password if way is PasswordDelivery.TYPED else None
    principal, secret = create_person(request, name, display_name, typed, secrets)
    _give(request, principal, first)
    return _enrolled(request, principal, way, secret)


def enrol_program(request: Request, display_name: str, first: FirstRole, secrets: SecretHasher) -> Enrolment:
    """Adds a service principal with a first role and a client secret. Raises Forbidden, Invalid, NotFound."""
    if not display_name:
        raise Invalid(
            Message("The program needs a name."), hint=Message("Name it after what it does."), target="display_name"
        )
    principal, secret = create_service_principal(request, display_name, secrets)
    _give(request, principal, first)
    return Enrolment(principal=principal, way=PasswordDelivery.MADE, secret=secret)


def renew_password(
    request: Request, who: str, way: PasswordDelivery, password: str, secrets: SecretHasher
) -> Enrolment:
    """Replaces a person's password and signs the person out everywhere.

    Raises Forbidden, Invalid for a program, NotFound.
    """
    typed = password if way is PasswordDelivery.TYPED else None
    principal, secret = set_password(request, who, typed, secrets)
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
        add_password_link(request, principal, secret, life=LINK_LIFE)
    return Enrolment(principal=principal, way=way, secret="" if way is PasswordDelivery.TYPED else secret)


def _give(request: Request, principal: Principal, first: FirstRole) -> None:
    if first.role:
        give_role(request, principal.id, first.role, first.scope)

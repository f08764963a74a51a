"""The page of the link in an invitation: who has no account chooses a password, and has a machine."""

from fastapi import APIRouter, Response

from galeria.actions.rosters.welcomes import Welcome, accept_welcome, find_welcome
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.web.kit.page_request import PageRequest, PublicPageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.people.browser_sign_in import signed_in_response
from galeria.interfaces.web.students.places import MY_MACHINES
from galeria.interfaces.web.students.register import REGISTER

WELCOME = "/welcome/lab/{secret}"


def lab_welcome_router() -> APIRouter:
    router = page_router()
    router.add_api_route(WELCOME, ask, methods=["GET"], name="web_lab_welcome")
    router.add_api_route(WELCOME, choose, methods=["POST"], name="web_lab_welcomed")
    return router


def ask(page: PublicPageRequestDep, secret: str) -> Response:
    """Show the form. Opening the link does not use it up, because mail programs open links too."""
    return _show(page, secret)


def choose(page: PublicPageRequestDep, secret: str) -> Response:
    welcome = _find(page, secret)
    if welcome is None or welcome.has_account:
        return _show(page, secret)
    services, form = page.services, page.form
    password = form.raw("new")
    with form.checking("new", "again", password="new"):
        if password != form.raw("again"):
            raise Invalid(Message("The two passwords differ."), hint=Message("Type the new one twice."), target="again")
        person = services.requests.anonymous_in_turn(
            lambda request: accept_welcome(
                request, secret, password, form.text("display_name"), client_address(page.http), services.secrets
            )
        )
        notice = page.gettext("Welcome. You have a machine in “%(lab)s”, and sign in with this password from now on.")
        return signed_in_response(page, person, MY_MACHINES, notice=notice % {"lab": welcome.lab.title})
    return _show(page, secret, status=400)


def _show(page: PageRequest, secret: str, *, status: int = 200) -> Response:
    welcome = _find(page, secret)
    register = f"{REGISTER}/{welcome.lab.registration_code}" if welcome else ""
    return page.show(
        "lab_welcome.html", status=status if welcome else 404, welcome=welcome, register=register, form=page.form
    )


def _find(page: PageRequest, secret: str) -> Welcome | None:
    with page.services.requests.anonymous_reading() as request:
        return find_welcome(request, secret)

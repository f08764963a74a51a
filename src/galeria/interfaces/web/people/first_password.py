"""The page of a first-password link: it asks for a password, and signs the person in."""

from fastapi import APIRouter, Response

from galeria.actions.people.first_password_links import choose_first_password, find_by_password_link
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.web.kit.page_request import PageRequest, PublicPageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.people.browser_sign_in import signed_in_response
from galeria.interfaces.web.people.sign_in import HOME


def welcome_router() -> APIRouter:
    router = page_router()
    router.add_api_route("/welcome/{secret}", ask, methods=["GET"], name="web_welcome")
    router.add_api_route("/welcome/{secret}", choose, methods=["POST"], name="web_welcomed")
    return router


def ask(page: PublicPageRequestDep, secret: str) -> Response:
    """Show the form. Opening the link does not use it up, because chat programs and scanners open links too."""
    return _show(page, secret)


def choose(page: PublicPageRequestDep, secret: str) -> Response:
    if _find(page, secret) is None:
        return _show(page, secret)
    services, password = page.services, page.form.raw("new")
    with page.form.checking("new", "again", password="new"):
        if password != page.form.raw("again"):
            raise Invalid(Message("The two passwords differ."), hint=Message("Type the new one twice."), target="again")
        with services.requests.anonymous_writing() as request:
            person = choose_first_password(
                request, secret, password, services.secrets, address=client_address(page.http)
            )
        return signed_in_response(
            page, person, HOME, notice=page.gettext("Welcome. From now on you sign in with this password.")
        )
    return _show(page, secret, status=400)


def _show(page: PageRequest, secret: str, *, status: int = 200) -> Response:
    person = _find(page, secret)
    return page.show("welcome.html", status=status if person else 404, welcomed=person, form=page.form)


def _find(page: PageRequest, secret: str) -> Principal | None:
    with page.services.requests.anonymous_reading() as request:
        return find_by_password_link(request, secret)

"""Sign in with a name and a password, and sign out."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Response

from galeria.actions.people.web_sessions import close_web_session
from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import PrincipalKind
from galeria.interfaces.http.known_browsers import keep_mark, read_mark
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.throttle import TooManyTries
from galeria.interfaces.web.kit.catalogues import LANGUAGES
from galeria.interfaces.web.kit.language import LANGUAGE_COOKIE
from galeria.interfaces.web.kit.page_request import PageRequest, PublicPageRequestDep
from galeria.interfaces.web.kit.routes import SIGN_IN, page_router
from galeria.interfaces.web.people.browser_sign_in import signed_in_response

HOME = "/labs"
_YEAR = 365 * 86400  # seconds


@dataclass(frozen=True, kw_only=True)
class SignInPages:
    password_sign_in: PasswordSignIn

    def router(self) -> APIRouter:
        router = page_router()
        router.add_api_route(SIGN_IN, self.ask, methods=["GET"], name="web_sign_in")
        router.add_api_route(SIGN_IN, self.sign_in, methods=["POST"], name="web_signed_in")
        router.add_api_route("/sign-out", sign_out, methods=["POST"], name="web_sign_out")
        router.add_api_route("/language", choose_language, methods=["POST"], name="web_language")
        return router

    def ask(self, page: PublicPageRequestDep) -> Response:
        if page.visit.visitor is not None:
            return page.go(local_path(page.query("next")))
        return show_sign_in(page, local_path(page.query("next")))

    def sign_in(self, page: PublicPageRequestDep) -> Response:
        name, password = page.form.text("name"), page.form.raw("password")
        target = local_path(page.form.text("next"))
        address = client_address(page.http)
        try:
            mark = read_mark(page.http, page.services.endpoint)
            person = self.password_sign_in.sign_in(name, password, PrincipalKind.USER, address, mark=mark)
        except TooManyTries as error:
            words = page.gettext("There were too many wrong tries. Try again in %(seconds)s seconds.")
            return show_sign_in(page, target, words % {"seconds": error.seconds}, status=429)
        except Unauthenticated:
            problem = page.gettext("The user name or the password is wrong.")
            return show_sign_in(page, target, problem, status=401)
        answer = signed_in_response(page, person, target)
        keep_mark(answer, page.services.endpoint, self.password_sign_in.new_mark(person))
        return answer


def sign_out(page: PublicPageRequestDep) -> Response:
    target = SIGN_IN
    if page.visit.visitor is not None:
        if page.visit.visitor.session.issuer:
            target = f"{SIGN_IN}?left=1"
        with page.services.requests.anonymous_writing() as request:
            close_web_session(request, page.visit.visitor.session.id)
    answer = page.go(target, notice=page.gettext("You are signed out."))
    page.cookies.forget(answer, page.cookies.session)
    return answer


def choose_language(page: PublicPageRequestDep) -> Response:
    answer = page.go(local_path(page.form.text("next")))
    language = page.form.text("language")
    if language in LANGUAGES:
        page.cookies.keep(answer, LANGUAGE_COOKIE, language, seconds=_YEAR)
    return answer


def local_path(text: str) -> str:
    """Return the path where it leads to our own pages; the start page for any other."""
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that begins no address of IPv6
        return HOME
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return text if is_ours and "\\" not in text and text.isprintable() else HOME


def show_sign_in(page: PageRequest, target: str, problem: str = "", *, status: int = 200) -> Response:
    """Show the sign-in page; `problem` is a sentence in the page's language."""
    provider = page.services.provider
    return page.show(
        "sign_in.html",
        status=status,
        next=target,
        form=page.form,
        problem=problem,
        provider=provider.name if provider else "",
        left=bool(provider and page.query("left")),
    )

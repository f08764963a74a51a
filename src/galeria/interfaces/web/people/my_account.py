"""The page of one's own account: password, sessions, language, roles."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from galeria.actions.classes.calendar import has_calendar_address
from galeria.actions.people.scopes import name_scope
from galeria.actions.people.web_sessions import (
    change_own_password,
    end_other_sessions,
    end_web_session,
    list_web_sessions,
)
from galeria.domain.errors import Invalid, Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.roles import role_title
from galeria.interfaces.http.known_browsers import keep_mark, read_mark
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.throttle import TooManyTries
from galeria.interfaces.web.kit.language import NAMES
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import SIGN_IN, page_router
from galeria.interfaces.web.people.browser_sign_in import browser_of, with_session
from galeria.interfaces.web.people.browsers import browser_name

ME = "/me"
MOST_ROLES = 50  # that are shown


@dataclass(frozen=True, kw_only=True)
class MyPages:
    password_sign_in: PasswordSignIn

    def router(self) -> APIRouter:
        router = page_router()
        router.add_api_route(ME, show_me, methods=["GET"], name="web_me")
        router.add_api_route(f"{ME}/password", self.change_password, methods=["POST"], name="web_my_password")
        router.add_api_route(f"{ME}/sessions/end", end_others, methods=["POST"], name="web_my_other_sessions")
        router.add_api_route(f"{ME}/sessions/{{id}}/end", end_one, methods=["POST"], name="web_my_session")
        return router

    def change_password(self, page: PageRequestDep) -> Response:
        form, new = page.form, page.form.raw("new")
        with form.checking("current", "new", "again", password="new"):
            self._check_current(page)
            if new != form.raw("again"):
                raise Invalid(
                    Message("The two passwords differ."), hint=Message("Type the new one twice."), target="again"
                )
            with page.writing() as request:
                secret = change_own_password(
                    request,
                    new,
                    page.services.secrets,
                    address=client_address(page.http),
                    browser=browser_of(page),
                )
            notice = page.gettext("Your password is changed. All other browsers are signed out.")
            answer = with_session(page, page.go(ME, notice=notice), secret)
            keep_mark(answer, page.services.endpoint, self.password_sign_in.new_mark(page.caller.principal))
            return answer
        blocked = any(isinstance(each, TooManyTries) for each in form.errors.values())
        return _show(page, status=429 if blocked else 400)

    def _check_current(self, page: PageRequestDep) -> None:
        """Check the current password, so that nobody takes over an account in an open browser. Raises Invalid, TooManyTries."""
        own = page.caller.principal
        try:
            mark, address = read_mark(page.http, page.services.endpoint), client_address(page.http)
            self.password_sign_in.sign_in(own.name, page.form.raw("current"), own.kind, address, mark=mark)
        except TooManyTries:
            raise
        except Unauthenticated as error:
            raise Invalid(
                Message("This is not your current password."),
                hint=Message("Type it again, or ask an administrator for a new one."),
                target="current",
            ) from error


def show_me(page: PageRequestDep) -> Response:
    return _show(page)


def end_one(page: PageRequestDep, id: str) -> Response:
    with page.writing() as request:
        end_web_session(request, id)
    if page.visit.visitor and page.visit.visitor.session.id == id:
        answer = page.go(SIGN_IN, notice=page.gettext("You are signed out."))
        page.cookies.forget(answer, page.cookies.session)
        return answer
    return page.go(ME, notice=page.gettext("That browser is signed out."))


def end_others(page: PageRequestDep) -> Response:
    with page.writing() as request:
        end_other_sessions(request, but=_own_session(page))
    return page.go(ME, notice=page.gettext("All other browsers are signed out."))


def _show(page: PageRequest, *, status: int = 200) -> Response:
    with page.reading() as request:
        sessions = list_web_sessions(request)
        given = page.caller.assignments
        roles = [(role_title(each.role), name_scope(request, each.scope)) for each in given[:MOST_ROLES]]
        own = request.uow.people.get(page.caller.principal.id)
        has_calendar = has_calendar_address(request)
    return page.show(
        "me.html",
        status=status,
        form=page.form,
        has_password=bool(own.secret_hash),
        has_calendar=has_calendar,
        sessions=sessions,
        own_session=_own_session(page),
        browser_name=browser_name,
        roles=roles,
        more_roles=len(given) - len(roles),
        languages=NAMES,
        now=page.services.clock.now(),
    )


def _own_session(page: PageRequest) -> str:
    return page.visit.visitor.session.id if page.visit.visitor else ""

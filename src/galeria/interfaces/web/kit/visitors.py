"""Visitors of pages: the cookie of the session, and the token that proves that a form came from our own page."""

import hmac
from dataclasses import dataclass, field

from anyio import to_thread
from fastapi import Response
from starlette.requests import HTTPConnection

from galeria.actions.core.caller import Caller
from galeria.actions.people.web_sessions import find_web_session, is_use_outdated, record_use
from galeria.domain.errors import Forbidden
from galeria.domain.messages import Message
from galeria.domain.people.web_sessions import LIFE, WebSession, form_token
from galeria.interfaces.http.origins import client_address, is_own_origin
from galeria.interfaces.http.request_ids import correlation_id_of
from galeria.interfaces.services import Services

FORM_FIELD = "csrf"
FORM_REFUSED = "FormRefused"
FORM_HEADER = "x-csrf-token"
_DAY = 86400  # seconds


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A visitor who is signed in."""

    caller: Caller
    session: WebSession


@dataclass(frozen=True, kw_only=True)
class Cookies:
    """The names of the cookies. Browsers accept the prefix `__Host-` only over TLS and from this host."""

    is_secure: bool

    @property
    def session(self) -> str:
        return "__Host-galeria" if self.is_secure else "galeria"

    @property
    def form(self) -> str:
        """The cookie before sign-in, from which the token of the sign-in form is derived."""
        return "__Host-galeria-form" if self.is_secure else "galeria-form"

    @property
    def external(self) -> str:
        """The cookie of an attempt to sign in with an external provider."""
        return "__Host-galeria-external" if self.is_secure else "galeria-external"

    def keep(
        self, answer: Response, name: str, value: str, *, seconds: int | None = None, script: bool = False
    ) -> None:
        """Set a cookie. With `script` the pages' scripts may read it. Without `seconds` it ends with the browser."""
        answer.set_cookie(
            name, value, max_age=seconds, path="/", secure=self.is_secure, httponly=not script, samesite="lax"
        )

    def keep_session(self, answer: Response, secret: str) -> None:
        self.keep(answer, self.session, secret, seconds=int(LIFE.total_seconds()))

    def forget(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path="/", secure=self.is_secure, httponly=True, samesite="lax")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The result of reading a request's cookies.

    Form tokens are derived from `secret`; `fresh` means that it was made just now.
    """

    visitor: Visitor | None
    secret: str = field(repr=False)
    fresh: bool = False

    @property
    def form_token(self) -> str:
        return form_token(self.secret)


def cookies_of(services: Services) -> Cookies:
    return Cookies(is_secure=services.endpoint.startswith("https:"))


async def read_visit(services: Services, http: HTTPConnection) -> Visit:
    """Of a page's request or a console's WebSocket."""
    return await to_thread.run_sync(find_visit, services, http)


def require_own_form(services: Services, http: HTTPConnection, visit: Visit, sent: str) -> None:
    """Raise Forbidden unless the form came from one of our own pages in this session."""
    if "origin" in http.headers and not is_own_origin(http, services.endpoint):
        raise _not_ours()
    if visit.fresh or not hmac.compare_digest(sent.encode(), visit.form_token.encode()):
        raise _not_ours()


def find_visit(services: Services, http: HTTPConnection) -> Visit:
    """The same for a thread."""
    cookies = cookies_of(services)
    secret = http.cookies.get(cookies.session, "")
    if secret:
        with services.requests.anonymous_reading() as request:
            found = find_web_session(request, secret)
            if found:
                session, principal = found
                caller = Caller(
                    principal=principal,
                    assignments=request.uow.people.assignments(principal.id),
                    correlation_id=correlation_id_of(http.headers, services.id_generator),
                    address=client_address(http),
                    locks=tuple(request.uow.locks.all()),
                )
                is_outdated = is_use_outdated(request, session)
        if found:
            if is_outdated:
                _record_use(services, session)
            return Visit(visitor=Visitor(caller=caller, session=session), secret=secret)
    kept = http.cookies.get(cookies.form, "")
    return Visit(visitor=None, secret=kept or services.id_generator.new_secret(), fresh=not kept)


def _record_use(services: Services, session: WebSession) -> None:
    with services.requests.anonymous_writing() as request:
        record_use(request, session.id)


def _not_ours() -> Forbidden:
    return Forbidden(
        Message("This form is too old, or it did not come from a page of Galeria."),
        hint=Message("Open the page again and repeat what you did; nothing was changed."),
        code=FORM_REFUSED,
    )

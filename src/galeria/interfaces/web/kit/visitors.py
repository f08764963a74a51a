"""Who looks at a page: the cookie of a session, and the token that shows that a form was ours."""

import hmac
from dataclasses import dataclass, field

from anyio import to_thread
from fastapi import Response
from starlette.requests import HTTPConnection

from galeria.actions.core.caller import Caller
from galeria.actions.people.web_sessions import find_web_session, is_to_be_seen, note_use
from galeria.domain.errors import Forbidden
from galeria.domain.messages import Message
from galeria.domain.people.web_sessions import LIFE, WebSession, form_token
from galeria.interfaces.services import Services

FORM_FIELD = "csrf"
FORM_HEADER = "x-csrf-token"
_DAY = 86400  # seconds


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who is signed in."""

    caller: Caller
    session: WebSession


@dataclass(frozen=True, kw_only=True)
class Cookies:
    """The names of our cookies. With the prefix `__Host-` a browser takes them only over TLS and only from this host."""

    is_secure: bool

    @property
    def session(self) -> str:
        return "__Host-galeria" if self.is_secure else "galeria"

    @property
    def form(self) -> str:
        """Before anybody has signed in: what the sign-in form's token is derived from."""
        return "__Host-galeria-form" if self.is_secure else "galeria-form"

    @property
    def external(self) -> str:
        """While somebody is away to sign in with another provider: what that attempt is derived from."""
        return "__Host-galeria-external" if self.is_secure else "galeria-external"

    def keep(
        self, answer: Response, name: str, value: str, *, seconds: int | None = None, script: bool = False
    ) -> None:
        """`script`: pages' scripts may read it. Without `seconds` it goes when the browser is closed."""
        answer.set_cookie(
            name, value, max_age=seconds, path="/", secure=self.is_secure, httponly=not script, samesite="lax"
        )

    def keep_session(self, answer: Response, secret: str) -> None:
        self.keep(answer, self.session, secret, seconds=int(LIFE.total_seconds()))

    def forget(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path="/", secure=self.is_secure, httponly=True, samesite="lax")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What a request's cookies say. `secret` is what forms' tokens are derived from; `fresh`, that it was made just now."""

    visitor: Visitor | None
    secret: str = field(repr=False)
    fresh: bool = False

    @property
    def form_token(self) -> str:
        return form_token(self.secret)


def cookies_of(services: Services) -> Cookies:
    return Cookies(is_secure=services.endpoint.startswith("https:"))


async def read_entry(services: Services, http: HTTPConnection) -> Visit:
    """Of a page's request or a console's WebSocket."""
    return await to_thread.run_sync(find_entry, services, http)


def require_own_form(services: Services, http: HTTPConnection, entry: Visit, sent: str) -> None:
    """Raises Forbidden unless the form came from one of our own pages, in this session."""
    origin = http.headers.get("origin")
    own = {services.endpoint.lower(), f"{http.url.scheme}://{http.headers.get('host', '')}".lower()}
    if origin is not None and origin.lower() not in own:
        raise _not_ours()
    if entry.fresh or not hmac.compare_digest(sent.encode(), entry.form_token.encode()):
        raise _not_ours()


def find_entry(services: Services, http: HTTPConnection) -> Visit:
    """The same for a thread."""
    cookies = cookies_of(services)
    secret = http.cookies.get(cookies.session, "")
    if secret:
        with services.database(reading=True) as uow:
            found = find_web_session(uow, services.clock, secret)
            if found:
                session, principal = found
                caller = Caller(
                    principal=principal,
                    assignments=uow.people.assignments(principal.id),
                    correlation_id=_correlation_id(services, http),
                    locks=tuple(uow.locks.all()),
                )
        if found:
            _note(services, session)
            return Visit(visitor=Visitor(caller=caller, session=session), secret=secret)
    kept = http.cookies.get(cookies.form, "")
    return Visit(visitor=None, secret=kept or services.id_generator.new_secret(), fresh=not kept)


def _note(services: Services, session: WebSession) -> None:
    if is_to_be_seen(session, services.clock):
        with services.database() as uow:
            note_use(uow, services.clock, session.id)
            uow.commit()


def _correlation_id(services: Services, http: HTTPConnection) -> str:
    return http.headers.get("x-ms-correlation-request-id") or services.id_generator.new_guid()


def _not_ours() -> Forbidden:
    return Forbidden(
        Message("This form is too old, or it did not come from a page of Galeria."),
        hint=Message("Open the page again and repeat what you did; nothing was changed."),
        code="FormRefused",
    )

"""The request that every handler of a page receives: the visitor, the services, the form, and ways to answer."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated, Any

from fastapi import Depends
from fastapi import Request as HttpRequest
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from galeria.actions.core.activity import READ as READ_LOG
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.actions.versions.replication_size import ReplicationBytes, ReplicationSources, copy_bytes
from galeria.domain.errors import GaleriaError
from galeria.domain.foreign_text import foreign_json
from galeria.domain.ids import ResourceId
from galeria.domain.operations import Operation
from galeria.domain.people.principals import reach, require
from galeria.interfaces.http.origins import is_own_origin
from galeria.interfaces.services import Services
from galeria.interfaces.web.kit.formats import Formats
from galeria.interfaces.web.kit.forms import Form, read_form
from galeria.interfaces.web.kit.language import read_language, read_zone
from galeria.interfaces.web.kit.permits import is_administrator
from galeria.interfaces.web.kit.rendering import Rendering
from galeria.interfaces.web.kit.slow_figures import FigureNotReady, SlowFigures
from galeria.interfaces.web.kit.urls import redirect_of_script
from galeria.interfaces.web.kit.visitors import FORM_HEADER, Cookies, Visit, cookies_of, read_visit, require_own_form

NOTICE_COOKIE = "notice"
FORM_TOKEN_HEADER, PERSON_HEADER = "X-Form-Token", "X-Person"
FORM_PATIENCE = 20.0  # seconds that a form waits for figures, which its page has usually computed before
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SignInNeeded(Exception):
    """Nobody is signed in. It leads to the sign-in page, and is no fault."""


@dataclass(kw_only=True)
class PageRequest:
    """One request for a page, or of a form on it."""

    services: Services
    rendering: Rendering
    slow_figures: SlowFigures
    http: HttpRequest
    visit: Visit
    form: Form
    language: str
    zone: tzinfo

    @property
    def caller(self) -> Caller:
        if self.visit.visitor is None:
            raise SignInNeeded
        return self.visit.visitor.caller

    @property
    def cookies(self) -> Cookies:
        return cookies_of(self.services)

    @property
    def formats(self) -> Formats:
        return self.rendering.formats(self.language, self.zone)

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.services.subscription_id}"

    def query(self, name: str) -> str:
        return self.http.query_params.get(name, "")

    def id(self, group: str) -> ResourceId:
        """Return the id of a resource group of this installation."""
        return ResourceId(self.services.subscription_id, group)

    def require(self, action: str, scope: str) -> None:
        """Raise Forbidden or NotFound unless the person may do this, before a form is read.

        Otherwise whoever may not would learn what is wrong with the form first. The action itself asks again, with locks.
        """
        with self.reading() as request:  # which keeps refusals in the log
            require(request.caller.principal, request.caller.assignments, action, scope.lower())

    @contextmanager
    def reading(self) -> Iterator[Request]:
        with self.services.requests.reading(self.caller) as request:
            yield request

    @contextmanager
    def writing(self) -> Iterator[Request]:
        """Open a transaction that is committed at the end of the block."""
        with self.services.requests.writing(self.caller) as request:
            yield request

    def start(self, *operations: Operation | None) -> None:
        """Hand operations to the workers, after the commit."""
        for operation in operations:
            if operation is not None:
                self.services.starter.start(operation.id)

    def copy_bytes(self, copies: ReplicationSources) -> ReplicationBytes:
        """Return the bytes that the copies need. A GET waits only a moment for them, and then raises FigureNotReady."""

        def ask() -> ReplicationBytes:
            return copy_bytes(copies, self.services.stores)

        found = self.slow_figures.find(copies, ask, patience=0 if self.http.method == "GET" else FORM_PATIENCE)
        if found is None:
            raise FigureNotReady
        return found

    def gettext(self, text: str) -> str:
        return self.rendering.catalogue(self.language).gettext(text)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.rendering.catalogue(self.language).ngettext(singular, plural, count)

    def say(self, said: object) -> str:
        """A message, an error, a state or a kind in the page's language."""
        return self.rendering.say(self.language, said)

    def error_text(self, error: GaleriaError) -> str:
        return self.say(error)

    def part(self, template: str, **values: Any) -> str:
        """Render a part of a page as text."""
        return self.rendering.render(self.language, template, self._values() | values)

    def show(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a whole page, or the part that a script requested.

        With a value `style_nonce`, made for one answer, the page's own scripts may add styles that name it, and attributes.
        """
        headers = _SECURITY | _with_styles(values["style_nonce"]) if "style_nonce" in values else _SECURITY
        answer = HTMLResponse(self.part(template, **values), status_code=status, headers=headers)
        if self.visit.fresh:
            self.cookies.keep(answer, self.cookies.form, self.visit.secret)
        if NOTICE_COOKIE in self.http.cookies:
            self.cookies.forget(answer, NOTICE_COOKIE)
        return answer

    def go(self, place: str, *, notice: str = "") -> Response:
        """Redirect after a form was processed. `notice` is a sentence in the page's language, shown there once."""
        answer = RedirectResponse(place, status_code=303, headers=_SECURITY)
        if self.http.headers.get("hx-request"):
            answer = RedirectResponse(place, status_code=204, headers=_SECURITY | redirect_of_script(place))
        if notice:
            text = base64.urlsafe_b64encode(json.dumps(notice).encode()).decode()
            self.cookies.keep(answer, NOTICE_COOKIE, text, seconds=60)
        return answer

    def fresh_proof(self) -> dict[str, str]:
        """Return what an open form of this visitor needs to be sent again, for the script of our own page only.

        A form outlives its session where somebody signed in again. The page compares whose session it is now.
        """
        if "origin" in self.http.headers and not is_own_origin(self.http, self.services.endpoint):
            return {}
        return {FORM_TOKEN_HEADER: self.visit.form_token, PERSON_HEADER: self._person_id()}

    def _person_id(self) -> str:
        return self.visit.visitor.caller.principal.id if self.visit.visitor else ""

    def _values(self) -> dict[str, Any]:
        visitor = self.visit.visitor
        return {
            "page": self,
            "fmt": self.formats,
            "language": self.language,
            "csrf": self.visit.form_token,
            "person": visitor.caller.principal if visitor else None,
            "may": visitor.caller.may if visitor else _nothing,
            "reads_log": visitor is not None and bool(reach(visitor.caller.assignments, READ_LOG)),
            "is_admin": visitor is not None and is_administrator(visitor.caller, self.subscription),
            "notice": _notice(self.http.cookies.get(NOTICE_COOKIE, "")),
            "path": self.http.url.path,
        }


def _nothing(action: str, scope: str) -> bool:
    return False


def _with_styles(nonce: str) -> dict[str, str]:
    name = "Content-Security-Policy"
    added = f"style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'"
    return {name: _SECURITY[name].replace("style-src 'self'", added)}


def _notice(cookie: str) -> str:
    """Return the notice from a cookie. A forged one is shown as text at most."""
    try:
        text = foreign_json(base64.urlsafe_b64decode(cookie.encode()))
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""


async def read_page(http: HttpRequest) -> PageRequest:
    """Return the request. Raises Forbidden for a form of another site, and TooManyRequests."""
    services: Services = http.app.state.services
    visit = await read_visit(services, http)
    page = PageRequest(
        services=services,
        rendering=http.app.state.rendering,
        slow_figures=http.app.state.slow_figures,
        http=http,
        visit=visit,
        form=Form.empty(),
        language=read_language(http),
        zone=read_zone(http),
    )
    http.state.page = page  # for the pages of errors
    if visit.visitor:
        services.request_limits.admit(http.scope, visit.visitor.caller.principal.id)
    if http.method not in ("GET", "HEAD"):
        page.form = await read_form(http, takes_file=visit.visitor is not None and _takes_file(http))
        require_own_form(services, http, visit, http.headers.get(FORM_HEADER) or page.form.csrf)
    return page


def _takes_file(http: HttpRequest) -> bool:
    """Return whether the route's form has a file in it; its name says so."""
    return str(getattr(http.scope.get("route"), "name", "")).endswith("_file")


async def _signed_in(page: "PublicPageRequestDep") -> PageRequest:
    if page.visit.visitor is None:
        raise SignInNeeded
    return page


PublicPageRequestDep = Annotated[PageRequest, Depends(read_page)]
"""A page that strangers may see."""

PageRequestDep = Annotated[PageRequest, Depends(_signed_in)]
"""The request of a page that needs sign-in."""

"""Routes of pages: errors become pages, and visitors who are not signed in are redirected to the sign-in page."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from galeria.domain.errors import GaleriaError, Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.arm.protocol.errors import retry_headers, status_of
from galeria.interfaces.http.logged_paths import logged_path
from galeria.interfaces.web.kit.deleted import find_deletion
from galeria.interfaces.web.kit.page_request import PageRequest, SignInNeeded
from galeria.interfaces.web.kit.slow_figures import FigureNotReady
from galeria.interfaces.web.kit.urls import redirect_of_script
from galeria.interfaces.web.kit.visitors import FORM_REFUSED

log = logging.getLogger(__name__)

SIGN_IN = "/sign-in"


class PageRoute(APIRoute):
    """A route that shows errors as pages. A script's request for a part gets the sentence only."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except SignInNeeded:
                return _to_sign_in(request)
            except FigureNotReady:
                return _show_waiting(request)
            except GaleriaError as error:
                return show_error(request.state.page, error)

        return handle


def page_router() -> APIRouter:
    """Return a router for the pages of one area. Name each route `web_…`."""
    return APIRouter(route_class=PageRoute, include_in_schema=False, redirect_slashes=False)


def show_error(page: PageRequest, error: GaleriaError) -> Response:
    status = status_of(error)
    if status >= 500:
        log.warning("%s %s: %s", page.http.method, logged_path(page.http), error)
    is_script = page.http.headers.get("hx-request")
    deletion = None if is_script else find_deletion(page, error)
    if deletion:
        return page.show("deleted.html", status=404, deletion=deletion)
    shown = page.show("parts/error.html" if is_script else "error.html", status=status, error=error, status_code=status)
    shown.headers.update(retry_headers(error))
    if is_script and error.code == FORM_REFUSED:
        shown.headers.update(page.fresh_proof())
    return shown


def _show_waiting(request: Request) -> Response:
    """Return a page that requests itself again: the answer is then that nothing is new, or the figures."""
    page: PageRequest = request.state.page
    if request.method == "GET":
        is_asking_again = request.headers.get("hx-request")
        return Response(status_code=204) if is_asking_again else page.show("slow_figures.html", address=_place(request))
    return show_error(
        page,
        Unavailable(
            Message("The store is still looking up what this takes."),
            hint=Message("Wait a moment, then open the page again and go on there."),
        ),
    )


def _place(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _to_sign_in(request: Request) -> Response:
    """Redirect to the sign-in page, and afterwards back to the same page where it was one."""
    place = _place(request)
    target = f"{SIGN_IN}?{urlencode({'next': place})}" if request.method == "GET" and place != "/" else SIGN_IN
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers=redirect_of_script(target))
    return RedirectResponse(target, status_code=303)

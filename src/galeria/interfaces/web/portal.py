"""All pages of the portal."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.websockets import WebSocket

from galeria.actions.core.caller import Caller
from galeria.domain.errors import GaleriaError, NotFound
from galeria.domain.messages import Message
from galeria.interfaces.console.routes import console_router
from galeria.interfaces.console.terminal_routes import TerminalRoutes
from galeria.interfaces.http.logged_paths import logged_path
from galeria.interfaces.http.path_case import is_arm
from galeria.interfaces.http.request_ids import RequestIdentity
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.services import Services
from galeria.interfaces.web.accounts.account_gallery import account_gallery_router
from galeria.interfaces.web.accounts.account_images import account_images_router
from galeria.interfaces.web.accounts.account_policies import account_policies_router
from galeria.interfaces.web.accounts.accounts import accounts_router
from galeria.interfaces.web.accounts.costs import costs_router
from galeria.interfaces.web.accounts.images import images_router
from galeria.interfaces.web.activity.activity_log import activity_router
from galeria.interfaces.web.activity.operations import operations_router
from galeria.interfaces.web.classes.report import report_router
from galeria.interfaces.web.classes.results import results_router
from galeria.interfaces.web.classes.settings import settings_router
from galeria.interfaces.web.classes.speaking import speaking_router
from galeria.interfaces.web.classes.user_hours import user_hours_router
from galeria.interfaces.web.galleries.galleries import galleries_router
from galeria.interfaces.web.galleries.gallery_images import gallery_images_router
from galeria.interfaces.web.galleries.gallery_versions import gallery_versions_router
from galeria.interfaces.web.galleries.version_regions import version_regions_router
from galeria.interfaces.web.imports.imports import ImportPages
from galeria.interfaces.web.imports.upload_routes import uploads_router
from galeria.interfaces.web.kit.assets import StaticFiles
from galeria.interfaces.web.kit.page_request import PublicPageRequestDep, read_page
from galeria.interfaces.web.kit.rendering import Rendering
from galeria.interfaces.web.kit.routes import page_router, show_error
from galeria.interfaces.web.kit.slow_figures import PATIENCE, SlowFigures
from galeria.interfaces.web.kit.visitors import find_visit
from galeria.interfaces.web.labs.lab_class import class_router
from galeria.interfaces.web.labs.lab_connect import connect_router
from galeria.interfaces.web.labs.lab_export import export_router
from galeria.interfaces.web.labs.lab_kept_work import kept_work_router
from galeria.interfaces.web.labs.lab_new import new_lab_router
from galeria.interfaces.web.labs.lab_people import people_of_lab_router
from galeria.interfaces.web.labs.lab_people_add import add_people_router
from galeria.interfaces.web.labs.lab_schedule import schedule_router
from galeria.interfaces.web.labs.lab_terminal import terminal_router
from galeria.interfaces.web.labs.labs import labs_router
from galeria.interfaces.web.people.external_sign_in import external_router
from galeria.interfaces.web.people.first_password import welcome_router
from galeria.interfaces.web.people.my_account import MyPages
from galeria.interfaces.web.people.my_calendar import calendar_router
from galeria.interfaces.web.people.people import people_router
from galeria.interfaces.web.people.person import person_router
from galeria.interfaces.web.people.sign_in import HOME, SignInPages
from galeria.interfaces.web.students.machine_news import machine_news_router
from galeria.interfaces.web.students.my_machine_connect import my_machine_router
from galeria.interfaces.web.students.my_machines import my_machines_router
from galeria.interfaces.web.students.register import register_router
from galeria.interfaces.web.students.welcome import lab_welcome_router

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Portal:
    """The routes of the pages, and what they need on the application."""

    rendering: Rendering
    slow_figures: SlowFigures
    routes: list[BaseRoute]

    def install(self, app: FastAPI) -> None:
        """Add the pages to the application.

        People get pages also for unknown addresses and bugs; programs get the same answers as before.
        """
        app.state.rendering = self.rendering
        app.state.slow_figures = self.slow_figures
        app.router.routes.extend(self.routes)
        for kind, tell in ((HTTPException, _not_found), (Exception, _fault)):
            app.add_exception_handler(kind, _with_page(tell, app.exception_handlers[kind]))


def make_portal(services: Services, password_sign_in: PasswordSignIn, *, patience: float = PATIENCE) -> Portal:
    """Return the portal. `patience` is how many seconds a page waits for figures from stores.

    Raises Unavailable where files of other projects are missing.
    """
    static = _static_files()
    routers = (
        static.router(),
        SignInPages(password_sign_in=password_sign_in).router(),
        MyPages(password_sign_in=password_sign_in).router(),
        *((external_router(),) if services.provider else ()),
        *_page_routers(),
        uploads_router(services),
        console_router(services, _console_caller(services)),
        TerminalRoutes(services=services, who=_console_caller(services)).router(),
        ImportPages(services).router(),
    )
    return Portal(
        rendering=Rendering(static, services.settings),
        slow_figures=SlowFigures(patience=patience),
        routes=[route for router in routers for route in router.routes],
    )


@cache
def _static_files() -> StaticFiles:
    """Return the package's own files, read and compressed once in a process."""
    return StaticFiles()


@cache
def _page_routers() -> tuple[APIRouter, ...]:
    """Return the routes that do not depend on one application, so that those of one process, such as in tests, share them."""
    return (
        _home_router(),
        welcome_router(),
        calendar_router(),
        people_router(),
        person_router(),
        new_lab_router(),
        labs_router(),
        export_router(),
        connect_router(),
        terminal_router(),
        schedule_router(),
        class_router(),
        kept_work_router(),
        report_router(),
        user_hours_router(),
        settings_router(),
        results_router(),
        speaking_router(),
        people_of_lab_router(),
        add_people_router(),
        my_machines_router(),
        my_machine_router(),
        machine_news_router(),
        register_router(),
        lab_welcome_router(),
        accounts_router(),
        account_gallery_router(),
        account_images_router(),
        account_policies_router(),
        images_router(),
        costs_router(),
        activity_router(),
        operations_router(),
        galleries_router(),
        gallery_images_router(),
        gallery_versions_router(),
        version_regions_router(),
    )


def _console_caller(services: Services) -> Callable[[WebSocket], Caller | None]:
    """Return a function for the caller of a console: the person of the browser's cookie."""

    def who(websocket: WebSocket) -> Caller | None:
        visitor = find_visit(services, websocket).visitor
        return visitor.caller if visitor else None

    return who


def _home_router() -> APIRouter:
    router = page_router()
    router.add_api_route("/", home, methods=["GET"], name="web_home")
    return router


def home(page: PublicPageRequestDep) -> Response:
    return page.go(HOME)


def _with_page(tell: Callable[[Request, Exception], GaleriaError], others: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        accepts = request.headers.get("accept", "")
        if request.method == "GET" and "text/html" in accepts and not is_arm(request.url.path):
            return show_error(await read_page(request), tell(request, error))
        answered = others(request, error)
        return answered if isinstance(answered, Response) else await answered

    return answer


def _not_found(request: Request, error: Exception) -> GaleriaError:
    return NotFound(Message("There is no such page."), hint=Message("Look for what you need from the start page."))


def _fault(request: Request, error: Exception) -> GaleriaError:
    """Return the error of a bug. Starlette raises it again, so that the server logs it with this note."""
    identity = RequestIdentity.of(request.scope)
    error.add_note(f"{request.method} {logged_path(request)}, correlation id {identity.correlation_id}")
    return GaleriaError(
        Message("Something went wrong inside Galeria; what was asked for may not have happened."),
        hint=Message(
            "Look for the correlation id {correlation_id} in the server's log.", correlation_id=identity.correlation_id
        ),
    )

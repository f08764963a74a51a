"""The web application of the REST API, sign-in, uploads and consoles."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from galeria.domain.errors import GaleriaError, Unauthenticated
from galeria.interfaces.arm.classic import routes as classic
from galeria.interfaces.arm.compute import (
    costs,
    definitions,
    disks,
    galleries,
    immutability,
    managed_images,
    retention,
    shared_galleries,
    versions,
)
from galeria.interfaces.arm.labs import (
    exports,
    kept_work,
    lab_catalogue,
    lab_plans,
    labs,
    machines,
    roster,
    schedules,
    updates,
)
from galeria.interfaces.arm.platform import (
    activity_log,
    groups,
    locks,
    operations,
    people,
    providers,
    resource_graph,
    resources,
    role_assignments,
    secrets,
    subscriptions,
)
from galeria.interfaces.arm.protocol.body_limit import LimitBodies
from galeria.interfaces.arm.protocol.errors import (
    on_disconnect,
    on_fault,
    on_galeria_error,
    on_http_error,
    on_wrong_content,
)
from galeria.interfaces.arm.protocol.middleware import API_VERSION, AdmitCallers, IdentifyRequests, NormalizePaths
from galeria.interfaces.arm.protocol.response_docs import answers_of, responses_of
from galeria.interfaces.arm.protocol.routes import Route, literals
from galeria.interfaces.blobs.routes import blob_router
from galeria.interfaces.graph.directory import directory_router
from galeria.interfaces.limit_requests import LimitRequests
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.bearer import bearer_of, unauthenticated_handler
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.router import login_router
from galeria.interfaces.monitoring.health_routes import health_router
from galeria.interfaces.monitoring.observed_requests import ObserveRequests
from galeria.interfaces.services import Services
from galeria.interfaces.uploads.stored_uploads import StoredUploads
from galeria.interfaces.uploads.tus import TusSettings, tus_router
from galeria.interfaces.web.kit.visitors import cookies_of

# It is checked before routing, so that FastAPI does not know the parameter.
_VERSION_TEXT = {"type": "string", "pattern": f"^{API_VERSION.pattern}$"}
_API_VERSION = {"parameters": [{"name": "api-version", "in": "query", "required": True, "schema": _VERSION_TEXT}]}
# FastAPI would describe a 422, which is never answered here.
_NOT_OURS: dict[int | str, dict[str, Any]] = {"default": {"description": "An error, in the form of this protocol."}}

ROUTES: tuple[Route, ...] = (
    *subscriptions.ROUTES,
    *providers.ROUTES,
    *resources.ROUTES,
    *groups.ROUTES,
    *galleries.ROUTES,
    *costs.ROUTES,
    *definitions.ROUTES,
    *versions.ROUTES,
    *disks.ROUTES,
    *immutability.ROUTES,
    *managed_images.ROUTES,
    *retention.ROUTES,
    *shared_galleries.ROUTES,
    *resource_graph.ROUTES,
    *lab_plans.ROUTES,
    *exports.ROUTES,
    *labs.ROUTES,
    *machines.ROUTES,
    *kept_work.ROUTES,
    *updates.ROUTES,
    *roster.ROUTES,
    *schedules.ROUTES,
    *lab_catalogue.ROUTES,
    *classic.ROUTES,
    *operations.ROUTES,
    *people.ROUTES,
    *secrets.ROUTES,
    *activity_log.ROUTES,
    # Last, because their paths begin with any scope.
    *role_assignments.ROUTES,
    *locks.ROUTES,
    *resources.TAG_ROUTES,
)


def make_app(
    services: Services, *, routers: Iterable[APIRouter] = (), password_sign_in: PasswordSignIn | None = None
) -> FastAPI:
    """The service as an ASGI application. `routers` are further routes of the same application; see `login_router` for
    `password_sign_in`.
    """
    authority = Authority(endpoint=services.endpoint, tenant_id=services.tenant_id)
    who = bearer_of(services)
    app = FastAPI(
        title="Galeria", description=__doc__, version="1", redirect_slashes=False, docs_url=None, redoc_url=None
    )
    password_sign_in = password_sign_in or PasswordSignIn(
        services.requests, services.secrets, services.tokens, services.wrong_tries
    )
    app.state.services = services
    app.state.password_sign_in = password_sign_in
    # Not `include_router`: it would examine every route anew for each application, and has nothing to add to these.
    app.router.routes.extend(_arm_router().routes)
    for router in (*_other_routers(services, authority, password_sign_in), *routers):
        app.include_router(router, responses=_NOT_OURS)
    app.add_exception_handler(Unauthenticated, unauthenticated_handler(authority))
    app.add_exception_handler(GaleriaError, on_galeria_error)
    app.add_exception_handler(RequestValidationError, on_wrong_content)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(ClientDisconnect, on_disconnect)
    app.add_exception_handler(Exception, on_fault)
    # The last one added sees a request first.
    app.add_middleware(LimitBodies)
    app.add_middleware(
        AdmitCallers,
        who=who,
        challenge=unauthenticated_handler(authority),
        subscription_id=services.subscription_id,
    )
    app.add_middleware(NormalizePaths, literals=literals(ROUTES))
    app.add_middleware(LimitRequests, limits=services.request_limits, session_cookie=cookies_of(services).session)
    app.add_middleware(ObserveRequests, observers=services.observers)
    app.add_middleware(IdentifyRequests, id_generator=services.id_generator)
    return app


@cache
def _arm_router() -> APIRouter:
    """Return the routes of the REST API.

    They do not depend on one application, so that those of one process, such as in tests, share them: making them takes
    half a second.
    """
    router = APIRouter(redirect_slashes=False)
    for route in ROUTES:
        router.add_api_route(
            route.path,
            route.handler,
            methods=[route.method],
            name=route.name,
            operation_id=route.name,
            tags=[route.name.partition("_")[0]],
            response_model=None,
            status_code=answers_of(route)[0].code,
            # FastAPI's own response class would describe a body for every answer.
            response_class=Response,
            responses=responses_of(route),
            openapi_extra=_API_VERSION,
        )
    return router


def _other_routers(services: Services, authority: Authority, password_sign_in: PasswordSignIn) -> tuple[APIRouter, ...]:
    login = login_router(
        authority,
        requests=services.requests,
        tokens=services.tokens,
        password_sign_in=password_sign_in,
    )
    uploads = StoredUploads(requests=services.requests, files=services.uploads)
    return (
        health_router(services),
        login,
        directory_router(services),
        tus_router(
            TusSettings(
                uploads=uploads,
                caller=bearer_of(services),
                slots=services.receiving_slots,
                least_rate=services.settings.upload_least_kib_per_second * 1024,
            )
        ),
        blob_router(services),
    )

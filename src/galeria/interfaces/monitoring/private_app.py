"""The application at the address of `[monitoring]`: figures, and readiness with its reasons."""

import hmac
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from galeria.interfaces.monitoring.health_routes import HEALTH, READY, health, private_ready
from galeria.interfaces.monitoring.metrics import Metrics
from galeria.interfaces.monitoring.readiness import Readiness

METRICS = "/metrics"


def monitoring_app(metrics: Metrics, readiness: Readiness, *, token: str) -> Starlette:
    """Return the application. With a `token` every request but that for the process's life has to bring it."""

    def guarded(answer: Callable[[], Response]) -> Callable[[Request], Response]:
        def handler(request: Request) -> Response:
            if token and not _brings(request, token):
                said = "The header Authorization with the token of the settings is missing or wrong.\n"
                return PlainTextResponse(said, status_code=401, headers={"WWW-Authenticate": "Bearer"})
            return answer()

        return handler

    async def alive(_: Request) -> Response:
        return await health()

    return Starlette(
        routes=[
            Route(METRICS, guarded(lambda: Response(metrics.text(), media_type=CONTENT_TYPE_LATEST))),
            Route(READY, guarded(lambda: private_ready(readiness))),
            Route(HEALTH, alive),
        ]
    )


def _brings(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {token}".encode())

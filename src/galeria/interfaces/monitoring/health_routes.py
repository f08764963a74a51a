"""`/healthz`: the process answers. `/readyz`: it has what it needs. For probes, balancers and people at a terminal."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from galeria.actions.core.caller import Caller
from galeria.domain.errors import GaleriaError
from galeria.domain.serving.readiness import Finding
from galeria.interfaces.login.bearer import bearer_of
from galeria.interfaces.monitoring.readiness import Readiness
from galeria.interfaces.services import Services

HEALTH, READY = "/healthz", "/readyz"
# Whoever may read the whole installation may know what ails it.
READ = "Microsoft.Resources/subscriptions/read"
_NEVER_KEPT = {"Cache-Control": "no-store"}
RETRY_SECONDS = 5


def health_router(services: Services) -> APIRouter:
    """Return the routes for strangers, who learn yes or no, and for people who may read the installation: they learn why."""
    router = APIRouter(tags=["monitoring"])
    who = bearer_of(services)

    def ready(request: Request) -> Response:
        """Say whether the server has what it needs: 200 or 503. A token of a reader of the subscription shows the reasons."""
        findings = services.readiness.findings()
        return readiness_answer(findings, in_words=_may_know(request))

    def _may_know(request: Request) -> bool:
        if "authorization" not in request.headers:
            return False
        try:
            caller: Caller = who(request)
        except (
            GaleriaError
        ):  # a probe is told how the server is also where its token has expired, or nobody can be looked up
            return False
        return caller.may(READ, f"/subscriptions/{services.subscription_id.lower()}")

    router.add_api_route(HEALTH, health, methods=["GET"])
    router.add_api_route(READY, ready, methods=["GET"])
    return router


async def health() -> Response:
    """Answer as long as the process lives and takes requests; it asks nothing else, so that it answers at once."""
    return JSONResponse({"status": "alive"}, headers=_NEVER_KEPT)


def readiness_answer(findings: tuple[Finding, ...], *, in_words: bool) -> Response:
    """Return 200 where everything is there, else 503; `in_words` with the name and reason of each."""
    is_ready = all(each.is_ready for each in findings)
    body: dict[str, Any] = {"status": "ready" if is_ready else "not ready"}
    if in_words:
        body["checks"] = [_described(each) for each in findings]
    headers = _NEVER_KEPT if is_ready else {**_NEVER_KEPT, "Retry-After": str(RETRY_SECONDS)}
    return JSONResponse(body, status_code=200 if is_ready else 503, headers=headers)


def private_ready(readiness: Readiness) -> Response:
    """Return the answer with all reasons, for an address that only administrators reach."""
    return readiness_answer(readiness.findings(), in_words=True)


def _described(finding: Finding) -> dict[str, str]:
    if finding.fault is None:
        return {"name": finding.name, "status": "ready"}
    return {
        "name": finding.name,
        "status": "not ready",
        "message": str(finding.fault.message),
        "hint": str(finding.fault.hint),
    }

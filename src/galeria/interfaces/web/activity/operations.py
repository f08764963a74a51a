"""Pages of operations: the list, and one with its progress, which server-sent events update."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from galeria.actions.versions.operations import cancel_operation, get_failure_picture, list_operations, retry_operation
from galeria.domain.errors import GaleriaError
from galeria.interfaces.http.progress_figures import RecentRates
from galeria.interfaces.web.kit.names import subject_names
from galeria.interfaces.web.kit.operation_view import OperationView, get_operation_view
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep, SignInNeeded
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import operation_url, url_of
from galeria.interfaces.web.kit.visitors import find_visit

SHOWN = 100
LOOK_SECONDS = 0.5  # between two queries of the database for one listener
BEAT_SECONDS = 15.0  # between two comments, so that proxies keep a silent connection open
RESTART_MS = 3000  # after which the browser connects again to a server that was stopped
LISTEN_SECONDS = 300.0  # after which the browser connects again


def operations_router() -> APIRouter:
    router = page_router()
    router.add_api_route("/operations", show_operations, methods=["GET"], name="web_operations")
    router.add_api_route("/operations/{id}", show_operation, methods=["GET"], name="web_operation")
    router.add_api_route("/operations/{id}/part", show_part, methods=["GET"], name="web_operation_part")
    router.add_api_route("/operations/{id}/events", follow, methods=["GET"], name="web_operation_events")
    router.add_api_route("/operations/{id}/screen.png", show_picture, methods=["GET"], name="web_operation_picture")
    router.add_api_route("/operations/{id}/cancel", cancel, methods=["POST"], name="web_operation_cancel")
    router.add_api_route("/operations/{id}/retry", retry, methods=["POST"], name="web_operation_retry")
    return router


def show_operations(page: PageRequestDep) -> Response:
    with page.reading() as request:
        found = list_operations(request, limit=SHOWN)
        people = request.uow.people.some(list({each.started_by for each in found}))
        subjects = subject_names(request, [each.resource_id for each in found])
    names = {each.id: each.display_name for each in people}
    return page.show("operations.html", operations=found, names=names, subjects=subjects)


def show_operation(page: PageRequestDep, id: str) -> Response:
    with page.reading() as request:
        work = get_operation_view(request, id)
        person = request.uow.people.find(work.started_by)
        subject = subject_names(request, [work.resource_id])[work.resource_id]
    return page.show("operation.html", work=work, started_by=person, place=_place_of(work.resource_id), subject=subject)


def show_part(page: PageRequestDep, id: str) -> Response:
    """Return the progress alone, for browsers without server-sent events."""
    with page.reading() as request:
        work = get_operation_view(request, id)
    answer = page.show("parts/operation.html", work=work)
    answer.headers["X-Settled"] = "true" if work.is_settled else "false"
    return answer


def show_picture(page: PageRequestDep, id: str) -> Response:
    """Return the machine's screen as it was when the operation failed. Nobody keeps it: it may show what is private."""
    with page.reading() as request:
        picture = get_failure_picture(request, id)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(picture, media_type="image/png", headers=headers)


async def follow(page: PageRequestDep, id: str) -> Response:
    """Send server-sent events: `progress` with the HTML of the panel whenever it has changed, `done` at the end.

    `done` also comes as soon as the visitor is signed out or may not see the operation any more.
    """
    await to_thread.run_sync(_look, page, id, RecentRates())  # errors are answered before the stream begins
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(page, id), media_type="text/event-stream", headers=headers)


def cancel(page: PageRequestDep, id: str) -> Response:
    with page.writing() as request:
        cancel_operation(request, id)
    return page.go(operation_url(id), notice=page.gettext("It ends at the next safe moment."))


def retry(page: PageRequestDep, id: str) -> Response:
    with page.writing() as request:
        operation = retry_operation(request, id)
    page.start(operation)
    return page.go(operation_url(id), notice=page.gettext("It goes on where it stopped."))


async def _events(page: PageRequest, id: str) -> AsyncIterator[str]:
    shown, silent, waited = "", 0.0, 0.0
    rates = RecentRates()
    while waited < LISTEN_SECONDS:
        if page.services.readiness.is_stopping:
            yield f"retry: {RESTART_MS}\n\n"
            return
        try:
            work, text = await to_thread.run_sync(_look_now, page, id, rates)
        except (GaleriaError, SignInNeeded):  # the page is loaded again, and says why
            yield _event("done", json.dumps({"status": None}))
            return
        if text != shown:
            shown, silent = text, 0.0
            yield _event("progress", text)
        if work.is_settled:
            yield _event("done", json.dumps({"status": work.status}))
            return
        if silent >= BEAT_SECONDS:
            silent = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_SECONDS)
        silent, waited = silent + LOOK_SECONDS, waited + LOOK_SECONDS


def _look(page: PageRequest, id: str, rates: RecentRates) -> tuple[OperationView, str]:
    with page.reading() as request:
        work = get_operation_view(request, id, rates)
    return work, page.part("parts/operation.html", work=work)


def _look_now(page: PageRequest, id: str, rates: RecentRates) -> tuple[OperationView, str]:
    """Look as whoever the session belongs to now: a stream outlives sign-outs and lost roles otherwise."""
    return _look(replace(page, visit=find_visit(page.services, page.http)), id, rates)


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n"


def _place_of(id: str) -> str:
    return url_of(id) if "/resourcegroups/" in id.lower() else ""

"""The results of the last action on each machine of a class; those that failed are tried again, one by one or all."""

from typing import Any

from fastapi import APIRouter, Response

from galeria.actions.classes.last_actions import LastAction, list_last_actions
from galeria.actions.core.request import Request
from galeria.actions.labs.machines import MACHINE
from galeria.actions.versions.operations import can_retry, retry_operation
from galeria.domain.errors import GaleriaError
from galeria.domain.ids import ResourceId
from galeria.domain.operations import Operation
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.labs import LABS, lab_id

RESULTS = f"{LABS}/{{group}}/{{name}}/results"


def results_router() -> APIRouter:
    router = page_router()
    router.add_api_route(RESULTS, show_results, methods=["GET"], name="web_class_results")
    router.add_api_route(f"{RESULTS}/part", show_part, methods=["GET"], name="web_class_results_part")
    router.add_api_route(RESULTS, retry, methods=["POST"], name="web_class_retry")
    return router


def show_results(page: PageRequestDep, group: str, name: str) -> Response:
    with page.reading() as request:
        return page.show("class_results.html", **_values(request, lab_id(page, group, name)))


def show_part(page: PageRequestDep, group: str, name: str) -> Response:
    """Return the list alone, for the page's script that asks again."""
    with page.reading() as request:
        return page.show("parts/class_results.html", **_values(request, lab_id(page, group, name)))


def retry(page: PageRequestDep, group: str, name: str) -> Response:
    """Try again what failed: the machine of the form's name or, without one, each. What cannot be begun holds up no other."""
    id, machine = lab_id(page, group, name), page.form.text("machine")
    page.require(f"{MACHINE}/start/action", id.key)
    with page.writing() as request:
        _, found = list_last_actions(request, id)
        wanted = [each for each in found if each.has_failed and machine in ("", each.machine.name)]
        begun, refused = _retried(request, wanted)
    page.start(*begun)
    return page.go(lab_url(id, "results"), notice=_notice(page, len(begun), refused))


def _retried(request: Request, wanted: list[LastAction]) -> tuple[list[Operation], list[GaleriaError]]:
    begun, refused = [], []
    for each in wanted:
        if each.operation is None:
            continue
        try:
            begun.append(retry_operation(request, each.operation.id))
        except GaleriaError as error:  # raised before anything of it is changed
            refused.append(error)
    if refused and not begun:
        raise refused[0]
    return begun, refused


def _notice(page: PageRequest, begun: int, refused: list[GaleriaError]) -> str:
    said = page.ngettext("%(num)s action is tried again.", "%(num)s actions are tried again.", begun) % {"num": begun}
    if refused:
        more = page.ngettext("%(num)s is not: %(why)s", "%(num)s are not: %(why)s", len(refused))
        said += " " + more % {"num": len(refused), "why": page.error_text(refused[0])}
    return said


def _values(request: Request, id: ResourceId) -> dict[str, Any]:
    lab, found = list_last_actions(request, id)
    failed = [each for each in found if each.has_failed]
    return {
        "lab": lab,
        "found": found,
        "failed": failed,
        "retriable": {each.machine.id for each in failed if each.operation and can_retry(request, each.operation)},
    }

"""A student's machines: their list, which follows what happens to them, and what is done with one of them."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Response

from galeria.actions.classes.machine_news import machine_news
from galeria.actions.classes.updates import change_update
from galeria.actions.core.request import Request
from galeria.actions.labs.machines import (
    bring_machine_back,
    reimage_machine,
    reset_password,
    start_machine,
    stop_machine,
)
from galeria.actions.rosters.my_machines import (
    MyMachine,
    get_my_machine,
    get_own_machine,
    list_my_machines,
    list_unclaimed_labs,
)
from galeria.domain.ids import ResourceId
from galeria.domain.operations import Operation
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import mark_of
from galeria.interfaces.web.labs.labs import lab_id
from galeria.interfaces.web.students.places import MACHINE, MY_MACHINES
from galeria.interfaces.web.students.student_permits import StudentPermits, student_permits


def my_machines_router() -> APIRouter:
    router = page_router()
    router.add_api_route(MY_MACHINES, show_machines, methods=["GET"], name="web_my_machines")
    router.add_api_route(f"{MY_MACHINES}/part", show_part, methods=["GET"], name="web_my_machines_part")
    router.add_api_route(f"{MACHINE}/start", start, methods=["POST"], name="web_my_machine_start")
    router.add_api_route(f"{MACHINE}/stop", stop, methods=["POST"], name="web_my_machine_stop")
    router.add_api_route(f"{MACHINE}/password", ask_password, methods=["GET"], name="web_my_machine_password")
    router.add_api_route(f"{MACHINE}/password", set_password, methods=["POST"], name="web_my_machine_password_set")
    router.add_api_route(f"{MACHINE}/reimage", ask_reimage, methods=["GET"], name="web_my_machine_ask_reimage")
    router.add_api_route(f"{MACHINE}/reimage", reimage, methods=["POST"], name="web_my_machine_reimage")
    router.add_api_route(f"{MACHINE}/update", update, methods=["POST"], name="web_my_machine_update")
    router.add_api_route(f"{MACHINE}/back", bring_back, methods=["POST"], name="web_my_machine_back")
    return router


def show_machines(page: PageRequestDep) -> Response:
    with page.reading() as request:
        cards, seen = _cards(page, request)
        unclaimed = list_unclaimed_labs(request)
    return page.show("my_machines.html", cards=cards, seen=seen, unclaimed=unclaimed)


def show_part(page: PageRequestDep) -> Response:
    """Return the cards alone, or nothing new (204) where the page shows them as they are already."""
    with page.reading() as request:
        cards, seen = _cards(page, request)
    if seen == page.query("seen"):
        return Response(status_code=204)
    return page.show("parts/my_machines.html", cards=cards, seen=seen)


def _cards(page: PageRequest, request: Request) -> tuple[str, str]:
    """Return the cards of all machines, and what tells them apart from others."""
    found = [(mine, student_permits(request, mine), machine_news(request, mine)) for mine in list_my_machines(request)]
    cards = page.part("parts/my_machine_cards.html", machines=found)
    return cards, mark_of(cards)


def start(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return _begin(page, lab_id(page, group, name), machine, start_machine)


def stop(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return _begin(page, lab_id(page, group, name), machine, stop_machine)


def ask_password(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return _show_password(page, lab_id(page, group, name), machine)


def set_password(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    """Set the password of the machine's own account: others are not made here."""
    id, form = lab_id(page, group, name), page.form
    with form.checking("password"):
        with page.writing() as request:
            found = get_own_machine(request, id, machine)
            operation = reset_password(
                request,
                id,
                found.machine.name,
                account=found.machine.user_name,
                new_password=form.raw("password"),
                secrets=page.services.secrets,
            )
        page.start(operation)
        return page.go(MY_MACHINES, notice=page.gettext("The password is being set in the machine."))
    return _show_password(page, id, machine, status=400)


def ask_reimage(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    with page.reading() as request:
        mine, permits = load_machine(request, lab_id(page, group, name), machine)
        return page.show("my_machine_reimage.html", mine=mine, permits=permits)


def reimage(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    notice = page.gettext("The machine is being made anew. It is off afterwards.")
    return _begin(page, lab_id(page, group, name), machine, reimage_machine, notice)


def update(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return _begin(page, lab_id(page, group, name), machine, partial(change_update, said=page.form.text("do")))


def bring_back(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    notice = page.gettext("The earlier machine comes back. It is off afterwards.")
    kept = page.form.text("kept")
    return _begin(page, lab_id(page, group, name), machine, partial(bring_machine_back, kept_id=kept), notice)


def _begin(
    page: PageRequest,
    id: ResourceId,
    machine: str,
    begin: Callable[[Request, ResourceId, str], Operation | None],
    notice: str = "",
) -> Response:
    """Begin what is wanted of the caller's machine, and go back to the machines."""
    with page.writing() as request:
        operation = begin(request, id, get_own_machine(request, id, machine).machine.name)
    page.start(operation)
    return page.go(MY_MACHINES, notice=notice)


def load_machine(request: Request, id: ResourceId, machine: str) -> tuple[MyMachine, StudentPermits]:
    mine = get_my_machine(request, id, machine)
    return mine, student_permits(request, mine)


def _show_password(page: PageRequest, id: ResourceId, machine: str, *, status: int = 200) -> Response:
    with page.reading() as request:
        mine, permits = load_machine(request, id, machine)
        return page.show("my_machine_password.html", status=status, form=page.form, mine=mine, permits=permits)

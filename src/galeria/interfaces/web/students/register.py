"""Registering with a lab by the link that its educator gives out: it registers, and gives a machine, in one go."""

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.rosters.machine_claims import join_lab, require_published
from galeria.actions.rosters.registration import get_lab_by_code, require_place
from galeria.domain.errors import GaleriaError
from galeria.domain.labs.labs import Lab
from galeria.interfaces.arm.protocol.errors import status_of
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.students.places import MY_MACHINES

REGISTER = "/register"


def register_router() -> APIRouter:
    router = page_router()
    router.add_api_route(f"{REGISTER}/{{code}}", ask, methods=["GET"], name="web_register")
    router.add_api_route(f"{REGISTER}/{{code}}", register, methods=["POST"], name="web_registered")
    return router


def ask(page: PageRequestDep, code: str) -> Response:
    """Show what it is, or why it cannot be. Opening the link does nothing, because chat programs open links too."""
    try:
        with page.reading() as request:
            lab = get_lab_by_code(request, code)
            if _has_machine(request, lab):
                return page.go(MY_MACHINES)
            require_published(lab)
    except GaleriaError as error:
        return _show_problem(page, error)
    return page.show("register.html", code=code, title=lab.title, description=lab.description, problem=None)


def register(page: PageRequestDep, code: str) -> Response:
    try:
        machine = page.services.requests.in_turn(page.caller, lambda request: join_lab(request, code))
        with page.reading() as request:
            title = request.uow.labs.get(machine.lab_id).title
    except GaleriaError as error:
        return _show_problem(page, error)
    return page.go(MY_MACHINES, notice=page.gettext("You have a machine in “%(lab)s”.") % {"lab": title})


def _has_machine(request: Request, lab: Lab) -> bool:
    user = require_place(request, lab)
    return user is not None and request.uow.machines.find_claimed(user.id) is not None


def _show_problem(page: PageRequest, error: GaleriaError) -> Response:
    return page.show("register.html", status=status_of(error), problem=error, code="", title="", description="")

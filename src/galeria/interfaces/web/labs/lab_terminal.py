"""The page of a machine's terminal: where its name and password are typed, and what it shows then."""

import secrets

from fastapi import APIRouter, Response

from galeria.actions.core.claims import is_claimed_by_caller
from galeria.actions.labs.machines import reach_machine
from galeria.actions.rosters.my_machines import get_own_machine
from galeria.interfaces.web.kit.page_request import PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.labs.lab_permits import running_terminal
from galeria.interfaces.web.labs.labs import LABS, lab_id
from galeria.interfaces.web.students.machine_news import news_values


def terminal_router() -> APIRouter:
    router = page_router()
    place = f"{LABS}/{{group}}/{{name}}/terminal/{{machine}}"
    router.add_api_route(place, show_terminal, methods=["GET"], name="web_lab_terminal")
    return router


def show_terminal(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    with page.reading() as request:
        id = lab_id(page, group, name)
        lab, found = reach_machine(request, id, machine, "resetPassword")
        mine = get_own_machine(request, id, machine) if is_claimed_by_caller(request, found) else None
        news = news_values(page, request, mine) if mine else {}
        return page.show(
            "lab_terminal.html",
            style_nonce=secrets.token_urlsafe(16),  # for the styles that the terminal's script makes
            lab=lab,
            machine=found,
            permit=running_terminal(lab, found),
            is_own=mine is not None,
            mine=mine,
            **news,
            may_read=request.caller.may_see(lab.key),
        )

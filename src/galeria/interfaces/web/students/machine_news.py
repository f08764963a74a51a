"""What a student is told at once on the pages of the own machine, and what is answered there without leaving the page."""

from typing import Any

from fastapi import APIRouter, Response

from galeria.actions.classes.class_messages import close_message
from galeria.actions.classes.machine_news import machine_news
from galeria.actions.classes.presence import keep_running
from galeria.actions.classes.raised_hands import lower_hand, raise_hand
from galeria.actions.core.request import Request
from galeria.actions.rosters.my_machines import OwnMachine, get_own_machine
from galeria.domain.ids import ResourceId
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import mark_of
from galeria.interfaces.web.labs.labs import lab_id
from galeria.interfaces.web.students.places import MACHINE, MY_MACHINES


def machine_news_router() -> APIRouter:
    router = page_router()
    router.add_api_route(f"{MACHINE}/news", show_news, methods=["GET"], name="web_my_machine_news")
    router.add_api_route(f"{MACHINE}/message", close, methods=["POST"], name="web_my_machine_message")
    router.add_api_route(f"{MACHINE}/hand", hand, methods=["POST"], name="web_my_machine_hand")
    router.add_api_route(f"{MACHINE}/keep", keep, methods=["POST"], name="web_my_machine_keep")
    return router


def show_news(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    """Return the news alone, or nothing new (204) where the page shows them as they are already."""
    with page.reading() as request:
        mine = get_own_machine(request, lab_id(page, group, name), machine)
        values = news_values(page, request, mine)
    if values["news_seen"] == page.query("seen"):
        return Response(status_code=204)
    return page.show("parts/my_machine_news_live.html", mine=mine, **values)


def close(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        close_message(request, id, machine, page.form.text("id"))
    return _answer(page, id, machine)


def hand(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        (raise_hand if page.form.text("do") == "raise" else lower_hand)(request, id, machine)
    return _answer(page, id, machine)


def keep(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        mine = get_own_machine(request, id, machine)
        keep_running(request, id, mine.machine.name)
    return _answer(page, id, machine, notice=page.gettext("The machine keeps running."))


def news_values(page: PageRequest, request: Request, mine: OwnMachine) -> dict[str, Any]:
    """Return what `parts/my_machine_news_live.html` needs: the news as they are now, and what tells them apart from others."""
    text = page.part("parts/my_machine_news.html", mine=mine, news=machine_news(request, mine), here=True)
    return {"news_text": text, "news_seen": mark_of(text)}


def _answer(page: PageRequest, id: ResourceId, machine: str, *, notice: str = "") -> Response:
    """Return the news as they are now to a page that stays, else go to the machines."""
    if not (page.form.has("here") and page.http.headers.get("hx-request")):
        return page.go(MY_MACHINES, notice=notice)
    with page.reading() as request:
        mine = get_own_machine(request, id, machine)
        return page.show("parts/my_machine_news_live.html", mine=mine, **news_values(page, request, mine))

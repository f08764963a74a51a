"""The ways into a student's own machine: its screen and a terminal in the browser, SSH, and remote desktop."""

from fastapi import APIRouter, Response

from galeria.domain.errors import NotFound
from galeria.domain.images.galleries import OsType
from galeria.domain.messages import Message
from galeria.domain.reach.authorities import authority, rdp_file
from galeria.domain.reach.relay import Service
from galeria.interfaces.web.kit.page_request import PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.labs.lab_connect import way_in
from galeria.interfaces.web.labs.labs import lab_id
from galeria.interfaces.web.students.machine_news import news_values
from galeria.interfaces.web.students.my_machines import load_machine
from galeria.interfaces.web.students.places import MACHINE


def my_machine_router() -> APIRouter:
    router = page_router()
    router.add_api_route(MACHINE, show_machine, methods=["GET"], name="web_my_machine")
    router.add_api_route(f"{MACHINE}/screen", show_screen, methods=["GET"], name="web_my_machine_screen")
    router.add_api_route(f"{MACHINE}/machine.rdp", download_rdp, methods=["GET"], name="web_my_machine_rdp")
    return router


def show_machine(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    with page.reading() as request:
        mine, permits = load_machine(request, lab_id(page, group, name), machine)
        return page.show(
            "my_machine.html",
            mine=mine,
            permits=permits,
            way_in=way_in(page, mine.lab, mine.machine),
            is_windows=mine.lab.os_type is OsType.WINDOWS,
            **news_values(page, request, mine),
        )


def show_screen(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    with page.reading() as request:
        mine, permits = load_machine(request, lab_id(page, group, name), machine)
        news = news_values(page, request, mine)
        return page.show("lab_screen.html", mine=mine, permits=permits, lab=mine.lab, machine=mine.machine, **news)


def download_rdp(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    with page.reading() as request:
        mine, _ = load_machine(request, lab_id(page, group, name), machine)
    address = authority(page.services.settings.server, mine.lab, mine.machine, Service.RDP)
    if not address or not page.services.settings.server.name:
        raise NotFound(
            Message("This machine is not reached by remote desktop from elsewhere."),
            hint=Message("Open its screen in the browser."),
        )
    headers = {"Content-Disposition": 'attachment; filename="machine.rdp"', "X-Content-Type-Options": "nosniff"}
    return Response(rdp_file(address, mine.machine.user_name), media_type="application/x-rdp", headers=headers)

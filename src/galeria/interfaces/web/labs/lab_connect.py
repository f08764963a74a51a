"""Access to a template: SSH, remote desktop, its screen in the browser, and a new password."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Response

from galeria.actions.labs.consoles import get_console
from galeria.actions.labs.labs import get_machine
from galeria.actions.labs.machines import reset_password
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message
from galeria.domain.reach.authorities import authority, rdp_file
from galeria.domain.reach.relay import Service
from galeria.domain.states import MachineState
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_permits import TEMPLATE
from galeria.interfaces.web.labs.labs import LABS, lab_id, load_lab_page

HOST = "127.0.0.1"  # the local end of the tunnel
RDP_PORT = 13389  # the port of the tunnel on the visitor's own computer
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class MachineAddresses:
    """The addresses of a machine; empty where the lab lets nobody connect."""

    ssh_host: str
    ssh_port: str
    rdp: str  # HOST:PORT
    is_public: bool  # whether people reach them from anywhere


def connect_router() -> APIRouter:
    router = page_router()
    lab = f"{LABS}/{{group}}/{{name}}"
    router.add_api_route(f"{lab}/connect", show_connect, methods=["GET"], name="web_lab_connect")
    router.add_api_route(f"{lab}/connect/template.rdp", download_rdp, methods=["GET"], name="web_lab_rdp")
    router.add_api_route(f"{lab}/screen", show_screen, methods=["GET"], name="web_lab_screen")
    router.add_api_route(f"{lab}/screen.png", show_picture, methods=["GET"], name="web_lab_picture")
    router.add_api_route(f"{lab}/password", ask_password, methods=["GET"], name="web_lab_password")
    router.add_api_route(f"{lab}/password", set_password, methods=["POST"], name="web_lab_password_set")
    return router


def show_connect(page: PageRequestDep, group: str, name: str) -> Response:
    with page.reading() as request:
        lab_page = load_lab_page(request, page, lab_id(page, group, name))
        return page.show(
            "lab_connect.html",
            lab_page=lab_page,
            lab=lab_page.seen.lab,
            machine=_template(lab_page.seen.template),
            way_in=way_in(page, lab_page.seen.lab, _template(lab_page.seen.template)),
            server=_server(page),
            rdp_port=RDP_PORT,
            is_windows=lab_page.seen.lab.os_type is OsType.WINDOWS,
        )


def download_rdp(page: PageRequestDep, group: str, name: str) -> Response:
    """Return a remote-desktop file for the machine itself, or for the local end of the tunnel that the page describes."""
    with page.reading() as request:
        lab, machine = get_machine(request, lab_id(page, group, name), TEMPLATE)
    direct = "" if _server(page) else way_in(page, lab, machine).rdp
    address = direct or f"{HOST}:{RDP_PORT}"
    headers = {"Content-Disposition": 'attachment; filename="template.rdp"', "X-Content-Type-Options": "nosniff"}
    return Response(rdp_file(address, machine.user_name), media_type="application/x-rdp", headers=headers)


def show_screen(page: PageRequestDep, group: str, name: str) -> Response:
    with page.reading() as request:
        lab_page = load_lab_page(request, page, lab_id(page, group, name))
        machine = _template(lab_page.seen.template)
        return page.show("lab_screen.html", permits=lab_page.permits, lab=lab_page.seen.lab, machine=machine)


def show_picture(page: PageRequestDep, group: str, name: str) -> Response:
    return picture_of(page, lab_id(page, group, name), TEMPLATE)


def picture_of(page: PageRequest, id: ResourceId, name: str) -> Response:
    """Return the machine's screen as it is now, a PNG, for who may open that screen. Nobody keeps it.

    Without a picture, as when the machine is off, on another computer or its host too busy, nothing is returned (204): the page
    that asks again and again just leaves its place empty.
    """
    with page.reading() as request:
        console = get_console(request, id, name)
        _, machine = get_machine(request, id, name)
    is_on = machine.state is MachineState.RUNNING or machine.is_unreachable
    is_here = is_on and not (page.services.computers and page.services.computers.find_other(console.region))
    picture = page.services.engine.observe(console).picture if is_here else b""
    if not picture:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(picture, media_type="image/png", headers=headers)


def ask_password(page: PageRequestDep, group: str, name: str) -> Response:
    return _show_password(page, lab_id(page, group, name))


def set_password(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    with form.checking("account", "password", name="account"):
        with page.writing() as request:
            operation = reset_password(
                request,
                id,
                TEMPLATE,
                account=form.text("account"),
                new_password=form.raw("password"),
                secrets=page.services.secrets,
            )
        page.start(operation)
        return page.go(lab_url(id), notice=page.gettext("The password is being set in the machine."))
    return _show_password(page, id, status=400)


def _show_password(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        lab_page = load_lab_page(request, page, id)
        machine = _template(lab_page.seen.template)
        return page.show(
            "lab_password.html",
            status=status,
            form=page.form,
            lab_page=lab_page,
            lab=lab_page.seen.lab,
            machine=machine,
        )


def _template(machine: LabMachine | None) -> LabMachine:
    if machine is None:
        raise NotFound(
            Message("This lab has no template."), hint=Message("Its machines are made from the image itself.")
        )
    return machine


def way_in(page: PageRequest, lab: Lab, machine: LabMachine) -> MachineAddresses:
    """Return where the machine is reached: under the public name, or else on the host itself."""
    server = page.services.settings.server
    ssh = authority(server, lab, machine, Service.SSH)
    host, _, port = ssh.rpartition(":")
    # On the host itself, where machines are reached without a public name, a desktop is looked at only where there is no shell.
    is_offered = bool(server.name) or lab.os_type is OsType.WINDOWS
    rdp = authority(server, lab, machine, Service.RDP) if is_offered else ""
    return MachineAddresses(ssh_host=host, ssh_port=port, rdp=rdp, is_public=bool(server.name))


def _server(page: PageRequest) -> str:
    """Return the host by way of which others reach machines; empty where they need none, or reach nothing."""
    if page.services.settings.server.name:
        return ""
    host = urlsplit(page.services.endpoint).hostname or ""
    return "" if host in _LOCAL else host

"""The class of a lab: publishing, what students get, and a wall of their machines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from galeria.actions.classes.class_messages import sent_messages
from galeria.actions.classes.class_overview import ClassOverview, get_class, start_class, stop_class
from galeria.actions.classes.raised_hands import hands_up
from galeria.actions.classes.updates import AT_STOP, change_update, update_class
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_publishing import begin_scaling, publish_lab
from galeria.actions.labs.lab_settings import LAB, LabSettings, NonAdminAccount, update_lab
from galeria.actions.labs.labs import get_lab, get_machine
from galeria.actions.labs.machines import MACHINE, bring_machine_back, reimage_machine, start_machine, stop_machine
from galeria.actions.rosters.invitations import INVITE
from galeria.domain.classes.class_help import MAX_TEXT
from galeria.domain.classes.work_disks import MAX_GIB, WORK_DISK, work_disk_gib
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.profiles import MAX_CAPACITY
from galeria.domain.labs.revisions import has_shared_password
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.states import LabState, MachineState, ProvisioningState
from galeria.interfaces.web.kit.operation_view import work_under_way
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import ALLOWED, Permission, permit, refused
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import require_same
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_connect import picture_of
from galeria.interfaces.web.labs.labs import LABS, lab_id


@dataclass(frozen=True, kw_only=True)
class ScreenPermits:
    """What the page of a screen asks about."""

    screen: Permission
    connect: Permission
    start: Permission


def class_router() -> APIRouter:
    router = page_router()
    place = f"{LABS}/{{group}}/{{name}}/class"
    machine = f"{place}/{{machine}}"
    router.add_api_route(place, show_class, methods=["GET"], name="web_class")
    router.add_api_route(f"{place}-wall", show_wall, methods=["GET"], name="web_class_wall")
    router.add_api_route(f"{place}-publish", publish, methods=["POST"], name="web_class_publish")
    router.add_api_route(f"{place}-settings", change, methods=["POST"], name="web_class_settings")
    router.add_api_route(f"{place}-power", switch_all, methods=["POST"], name="web_class_power")
    router.add_api_route(f"{place}-update", update_all, methods=["POST"], name="web_class_update_all")
    router.add_api_route(f"{machine}/update", update, methods=["POST"], name="web_class_update")
    router.add_api_route(f"{machine}/back", bring_back, methods=["POST"], name="web_class_back")
    router.add_api_route(f"{machine}/start", start, methods=["POST"], name="web_class_start")
    router.add_api_route(f"{machine}/stop", stop, methods=["POST"], name="web_class_stop")
    router.add_api_route(f"{machine}/reimage", ask_reimage, methods=["GET"], name="web_class_ask_reimage")
    router.add_api_route(f"{machine}/reimage", reimage, methods=["POST"], name="web_class_reimage")
    router.add_api_route(f"{machine}/screen", show_screen, methods=["GET"], name="web_class_screen")
    router.add_api_route(f"{machine}/screen.png", show_picture, methods=["GET"], name="web_class_picture")
    return router


def show_class(page: PageRequestDep, group: str, name: str) -> Response:
    return show_class_page(page, lab_id(page, group, name))


def show_wall(page: PageRequestDep, group: str, name: str) -> Response:
    """Return the wall alone, for the page's script that asks again."""
    with page.reading() as request:
        seen = get_class(request, lab_id(page, group, name))
        return page.show("parts/class_wall.html", seen=seen, lab=seen.lab, **_permits(request, seen))


def publish(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        operation = publish_lab(request, id)
    page.start(operation)
    return page.go(lab_url(id, "class"), notice=page.gettext("The lab is being published. You may leave this page."))


def change(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(f"{LAB}/write", id.key)
    operation: Operation | None = None
    names = {
        "properties.virtualMachineProfile.sku.capacity": "capacity",
        f"properties.galeria.{WORK_DISK}": "work_disk",
        "properties.virtualMachineProfile.nonAdminUser": "student",
        "properties.virtualMachineProfile.nonAdminUser.password": "student_password",
        "password": "student_password",
        "name": "student",
    }
    with form.checking("capacity", "work_disk", "student", "student_password", **names):
        student = form.text("student")
        said = LabSettings(
            capacity=form.number("capacity"),
            open_access=form.has("open_access"),
            non_admin=NonAdminAccount(user_name=student, password=form.raw("student_password")) if student else None,
            profiles={
                "useSharedPassword": "Enabled" if form.text("passwords") == "shared" else "Disabled",
                WORK_DISK: form.number("work_disk"),
            },
        )
        with page.writing() as request:
            lab = get_lab(request, id)
            require_same(form, str(lab.capacity), lab.non_admin_user, str(work_disk_gib(lab)))
            operation = begin_scaling(request, update_lab(request, id, said, page.services.secrets))
    if form.errors:
        return show_class_page(page, id, status=400)
    page.start(operation)
    return page.go(lab_url(id, "class"), notice=page.gettext("What students get was changed."))


def switch_all(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    starts = page.form.text("do") == "start"
    with page.writing() as request:
        switched = (start_class if starts else stop_class)(request, id)
    count = len(switched.begun)
    if starts:
        notice = page.ngettext("%(count)s machine starts.", "%(count)s machines start.", count)
    else:
        notice = page.ngettext("%(count)s machine stops.", "%(count)s machines stop.", count)
    return page.go(lab_url(id, "class"), notice=notice % {"count": count})


def update_all(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        updates = update_class(request, id, at_stop=page.form.text("do") == AT_STOP)
    now, later = len(updates.begun), len(updates.later)
    notices = (
        page.ngettext("%(count)s machine is updated.", "%(count)s machines are updated.", now) % {"count": now},
        page.ngettext("%(count)s follows at its next stop.", "%(count)s follow at their next stop.", later)
        % {"count": later},
    )
    return page.go(lab_url(id, "class"), notice=" ".join(notices[:1] if not later else notices))


def update(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    said = page.form.text("do")
    return _begin(page, lab_id(page, group, name), lambda request, id: change_update(request, id, machine, said))


def bring_back(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    kept = page.form.text("kept")
    return _begin(page, lab_id(page, group, name), lambda request, id: bring_machine_back(request, id, machine, kept))


def start(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return _begin(page, lab_id(page, group, name), lambda request, id: start_machine(request, id, machine))


def stop(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return _begin(page, lab_id(page, group, name), lambda request, id: stop_machine(request, id, machine))


def reimage(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return _begin(page, lab_id(page, group, name), lambda request, id: reimage_machine(request, id, machine))


def _begin(page: PageRequest, id: ResourceId, do: Callable[[Request, ResourceId], Operation | None]) -> Response:
    with page.writing() as request:
        operation = do(request, id)
    page.start(operation)
    return page.go(lab_url(id, "class"))


def ask_reimage(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    with page.reading() as request:
        lab, found = get_machine(request, lab_id(page, group, name), machine)
        user = request.uow.lab_users.find(found.claimed_by) if found.claimed_by else None
        return page.show("class_reimage.html", lab=lab, machine=found, user=user)


def show_screen(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    with page.reading() as request:
        lab, found = get_machine(request, lab_id(page, group, name), machine)
        permits = ScreenPermits(screen=_screen(request, lab, found), connect=ALLOWED, start=ALLOWED)
        return page.show("lab_screen.html", permits=permits, lab=lab, machine=found)


def show_picture(page: PageRequestDep, group: str, name: str, machine: str) -> Response:
    return picture_of(page, lab_id(page, group, name), machine)


def show_class_page(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    """Return the whole page, with what was typed in the form that was sent and what is wrong with it."""
    with page.reading() as request:
        seen = get_class(request, id)
        return page.show(
            "lab_class.html",
            status=status,
            seen=seen,
            lab=seen.lab,
            form=page.form,
            publish=_publish_permit(request, seen),
            write=permit(request, f"{LAB}/write", seen.lab.key),
            **_permits(request, seen),
            is_shared=has_shared_password(seen.lab),
            is_windows=seen.lab.os_type is OsType.WINDOWS,
            max_capacity=MAX_CAPACITY,
            work_disk=work_disk_gib(seen.lab),
            work_bytes=_work_bytes(page, request, seen.lab),
            max_work_disk=MAX_GIB,
            work=work_under_way(request, seen.lab.id),
            **_spoken(request, seen),
        )


def _work_bytes(page: PageRequest, request: Request, lab: Lab) -> int:
    """Return what the work disks of the lab's students take on the host, those that are kept included."""
    disks = request.uow.work_disks.of_lab(lab.id)
    if not disks:
        return 0
    taken = page.services.engine.work_disks()
    return sum(taken.get((each.region, each.id), 0) for each in disks)


def _screen(request: Request, lab: Lab, machine: LabMachine) -> Permission:
    allowed = permit(request, f"{MACHINE}/resetPassword/action", lab.key)
    if allowed and machine.state is not MachineState.RUNNING and not machine.is_unreachable:
        return refused(Message("The machine is off. Start it first."))
    return allowed


def _permits(request: Request, seen: ClassOverview) -> dict[str, Any]:
    """Return what this person may do with all machines, whether to look at students' screens and to speak, and raised hands."""
    return {
        "start": permit(request, f"{MACHINE}/start/action", seen.lab.key),
        "stop": permit(request, f"{MACHINE}/stop/action", seen.lab.key),
        "renew": permit(request, f"{MACHINE}/reimage/action", seen.lab.key),
        "watch": permit(request, f"{MACHINE}/resetPassword/action", seen.lab.key),
        "speak": permit(request, INVITE, seen.lab.key),
        "hands": hands_up(request, seen.lab),
    }


def _spoken(request: Request, seen: ClassOverview) -> dict[str, Any]:
    """Return what the part about messages needs."""
    users = [each.user for each in seen.machines if each.user and each.user.principal_id]
    return {
        "sent": sent_messages(request, seen.lab),
        "addressees": sorted(((each.name, each.shown_name) for each in users), key=lambda each: each[1]),
        "most_text": MAX_TEXT,
    }


def _publish_permit(request: Request, seen: ClassOverview) -> Permission:
    allowed = permit(request, f"{LAB}/publish/action", seen.lab.key)
    if not allowed:
        return allowed
    if seen.lab.state is not ProvisioningState.SUCCEEDED or seen.lab.lab_state in (
        LabState.PUBLISHING,
        LabState.SCALING,
    ):
        return refused(Message("The lab is busy. Wait until what is under way has ended."))
    return ALLOWED

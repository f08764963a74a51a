"""The kept work of students, and the machines that it can be given back to."""

from fastapi import APIRouter, Response

from galeria.actions.classes.kept_work import list_kept_work, restore_work
from galeria.actions.labs.labs import get_lab
from galeria.interfaces.web.kit.page_request import PageRequestDep
from galeria.interfaces.web.kit.permits import ALLOWED
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.labs import LABS, lab_id

_PART = "kept-work"


def kept_work_router() -> APIRouter:
    router = page_router()
    place = f"{LABS}/{{group}}/{{name}}/{_PART}"
    router.add_api_route(place, show_kept_work, methods=["GET"], name="web_kept_work")
    router.add_api_route(place, restore, methods=["POST"], name="web_kept_work_restore")
    return router


def show_kept_work(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    taken = page.services.engine.work_disks()
    with page.reading() as request:
        lab = get_lab(request, id)
        kept = [(each, taken.get((each.disk.region, each.disk.id), 0)) for each in list_kept_work(request, id)]
        return page.show("lab_kept_work.html", lab=lab, kept=kept, allowed=ALLOWED)


def restore(page: PageRequestDep, group: str, name: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        machine = restore_work(request, id, page.form.text("disk"))
    notice = page.gettext("The work is in %(machine)s from its next start on.") % {"machine": machine.name}
    return page.go(lab_url(id, _PART), notice=notice)

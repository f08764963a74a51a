"""Adding people to a lab by a pasted text or a file, which is shown before anything is done, and inviting them."""

import csv
import io

from fastapi import APIRouter, Response

from galeria.actions.labs.labs import get_lab
from galeria.actions.rosters.invitations import InvitationRequest, invite_all, invite_user
from galeria.actions.rosters.lab_users import USER
from galeria.actions.rosters.roster_imports import RosterPlan, import_people, plan_import
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.rosters.csv_lists import read_list
from galeria.domain.rosters.entries import RosterReading
from galeria.domain.rosters.reading import read_people
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_people import PEOPLE, show_people_page
from galeria.interfaces.web.labs.labs import lab_id


def add_people_router() -> APIRouter:
    router = page_router()
    router.add_api_route(f"{PEOPLE}/text", read_text, methods=["POST"], name="web_lab_people_text")
    router.add_api_route(f"{PEOPLE}/file", read_file, methods=["POST"], name="web_lab_people_file")
    router.add_api_route(f"{PEOPLE}/add", add, methods=["POST"], name="web_lab_people_add")
    router.add_api_route(f"{PEOPLE}/invite", invite, methods=["POST"], name="web_lab_people_invite")
    router.add_api_route(f"{PEOPLE}/{{user}}/invite", invite_one, methods=["POST"], name="web_lab_user_invite")
    return router


def read_text(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(f"{USER}/write", id.key)
    with form.checking("people"):
        if not form.text("people"):
            raise Invalid(
                Message("The list is empty."), hint=Message("Paste the addresses, or choose a file."), target="people"
            )
        return _preview(page, id, read_list(form.raw("people")))
    return show_people_page(page, id, status=400)


def read_file(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(f"{USER}/write", id.key)
    with form.checking("file"):
        data = form.files.get("file", b"")
        if not data:
            raise Invalid(
                Message("The file is empty."), hint=Message("Choose a list as CSV, or a OneRoster zip."), target="file"
            )
        return _preview(page, id, read_people(data, class_id=form.text("class_id")))
    return show_people_page(page, id, status=400)


def add(page: PageRequestDep, group: str, name: str) -> Response:
    """Add whom the page before has shown: it sends them along, so that nothing is kept in between."""
    id = lab_id(page, group, name)
    with page.form.checking():
        reading = read_list(page.form.raw("people"))
        with page.writing() as request:
            added = import_people(request, id, reading.entries)
        count = len(added)
        said = page.ngettext("%(num)s person was added.", "%(num)s people were added.", count)
        return page.go(lab_url(id, "people"), notice=said % {"num": count})
    return show_people_page(page, id, status=409)


def invite(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    wanted = InvitationRequest(text=form.text("note"), language=form.text("language"))
    with form.checking("note", text="note"):
        with page.writing() as request:
            count = len(invite_all(request, id, wanted, again=form.has("again")))
        said = page.ngettext("%(num)s invitation is being sent.", "%(num)s invitations are being sent.", count)
        return page.go(lab_url(id, "people"), notice=said % {"num": count})
    return show_people_page(page, id, status=400)


def invite_one(page: PageRequestDep, group: str, name: str, user: str) -> Response:
    id = lab_id(page, group, name)
    with page.form.checking():
        with page.writing() as request:
            invite_user(request, id, user, InvitationRequest(language=page.language))
        return page.go(lab_url(id, "people"), notice=page.gettext("The invitation is being sent."))
    return show_people_page(page, id, status=409)


def _preview(page: PageRequest, id: ResourceId, reading: RosterReading) -> Response:
    with page.reading() as request:
        plan = plan_import(request, id, reading)
        lab = get_lab(request, id)
    return page.show("lab_people_preview.html", lab=lab, plan=plan, people=_as_list(plan))


def _as_list(plan: RosterPlan) -> str:
    """Return those to be added in the form in which `read_list` reads them."""
    written = io.StringIO()
    rows = csv.writer(written, delimiter=";")
    rows.writerow(("email", "name"))
    rows.writerows((each.email, each.name) for each in plan.new)
    return written.getvalue()

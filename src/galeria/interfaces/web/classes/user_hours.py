"""The hours of one student of a lab: what is used and left, and more of them."""

from fastapi import APIRouter, Response

from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.student_hours import hours_left
from galeria.actions.rosters.lab_users import USER, UserRequest, get_user, update_user
from galeria.domain.ids import ResourceId
from galeria.interfaces.web.kit.forms import hours_field, typed_hours
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import require_same
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_people import PEOPLE
from galeria.interfaces.web.labs.labs import lab_id

HOURS = f"{PEOPLE}/{{user}}/hours"


def user_hours_router() -> APIRouter:
    router = page_router()
    router.add_api_route(HOURS, show_hours, methods=["GET"], name="web_lab_user_hours")
    router.add_api_route(HOURS, save, methods=["POST"], name="web_lab_user_hours_save")
    return router


def show_hours(page: PageRequestDep, group: str, name: str, user: str) -> Response:
    return _show(page, lab_id(page, group, name), user)


def save(page: PageRequestDep, group: str, name: str, user: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(f"{USER}/write", id.key)
    with form.checking(**{"properties.additionalUsageQuota": "extra"}):
        extra = typed_hours(form.text("extra"))
        with page.writing() as request:
            require_same(form, get_user(request, id, user).extra_quota)
            update_user(request, id, user, UserRequest(extra_quota=extra))
        return page.go(lab_url(id, "people"), notice=page.gettext("The hours were saved."))
    return _show(page, id, user, status=400)


def _show(page: PageRequest, id: ResourceId, user: str, *, status: int = 200) -> Response:
    page.require(f"{USER}/write", id.key)
    with page.reading() as request:
        lab, found = get_lab(request, id), get_user(request, id, user)
        return page.show(
            "lab_user_hours.html",
            status=status,
            lab=lab,
            user=found,
            form=page.form,
            extra=hours_field(found.extra_quota),
            left=hours_left(request, lab, found),
        )

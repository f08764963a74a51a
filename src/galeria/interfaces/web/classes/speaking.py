"""An educator speaks to the students of a lab: messages, and answers to raised hands."""

from fastapi import APIRouter, Response

from galeria.actions.classes.class_messages import send_message
from galeria.actions.classes.raised_hands import answer_hand
from galeria.actions.rosters.invitations import INVITE
from galeria.interfaces.web.kit.page_request import PageRequestDep
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_class import show_class_page
from galeria.interfaces.web.labs.labs import LABS, lab_id


def speaking_router() -> APIRouter:
    router = page_router()
    place = f"{LABS}/{{group}}/{{name}}"
    router.add_api_route(f"{place}/message", send, methods=["POST"], name="web_class_message")
    router.add_api_route(f"{place}/hand/{{user}}", answer, methods=["POST"], name="web_class_hand")
    return router


def send(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = lab_id(page, group, name), page.form
    page.require(INVITE, id.key)
    with form.checking("text", "to"):
        with page.writing() as request:
            count = send_message(request, id, form.raw("text"), to=form.text("to"))
        said = page.ngettext(
            "The message was sent to %(num)s person.", "The message was sent to %(num)s people.", count
        )
        return page.go(lab_url(id, "class"), notice=said % {"num": count})
    return show_class_page(page, id, status=400)


def answer(page: PageRequestDep, group: str, name: str, user: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        answer_hand(request, id, user)
    return page.go(lab_url(id, "class"))

"""The people of a lab: the link by which they register, the roster, and removing somebody from it."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from galeria.actions.core.paging import ROWS, ListPage, page_within
from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.rosters.invitations import INVITE, MAX_NOTE
from galeria.actions.rosters.lab_users import USER, delete_user, get_user, list_users
from galeria.domain.ids import ResourceId
from galeria.domain.labs.invitations import UserInvitation
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.roster import LabUser
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission, permit
from galeria.interfaces.web.kit.qr_codes import qr_code
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.labs import LABS, lab_id

PEOPLE = f"{LABS}/{{group}}/{{name}}/people"


@dataclass(frozen=True, kw_only=True)
class UserRow:
    """A user of the roster as the page lists it. `machine` is empty where none was claimed."""

    user: LabUser
    invitation: UserInvitation | None
    machine: str


@dataclass(frozen=True, kw_only=True)
class PeoplePermits:
    """The buttons of the page, each allowed or with the reason against it."""

    add: Permission
    remove: Permission
    invite: Permission


def people_of_lab_router() -> APIRouter:
    router = page_router()
    router.add_api_route(PEOPLE, show_people, methods=["GET"], name="web_lab_people")
    router.add_api_route(f"{PEOPLE}/link", show_link, methods=["GET"], name="web_lab_people_link")
    router.add_api_route(f"{PEOPLE}/{{user}}/remove", ask_remove, methods=["GET"], name="web_lab_user_ask_remove")
    router.add_api_route(f"{PEOPLE}/{{user}}/remove", remove, methods=["POST"], name="web_lab_user_remove")
    return router


def show_people(page: PageRequestDep, group: str, name: str) -> Response:
    return show_people_page(page, lab_id(page, group, name))


def show_people_page(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    text = page.query("q").strip()
    with page.reading() as request:
        users = list_users(request, id)
        lab = get_lab(request, id)
        found = _found(request, lab, [each for each in users if _fits(each, text)], page_number(page))
        permits = PeoplePermits(
            add=permit(request, f"{USER}/write", lab.key),
            remove=permit(request, f"{USER}/delete", lab.key),
            invite=permit(request, INVITE, lab.key),
        )
    mail = page.services.settings.mail
    return page.show(
        "lab_people.html",
        status=status,
        form=page.form,
        lab=lab,
        found=found,
        q=text,
        permits=permits,
        link=register_link(page, lab),
        code=qr_code(register_link(page, lab), page.gettext("QR code of the registration link")),
        registered=sum(each.principal_id is not None for each in users),
        waiting=sum(each.principal_id is None for each in users),
        has_mail=mail is not None,
        max_note=MAX_NOTE,
    )


def show_link(page: PageRequestDep, group: str, name: str) -> Response:
    """Show the link alone, large, to be printed or put on a wall."""
    with page.reading() as request:
        lab = get_lab(request, lab_id(page, group, name))
        request.caller.require(f"{USER}/read", lab.key)
    link = register_link(page, lab)
    code = qr_code(link, page.gettext("QR code of the registration link"))
    return page.show("lab_people_link.html", lab=lab, link=link, code=code)


def ask_remove(page: PageRequestDep, group: str, name: str, user: str) -> Response:
    id = lab_id(page, group, name)
    page.require(f"{USER}/delete", id.key)
    with page.reading() as request:
        lab, found = get_lab(request, id), get_user(request, id, user)
        machine = request.uow.machines.find_claimed(found.id)
        return page.show("lab_user_remove.html", lab=lab, user=found, machine=machine.name if machine else "")


def remove(page: PageRequestDep, group: str, name: str, user: str) -> Response:
    id = lab_id(page, group, name)
    with page.writing() as request:
        removal = delete_user(request, id, user)
    page.start(removal.operation)
    return page.go(lab_url(id, "people"), notice=page.gettext("The user was removed from the lab."))


def register_link(page: PageRequest, lab: Lab) -> str:
    """Return the whole address at which people register with the lab."""
    return f"{page.services.endpoint}/register/{lab.registration_code}"


def _found(request: Request, lab: Lab, users: list[LabUser], number: int) -> ListPage[UserRow]:
    number = page_within(number, len(users), ROWS)
    invitations = request.uow.invitations.of_lab(lab.id)
    machines = {each.claimed_by: each.name for each in request.uow.machines.of_lab(lab.id) if each.claimed_by}
    shown = sorted(users, key=lambda each: each.shown_name.lower())[(number - 1) * ROWS : number * ROWS]
    rows = [
        UserRow(user=each, invitation=invitations.get(each.id), machine=machines.get(each.id, "")) for each in shown
    ]
    return ListPage(rows=rows, count=len(users), page=number)


def _fits(user: LabUser, text: str) -> bool:
    wanted = text.casefold()
    return wanted in user.email.casefold() or wanted in user.display_name.casefold()

"""The page "New lab": one form, checked while it is filled in; impossible choices have their reasons."""

from typing import Any

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import CREATE
from galeria.actions.labs.lab_validation import check_lab
from galeria.actions.labs.labs import create_lab
from galeria.domain.errors import GaleriaError, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import lab_url
from galeria.interfaces.web.labs.lab_choices import read_choices
from galeria.interfaces.web.labs.lab_form import SHUTDOWNS, LabForm, account_value, read_draft
from galeria.interfaces.web.labs.lab_permits import new_lab_permit
from galeria.interfaces.web.labs.labs import LABS

NEW = f"{LABS}/new"
FIELDS = ("title", "name", "region", "image", "size", "user", "password", "quota")
"""Each has a place for its error beside it."""


def new_lab_router() -> APIRouter:
    router = page_router()
    router.add_api_route(NEW, show_form, methods=["GET"], name="web_lab_new")
    router.add_api_route(NEW, make, methods=["POST"], name="web_lab_made")
    router.add_api_route(f"{NEW}/check", check, methods=["POST"], name="web_lab_check")
    return router


def show_form(page: PageRequestDep) -> Response:
    with page.reading() as request:
        draft = read_draft(request, page)
        if draft is None:
            return _closed(request, page)
        return page.show("lab_new.html", **_shown(request, page, draft))


def check(page: PageRequestDep) -> Response:
    """Return the errors so far and the choices that depend on the input, as parts that a script replaces."""
    with page.reading() as request:
        draft = read_draft(request, page)
        if draft is None:
            return _closed(request, page)
        page.form.errors.update(_typed(page, _errors(request, page, draft)))
        return page.show("parts/new_lab_pieces.html", fields=FIELDS, **_shown(request, page, draft))


def make(page: PageRequestDep) -> Response:
    form = page.form
    with page.reading() as request:
        draft = read_draft(request, page)
        if draft is None:
            return _closed(request, page)
        only_look = form.has("look")
        if not only_look:
            form.errors.update(_errors(request, page, draft))
        if only_look or form.errors:
            status = 400 if form.errors else 200
            return page.show("lab_new.html", status=status, **_shown(request, page, draft))
    with form.checking(*FIELDS):
        with page.writing() as request:
            wanted = draft.wanted(_gallery(request, draft), form.raw("password"))
            lab, _, operation = create_lab(request, draft.id, wanted, page.services.secrets)
        page.start(operation)
        return page.go(lab_url(lab), notice=page.gettext("The lab is being made. You may leave this page."))
    with page.reading() as request:  # something changed after the check
        return page.show("lab_new.html", status=409, **_shown(request, page, draft))


def _errors(request: Request, page: PageRequest, draft: LabForm) -> dict[str, GaleriaError]:
    """Return the errors that making the lab would raise, by field."""
    missing: dict[str, GaleriaError] = {}
    if not draft.title:
        missing["title"] = Invalid(
            Message("A lab needs a title."), hint=Message("Type one, such as the name of the course.")
        )
        if not draft.name:
            missing["name"] = missing["title"]
    if not draft.image:
        missing["image"] = Invalid(Message("No image is chosen."), hint=Message("Choose one of the images."))
    wanted = draft.wanted(_gallery(request, draft), page.form.raw("password"))
    found = check_lab(request, draft.id, draft.account, wanted).errors | missing
    if "title" in missing and not draft.name:
        del found["name"]  # the name is made from the title
    return found


def _typed(page: PageRequest, errors: dict[str, GaleriaError]) -> dict[str, GaleriaError]:
    """Return only errors of fields that were filled in already; all of them once the form was refused."""
    if page.form.has("refused"):
        return errors
    return {name: error for name, error in errors.items() if page.form.text(name) or name == "region"}


def _gallery(request: Request, draft: LabForm) -> ResourceId | None:
    id = draft.account.gallery_id
    gallery = request.uow.galleries.find(id) if id else None
    return gallery.arm_id if gallery else None


def _shown(request: Request, page: PageRequest, draft: LabForm) -> dict[str, Any]:
    return {
        "form": page.form,
        "draft": draft,
        "choices": read_choices(request, draft),
        "permit": permit(request, CREATE, draft.account.key),
        "account_value": account_value,
        "shutdowns": SHUTDOWNS,
        "retired": _retired,
    }


def _retired(draft: LabForm, accounts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the accounts of a specialized image that are closed in the new lab where they are not kept."""
    return tuple(each for each in accounts if each != draft.user)


def _closed(request: Request, page: PageRequest) -> Response:
    """Return the page for a person who may make labs with no account, or where there is none."""
    there_is_none = not request.uow.accounts.below("/subscriptions")
    return page.show("lab_new_closed.html", status=403, permit=new_lab_permit(request), there_is_none=there_is_none)

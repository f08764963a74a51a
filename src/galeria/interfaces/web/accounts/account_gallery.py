"""The page "Shared image gallery" of a lab account: create, attach, detach."""

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import GALLERY
from galeria.actions.labs.account_gallery import (
    attach_gallery,
    create_and_attach,
    detach_gallery,
    parse_gallery,
    preview_gallery,
)
from galeria.actions.labs.accounts import ACCOUNT
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message, join
from galeria.interfaces.web.accounts.accounts import ONE_ACCOUNT, account_id, may_see_images, region_names
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission, permit, refused
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import account_url


def account_gallery_router() -> APIRouter:
    router = page_router()
    place = f"{ONE_ACCOUNT}/gallery"
    router.add_api_route(place, show_gallery, methods=["GET"], name="web_account_gallery")
    router.add_api_route(f"{place}/create", ask_create, methods=["GET"], name="web_account_gallery_ask_create")
    router.add_api_route(f"{place}/create", create, methods=["POST"], name="web_account_gallery_create")
    router.add_api_route(f"{place}/attach", ask_attach, methods=["GET"], name="web_account_gallery_ask_attach")
    router.add_api_route(f"{place}/attach", attach, methods=["POST"], name="web_account_gallery_attach")
    router.add_api_route(f"{place}/detach", ask_detach, methods=["GET"], name="web_account_gallery_ask_detach")
    router.add_api_route(f"{place}/detach", detach, methods=["POST"], name="web_account_gallery_detach")
    return router


def show_gallery(page: PageRequestDep, group: str, name: str) -> Response:
    return _show(page, "account_gallery.html", account_id(page, group, name))


def ask_create(page: PageRequestDep, group: str, name: str) -> Response:
    return _show(page, "account_gallery_create.html", account_id(page, group, name))


def create(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = account_id(page, group, name), page.form
    with form.checking("name"), page.writing() as request:
        gallery = create_and_attach(request, id, form.text("name"))
    if form.errors:
        return _show(page, "account_gallery_create.html", id, status=400)
    notice = page.gettext("The gallery %(name)s was made and attached.") % {"name": gallery.name}
    return page.go(account_url(id, "gallery"), notice=notice)


def ask_attach(page: PageRequestDep, group: str, name: str) -> Response:
    return _show(page, "account_gallery_attach.html", account_id(page, group, name))


def attach(page: PageRequestDep, group: str, name: str) -> Response:
    id, form = account_id(page, group, name), page.form
    page.require(f"{ACCOUNT}/write", id.key)
    with form.checking("gallery"):
        gallery = parse_gallery(form.text("gallery"))
        with page.writing() as request:
            attach_gallery(request, id, gallery)
    if form.errors:
        return _show(page, "account_gallery_attach.html", id, status=400)
    notice = page.gettext("The gallery %(name)s is attached.") % {"name": gallery.name}
    return page.go(account_url(id, "gallery"), notice=notice)


def ask_detach(page: PageRequestDep, group: str, name: str) -> Response:
    return _show(page, "account_gallery_detach.html", account_id(page, group, name))


def detach(page: PageRequestDep, group: str, name: str) -> Response:
    id = account_id(page, group, name)
    with page.writing() as request:
        detach_gallery(request, id)
    notice = page.gettext("The gallery is detached. The labs that there are go on.")
    return page.go(account_url(id, "gallery"), notice=notice)


def _show(page: PageRequest, template: str, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        seen = preview_gallery(request, id)
        write = permit(request, f"{ACCOUNT}/write", id.key)
        has_one = seen.gallery is not None
        return page.show(
            template,
            status=status,
            form=page.form,
            seen=seen,
            account=seen.account,
            create=_only_without(has_one, _create_permit(request, id)),
            attach=_only_without(has_one, write),
            detach=write,
            regions=region_names(request),
            may_images=may_see_images(request, seen.account),
        )


def _create_permit(request: Request, id: ResourceId) -> Permission:
    """Return whether the person may create a gallery, which needs a right on the account and one on its resource group."""
    write = permit(request, f"{ACCOUNT}/write", id.key)
    return permit(request, f"{GALLERY}/write", id.parent.key) if write else write


def _only_without(has_one: bool, allowed: Permission) -> Permission:
    """Refuse a second gallery: an account has one at a time."""
    if not has_one or not allowed:
        return allowed
    detach = Message("Detach that one first; an account has one gallery at a time.")
    return refused(join(Message("A gallery is attached."), detach))

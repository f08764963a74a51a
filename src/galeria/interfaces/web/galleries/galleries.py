"""Pages of galleries: the list, creating one, its images, its settings, and deleting it."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from galeria.actions.core.groups import list_groups
from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import (
    GALLERY,
    GalleryDetails,
    delete_gallery,
    get_gallery,
    put_gallery,
    require_new_gallery,
)
from galeria.actions.galleries.gallery_lists import browse_definitions, browse_galleries, retained_of_gallery
from galeria.domain.ids import COMPUTE, ResourceId
from galeria.domain.images.galleries import Gallery
from galeria.domain.messages import Message
from galeria.domain.resources import ResourceGroup
from galeria.interfaces.web.accounts.accounts import region_list, region_names
from galeria.interfaces.web.kit.names import shown_name, system_names
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import ALLOWED, Permission, permit, refused
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import require_same
from galeria.interfaces.web.kit.urls import gallery_url

GALLERIES = "/galleries"
ONE = GALLERIES + "/{group}/{gallery}"
WRITE, DELETE = f"{GALLERY}/write", f"{GALLERY}/delete"
_DAYS = ("retention", "grace")


def galleries_router() -> APIRouter:
    router = page_router()
    router.add_api_route(GALLERIES, show_galleries, methods=["GET"], name="web_galleries")
    router.add_api_route(f"{GALLERIES}/new", show_new, methods=["GET"], name="web_gallery_new")
    router.add_api_route(f"{GALLERIES}/new", create, methods=["POST"], name="web_gallery_create")
    router.add_api_route(ONE, show_gallery, methods=["GET"], name="web_gallery")
    router.add_api_route(f"{ONE}/settings", show_settings, methods=["GET"], name="web_gallery_settings")
    router.add_api_route(f"{ONE}/settings", change_settings, methods=["POST"], name="web_gallery_change")
    router.add_api_route(f"{ONE}/delete", show_delete, methods=["GET"], name="web_gallery_ask_delete")
    router.add_api_route(f"{ONE}/delete", delete, methods=["POST"], name="web_gallery_delete")
    return router


def gallery_id(page: PageRequest, group: str, gallery: str) -> ResourceId:
    return page.id(group).resource(COMPUTE, "galleries", gallery)


def show_galleries(page: PageRequestDep) -> Response:
    with page.reading() as request:
        rows = browse_galleries(request, page.subscription.lower())
        new = _may_make(request, page)
        return page.show("galleries.html", rows=rows, new=new, regions=region_names(request))


def show_new(page: PageRequestDep) -> Response:
    return _show_new(page)


def create(page: PageRequestDep) -> Response:
    form = page.form
    page.require(WRITE, page.id(form.text("group")).key if form.text("group") else page.subscription)
    with form.checking("name", "group", "region", *_DAYS, location="region"):
        details = _details(page)
        id = gallery_id(page, form.text("group"), form.text("name"))
        with page.writing() as request:
            require_new_gallery(request, id)
            put_gallery(
                request,
                id,
                location=form.text("region"),
                tags={},
                description=form.text("description"),
                details=details,
            )
    if form.errors:
        return _show_new(page, status=400)
    return page.go(gallery_url(id), notice=page.gettext("The gallery is made."))


def show_gallery(page: PageRequestDep, group: str, gallery: str) -> Response:
    id, text = gallery_id(page, group, gallery), page.query("q")
    with page.reading() as request:
        found, regions = get_gallery(request, id), region_names(request)
        return page.show(
            "gallery.html",
            gallery=found,
            rows=browse_definitions(request, found, text=text, page=page_number(page)),
            text=text,
            retained=retained_of_gallery(request, found),
            accounts=request.uow.accounts.with_gallery(found.id),
            regions=regions,
            region_list=region_list(regions),
            maker=shown_name(request, found.created_by),
            system=system_names(page),
            **_permits(request, found),
        )


def show_settings(page: PageRequestDep, group: str, gallery: str) -> Response:
    return _show_settings(page, gallery_id(page, group, gallery))


def change_settings(page: PageRequestDep, group: str, gallery: str) -> Response:
    id = gallery_id(page, group, gallery)
    page.require(WRITE, id.key)
    with page.form.checking(*_DAYS):
        details = _details(page)
        with page.writing() as request:
            held = get_gallery(request, id)
            require_same(page.form, held.description, held.soft_delete, held.retention_days, held.grace_days)
            put_gallery(
                request,
                id,
                location=held.location,
                tags=held.tags,
                description=page.form.text("description"),
                details=details,
            )
    if page.form.errors:
        return _show_settings(page, id, status=400)
    return page.go(gallery_url(id), notice=page.gettext("The settings are saved."))


def show_delete(page: PageRequestDep, group: str, gallery: str) -> Response:
    id = gallery_id(page, group, gallery)
    with page.reading() as request:
        found = get_gallery(request, id)
        return page.show(
            "gallery_delete.html",
            gallery=found,
            images=request.uow.version_queries.definition_counts().get(found.id, 0),
            accounts=request.uow.accounts.with_gallery(found.id),
            allowed=_deletable(request, found),
        )


def delete(page: PageRequestDep, group: str, gallery: str) -> Response:
    with page.writing() as request:
        delete_gallery(request, gallery_id(page, group, gallery))
    return page.go(GALLERIES, notice=page.gettext("The gallery is deleted."))


def _show_new(page: PageRequest, *, status: int = 200) -> Response:
    with page.reading() as request:
        return page.show(
            "gallery_new.html",
            status=status,
            form=page.form,
            allowed=_may_make(request, page),
            groups=_own_groups(request, page),
            regions=request.settings.regions.all,
        )


def _show_settings(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        found = get_gallery(request, id)
        allowed = permit(request, WRITE, found.key)
        return page.show("gallery_settings.html", status=status, form=page.form, gallery=found, allowed=allowed)


def _own_groups(request: Request, page: PageRequest) -> list[ResourceGroup]:
    """Return the resource groups in which this person may create galleries."""
    groups = list_groups(request, page.services.subscription_id)
    return [each for each in groups if request.caller.may(WRITE, each.key)]


def _may_make(request: Request, page: PageRequest) -> Permission:
    return ALLOWED if _own_groups(request, page) else permit(request, WRITE, page.subscription.lower())


def _details(page: PageRequest) -> GalleryDetails:
    """Read the settings from the form. Raises Invalid. Without soft deletion its days stay as they are."""
    form = page.form
    details = GalleryDetails(soft_delete=form.has("soft_delete"))
    if not details.soft_delete:
        return details
    return replace(details, retention_days=form.number("retention", 7), grace_days=form.number("grace", 30))


def _permits(request: Request, gallery: Gallery) -> dict[str, Any]:
    images = f"{GALLERY}/images"
    return {
        "write": permit(request, WRITE, gallery.key),
        "import_permit": permit(request, f"{images}/versions/write", gallery.key),
        "delete_permit": permit(request, DELETE, gallery.key),
        "restore_permit": permit(request, f"{images}/versions/write", gallery.key),
    }


def _deletable(request: Request, gallery: Gallery) -> Permission:
    """Return the answer that deleting would give. Nothing is changed."""
    allowed = permit(request, DELETE, gallery.key)
    if not allowed:
        return allowed
    accounts = request.uow.accounts.with_gallery(gallery.id)
    if request.uow.image_queries.outlines(gallery.id):
        return refused(Message("The gallery still holds images."))
    if gallery.community_enabled:
        return refused(Message("The gallery is shared with the community."))
    return refused(Message("The gallery is attached to a lab account.")) if accounts else allowed

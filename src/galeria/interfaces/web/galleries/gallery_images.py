"""The page of one image: its description, its versions in their regions, and the available actions."""

from typing import Any

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.galleries.definitions import (
    IMAGE,
    DefinitionRequest,
    delete_definition,
    get_definition,
    put_definition,
)
from galeria.actions.galleries.gallery_lists import browse_versions, retained_of_definition
from galeria.actions.versions.versions import VERSION
from galeria.domain.ids import COMPUTE, ResourceId
from galeria.domain.images.galleries import ImageDefinition, ImageVersion
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.interfaces.web.galleries.galleries import ONE as GALLERY
from galeria.interfaces.web.kit.names import shown_name
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import Permission, permit, refused
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.saved_values import require_same
from galeria.interfaces.web.kit.urls import gallery_url, image_url
from galeria.ports.files import REFUSED_FILE

ONE = GALLERY + "/images/{image}"
RECENT = 50  # operations that are asked whether a file was refused
NEWEST = 10  # versions that are asked whether their disk is there


def gallery_images_router() -> APIRouter:
    router = page_router()
    router.add_api_route(ONE, show_image, methods=["GET"], name="web_image")
    router.add_api_route(f"{ONE}/rows", show_rows, methods=["GET"], name="web_image_rows")
    router.add_api_route(f"{ONE}/edit", show_edit, methods=["GET"], name="web_image_edit")
    router.add_api_route(f"{ONE}/edit", edit, methods=["POST"], name="web_image_change")
    router.add_api_route(f"{ONE}/delete", show_delete, methods=["GET"], name="web_image_ask_delete")
    router.add_api_route(f"{ONE}/delete", delete, methods=["POST"], name="web_image_delete")
    return router


def image_id(page: PageRequest, group: str, gallery: str, image: str) -> ResourceId:
    return page.id(group).resource(COMPUTE, "galleries", gallery).child("images", image)


def show_image(page: PageRequestDep, group: str, gallery: str, image: str) -> Response:
    id = image_id(page, group, gallery, image)
    with page.reading() as request:
        definition = get_definition(request, id)
        return page.show(
            "image.html",
            image=definition,
            retained=retained_of_definition(request, definition),
            labs=request.uow.labs.count_of_definition(definition.id),
            maker=shown_name(request, definition.created_by),
            newest=_newest(request, definition),
            **_versions(request, page, definition),
            **_permits(request, definition),
        )


def show_rows(page: PageRequestDep, group: str, gallery: str, image: str) -> Response:
    """Return the table of versions alone, which the page requests again while an operation works on one of them."""
    id = image_id(page, group, gallery, image)
    with page.reading() as request:
        definition = get_definition(request, id)
        return page.show(
            "parts/versions.html",
            image=definition,
            **_versions(request, page, definition),
            **_permits(request, definition),
        )


def show_edit(page: PageRequestDep, group: str, gallery: str, image: str) -> Response:
    return _show_edit(page, image_id(page, group, gallery, image))


def edit(page: PageRequestDep, group: str, gallery: str, image: str) -> Response:
    id = image_id(page, group, gallery, image)
    with page.form.checking("name", "description"), page.writing() as request:
        held = get_definition(request, id)
        require_same(page.form, held.display_name, held.description)
        put_definition(request, id, _changed(held, page))
    if page.form.errors:
        return _show_edit(page, id, status=400)
    return page.go(image_url(id), notice=page.gettext("The image's texts are saved."))


def show_delete(page: PageRequestDep, group: str, gallery: str, image: str) -> Response:
    id = image_id(page, group, gallery, image)
    with page.reading() as request:
        definition = get_definition(request, id)
        return page.show("image_delete.html", image=definition, allowed=_deletable(request, definition))


def delete(page: PageRequestDep, group: str, gallery: str, image: str) -> Response:
    id = image_id(page, group, gallery, image)
    with page.writing() as request:
        delete_definition(request, id)
    return page.go(gallery_url(id.parent), notice=page.gettext("The image is deleted."))


def _show_edit(page: PageRequest, id: ResourceId, *, status: int = 200) -> Response:
    with page.reading() as request:
        definition = get_definition(request, id)
        allowed = permit(request, f"{IMAGE}/write", definition.key)
        return page.show("image_edit.html", status=status, form=page.form, image=definition, allowed=allowed)


def _versions(request: Request, page: PageRequest, definition: ImageDefinition) -> dict[str, Any]:
    starting = page.query("q")
    rows = browse_versions(request, definition, starting=starting, page=page_number(page))
    held = {replica.region for each in rows.rows for replica in each.facts.replicas}
    regions = [each for each in request.settings.regions.all]
    return {
        "refused": _refused(request, definition),
        "rows": rows,
        "starting": starting,
        "regions": regions,
        "gone_regions": sorted(held - {each.name for each in regions}),
        "is_moving": any(each.operation for each in rows.rows),
    }


def _refused(request: Request, definition: ImageDefinition) -> set[str]:
    """Return the ids of versions whose file was refused when somebody last tried to make them."""
    last: dict[str, Operation] = {}
    for each in request.uow.operations.recent(below=definition.key, limit=RECENT):
        last.setdefault(each.subject, each)
    return {id for id, operation in last.items() if operation.error_code == REFUSED_FILE}


def _newest(request: Request, definition: ImageDefinition) -> ImageVersion | None:
    """Return the version with the highest number whose disks are stored."""
    versions, _ = request.uow.version_queries.versions(definition.id, limit=NEWEST)
    return next((each for each in versions if each.is_ready), None)


def _permits(request: Request, definition: ImageDefinition) -> dict[str, Any]:
    return {
        "write": permit(request, f"{IMAGE}/write", definition.key),
        "import_permit": permit(request, f"{VERSION}/write", definition.key),
        "delete_permit": permit(request, f"{IMAGE}/delete", definition.key),
    }


def _deletable(request: Request, definition: ImageDefinition) -> Permission:
    """Return the answer that deleting would give. Nothing is changed."""
    allowed = permit(request, f"{IMAGE}/delete", definition.key)
    if not allowed:
        return allowed
    lists = request.uow.version_queries
    if lists.versions(definition.id, limit=1)[1]:
        return refused(Message("The image still has versions."))
    if lists.versions(definition.id, retained=True, limit=1)[1]:
        return refused(Message("The image has deleted versions that can still be restored."))
    return allowed


def _changed(held: ImageDefinition, page: PageRequest) -> DefinitionRequest:
    return DefinitionRequest(
        location=held.location,
        tags=held.tags,
        os_type=held.os_type,
        os_state=held.os_state,
        publisher=held.publisher,
        offer=held.offer,
        sku=held.sku,
        display_name=page.form.text("name"),
        description=page.form.text("description"),
        eula=held.eula,
        privacy_uri=held.privacy_uri,
        release_note_uri=held.release_note_uri,
        end_of_life=held.end_of_life,
        recommended=held.recommended,
        disallowed_disks=tuple(held.disallowed_disks),
        purchase_plan=held.purchase_plan,
    )

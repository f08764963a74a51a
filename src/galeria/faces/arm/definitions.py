"""Image definitions."""

from typing import Any

from starlette.responses import Response

from galeria.actions.galleries import (
    DefinitionRequest,
    delete_definition,
    get_definition,
    list_definitions,
    put_definition,
)
from galeria.domain.galleries import Generation, ImageDefinition
from galeria.faces.arm.answers import deleted, put, shown
from galeria.faces.arm.door import At
from galeria.faces.arm.envelope import envelope
from galeria.faces.arm.ids import DefinitionId, GalleryId
from galeria.faces.arm.paging import by_name, listed, page
from galeria.faces.arm.routes import DEFINITION, GALLERY, Route
from galeria.faces.arm.schemas_compute import DefinitionBody, DefinitionPatch

# From this api-version on, a definition that does not name its generation is V2; before it was V1.
_V2_BY_DEFAULT = "2025-03-03"


def put_one(id: DefinitionId, body: DefinitionBody, door: At) -> Response:
    wanted = body.properties
    default = Generation.V2 if door.api_version >= _V2_BY_DEFAULT else Generation.V1
    with door.writing() as request:
        definition, is_new = put_definition(
            request,
            id,
            DefinitionRequest(
                location=body.location,
                tags=body.tags or {},
                os_type=wanted.os_type,
                os_state=wanted.os_state,
                generation=wanted.hyper_v_generation or default,
                publisher=wanted.identifier.publisher,
                offer=wanted.identifier.offer,
                sku=wanted.identifier.sku,
                display_name=(wanted.galeria and wanted.galeria.display_name) or "",
                description=wanted.description or "",
            ),
        )
    return put(door, _view(definition), is_new=is_new)


def patch_one(id: DefinitionId, body: DefinitionPatch, door: At) -> Response:
    changes = body.properties
    sent = changes.description if changes else None
    with door.writing() as request:
        held = get_definition(request, id)
        definition, _ = put_definition(
            request,
            id,
            DefinitionRequest(
                location=held.location,
                tags=held.tags if body.tags is None else body.tags,
                os_type=held.os_type,
                os_state=held.os_state,
                generation=held.generation,
                publisher=held.publisher,
                offer=held.offer,
                sku=held.sku,
                display_name=(changes and changes.galeria and changes.galeria.display_name) or "",
                description=held.description if sent is None else sent,
            ),
        )
    return shown(_view(definition))


def get_one(id: DefinitionId, door: At) -> Response:
    with door.reading() as request:
        return shown(_view(get_definition(request, id)))


def list_all(id: GalleryId, door: At) -> Response:
    with door.reading() as request:
        definitions, link = page(door, list_definitions(request, id), order=by_name)
    return shown(listed([_view(definition) for definition in definitions], link))


def delete_one(id: DefinitionId, door: At) -> Response:
    with door.writing() as request:
        was_there = delete_definition(request, id)
    return deleted(was_there)


def _view(definition: ImageDefinition) -> dict[str, Any]:
    return envelope(
        definition,
        {
            "description": definition.description,
            "osType": definition.os_type.value,
            "osState": definition.os_state.value,
            "hyperVGeneration": definition.generation.value,
            "identifier": {
                "publisher": definition.publisher,
                "offer": definition.offer,
                "sku": definition.sku,
            },
            "galeria": {"displayName": definition.display_name},
        },
    )


ROUTES = (
    Route(name="GalleryImages_ListByGallery", method="GET", path=GALLERY + "/images", handler=list_all),
    Route(name="GalleryImages_CreateOrUpdate", method="PUT", path=DEFINITION, handler=put_one),
    Route(name="GalleryImages_Update", method="PATCH", path=DEFINITION, handler=patch_one),
    Route(name="GalleryImages_Get", method="GET", path=DEFINITION, handler=get_one),
    Route(name="GalleryImages_Delete", method="DELETE", path=DEFINITION, handler=delete_one),
)

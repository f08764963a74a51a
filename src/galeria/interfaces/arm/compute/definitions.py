"""Routes of image definitions."""

from datetime import datetime
from typing import TypedDict

from starlette.responses import Response

from galeria.actions.galleries.definitions import (
    DefinitionRequest,
    delete_definition,
    get_definition,
    list_definitions,
    put_definition,
)
from galeria.domain.images.definition_rules import Feature, Range
from galeria.domain.images.galleries import Generation, ImageDefinition
from galeria.interfaces.arm.compute.definition_views import definition_view
from galeria.interfaces.arm.compute.gallery_schemas import DefinitionBody, DefinitionChanges, DefinitionPatch
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.paging import by_name, listed, page
from galeria.interfaces.arm.protocol.path_ids import DefinitionId, GalleryId
from galeria.interfaces.arm.protocol.responses import deleted, put, shown
from galeria.interfaces.arm.protocol.routes import DEFINITION, GALLERY, Route

# From this api-version on, a new definition without a generation is V2; with earlier versions it is V1 (as in Azure).
_V2_BY_DEFAULT = "2025-03-03"


class DescriptiveProperties(TypedDict):
    """The properties that a request may change."""

    display_name: str
    description: str
    eula: str
    privacy_uri: str
    release_note_uri: str
    end_of_life: datetime | None
    recommended: dict[str, Range]
    disallowed_disks: tuple[str, ...]
    purchase_plan: dict[str, str]
    features: tuple[Feature, ...] | None
    allow_update: bool | None


def put_one(id: DefinitionId, body: DefinitionBody, arm_request: ArmRequestDep) -> Response:
    wanted = body.properties
    with arm_request.writing() as request:
        held = request.uow.definitions.find_by_key(id.key)
        default = Generation.V2 if arm_request.api_version >= _V2_BY_DEFAULT else Generation.V1
        definition, is_new = put_definition(
            request,
            id,
            DefinitionRequest(
                location=body.location,
                tags=body.tags or {},
                os_type=wanted.os_type,
                os_state=wanted.os_state,
                generation=wanted.hyper_v_generation or (None if held else default),
                architecture=wanted.architecture,
                publisher=wanted.identifier.publisher,
                offer=wanted.identifier.offer,
                sku=wanted.identifier.sku,
                **_said(wanted),
            ),
        )
    return put(arm_request, definition_view(definition), is_new=is_new)


def patch_one(id: DefinitionId, body: DefinitionPatch, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        held = get_definition(request, id)
        definition, _ = put_definition(
            request,
            id,
            DefinitionRequest(
                location=held.location,
                tags=held.tags if body.tags is None else body.tags,
                os_type=held.os_type,
                os_state=held.os_state,
                publisher=held.publisher,
                offer=held.offer,
                sku=held.sku,
                **_merged(held, body.properties or DefinitionChanges()),
            ),
        )
    return shown(definition_view(definition))


def get_one(id: DefinitionId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(definition_view(get_definition(request, id)))


def list_all(id: GalleryId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        definitions, link = page(arm_request, list_definitions(request, id), order=by_name)
    return shown(listed([definition_view(definition) for definition in definitions], link))


def delete_one(id: DefinitionId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        was_there = delete_definition(request, id)
    return deleted(was_there)


def _said(changes: DefinitionChanges) -> DescriptiveProperties:
    ours, disallowed, plan = changes.galeria, changes.disallowed, changes.purchase_plan
    features = changes.features
    return DescriptiveProperties(
        display_name=(ours and ours.display_name) or "",
        description=changes.description or "",
        eula=changes.eula or "",
        privacy_uri=changes.privacy_statement_uri or "",
        release_note_uri=changes.release_note_uri or "",
        end_of_life=changes.end_of_life_date,
        recommended=_recommended(changes),
        disallowed_disks=tuple((disallowed and disallowed.disk_types) or ()),
        purchase_plan=plan.model_dump(by_alias=True, exclude_none=True) if plan else {},
        features=None if features is None else tuple(_feature(each.model_dump(by_alias=True)) for each in features),
        allow_update=changes.allow_update_image,
    )


def _merged(held: ImageDefinition, changes: DefinitionChanges) -> DescriptiveProperties:
    """Return the properties after a PATCH: those that were not sent stay, and null empties a property that may be empty."""
    own = DescriptiveProperties(
        display_name="",
        description=held.description,
        eula=held.eula,
        privacy_uri=held.privacy_uri,
        release_note_uri=held.release_note_uri,
        end_of_life=held.end_of_life,
        recommended=held.recommended,
        disallowed_disks=tuple(held.disallowed_disks),
        purchase_plan=held.purchase_plan,
        features=None,
        allow_update=None,
    )
    names = {
        "galeria": "display_name",
        "privacy_statement_uri": "privacy_uri",
        "end_of_life_date": "end_of_life",
        "disallowed": "disallowed_disks",
        "allow_update_image": "allow_update",
    }
    sent = {names.get(name, name) for name in changes.model_fields_set}
    new = _said(changes)
    for name in own:
        if name in sent:
            own[name] = new[name]  # type: ignore[literal-required]
    return own


def _recommended(changes: DefinitionChanges) -> dict[str, Range]:
    if changes.recommended is None:
        return {}
    said: dict[str, Range] = changes.recommended.model_dump(by_alias=True, exclude_none=True)
    return {what: bounds for what, bounds in said.items() if bounds}


def _feature(said: dict[str, str | None]) -> Feature:
    return {name: text for name, text in said.items() if text is not None}


ROUTES = (
    Route(name="GalleryImages_ListByGallery", method="GET", path=GALLERY + "/images", handler=list_all),
    Route(name="GalleryImages_CreateOrUpdate", method="PUT", path=DEFINITION, handler=put_one),
    Route(name="GalleryImages_Update", method="PATCH", path=DEFINITION, handler=patch_one),
    Route(name="GalleryImages_Get", method="GET", path=DEFINITION, handler=get_one),
    Route(name="GalleryImages_Delete", method="DELETE", path=DEFINITION, handler=delete_one),
)

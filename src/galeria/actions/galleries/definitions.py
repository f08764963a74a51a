"""Image definitions: create, change, list, delete. What describes the operating system never changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from galeria.actions.core.parent_checks import require_no_children, require_room, require_same_location
from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import get_gallery, require_home_region, require_parent_gallery
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId, definition_name
from galeria.domain.images.definition_rules import (
    PROPERTIES,
    Feature,
    Range,
    check_features,
    check_identifier,
    check_recommended,
    check_unchanged,
)
from galeria.domain.images.galleries import Architecture, Gallery, Generation, ImageDefinition, OsState, OsType
from galeria.domain.images.publishing import end_of_life
from galeria.domain.images.soft_delete import Retention
from galeria.domain.messages import EMPTY, Message

IMAGE = "Microsoft.Compute/galleries/images"
# Azure's limit for a subscription in one region (docs/rules.md, "Limits").
MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class DefinitionRequest:
    """What a caller says of an image definition.

    None leaves a value as it is, or gives a new definition its default.
    """

    location: str
    tags: dict[str, str]
    os_type: OsType
    os_state: OsState
    generation: Generation | None = None
    publisher: str
    offer: str
    sku: str
    display_name: str = ""  # empty: as it is, or the resource's name
    description: str = ""
    architecture: Architecture | None = None
    eula: str = ""
    privacy_uri: str = ""
    release_note_uri: str = ""
    end_of_life: datetime | None = None
    recommended: Mapping[str, Range] = field(default_factory=dict)
    disallowed_disks: tuple[str, ...] = ()
    purchase_plan: Mapping[str, str] = field(default_factory=dict)
    features: tuple[Feature, ...] | None = None
    allow_update: bool | None = None


def put_definition(request: Request, id: ResourceId, wanted: DefinitionRequest) -> tuple[ImageDefinition, bool]:
    """Creates or changes an image definition; the second value tells whether it is new.

    Raises Forbidden, Invalid, NotFound, and Conflict where a property that never changes would change.
    """
    request.caller.require(f"{IMAGE}/write", id.key)
    place = request.settings.regions.get(wanted.location).name
    gallery = require_parent_gallery(request, id)
    definition = request.uow.definitions.find_by_key(id.key)
    request.audit(f"{IMAGE}/write", str(id))
    if definition:
        require_same_location(definition, place)
        _check_unchanged(definition, wanted)
        definition.display_name = wanted.display_name or definition.display_name
        _describe(request, definition, wanted)
        request.touch(definition)
        return definition, False
    definition = _new(request, id, gallery, wanted, place)
    _describe(request, definition, wanted)
    request.uow.definitions.add(definition)
    return definition, True


def get_definition(request: Request, id: ResourceId) -> ImageDefinition:
    """Returns an image definition. Raises Forbidden, NotFound."""
    request.caller.require(f"{IMAGE}/read", id.key)
    return request.uow.definitions.get_by_key(id.key)


def list_definitions(request: Request, gallery_id: ResourceId) -> list[ImageDefinition]:
    """Returns the image definitions of a gallery, by name. Raises Forbidden, NotFound."""
    gallery = get_gallery(request, gallery_id)
    return request.uow.definitions.of_gallery(gallery.id)


def delete_definition(request: Request, id: ResourceId) -> bool:
    """Deletes an image definition and tells whether it existed.

    Raises Forbidden, and Conflict while versions exist, soft-deleted ones included.
    """
    request.caller.require(f"{IMAGE}/delete", id.key)
    definition = request.uow.definitions.find_by_key(id.key)
    if definition is None:
        return False
    versions = request.uow.versions.of_definition(definition.id)
    retained = all(version.retention is not Retention.ACTIVE for version in versions)
    hint = (
        Message("All of them are soft-deleted: delete them for good with ?bypassSoftDelete=true.")
        if retained
        else EMPTY
    )
    require_no_children(versions, id, hint=hint)
    request.audit(f"{IMAGE}/delete", str(id))
    request.uow.people.remove_assignments_below(definition.key)
    request.uow.definitions.remove(definition)
    return True


def _new(
    request: Request, id: ResourceId, gallery: Gallery, wanted: DefinitionRequest, location: str
) -> ImageDefinition:
    definition_name(id.name)
    check_identifier(wanted.publisher, wanted.offer, wanted.sku)
    _require_unique(request, gallery, wanted)
    problem = Message(
        "The image definition of a community gallery is made in the gallery's own region, {location}.",
        location=gallery.location,
    )
    require_home_region(gallery, location, problem)
    require_room(request, request.uow.definitions, id, location, most=MOST)
    generation = wanted.generation or Generation.V1
    check_features(wanted.features or (), generation)
    return ImageDefinition(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=location,
        gallery_id=gallery.id,
        display_name=wanted.display_name or id.name,
        os_type=wanted.os_type,
        os_state=wanted.os_state,
        generation=generation,
        architecture=wanted.architecture or Architecture.X64,
        publisher=wanted.publisher,
        offer=wanted.offer,
        sku=wanted.sku,
        features=[dict(each) for each in wanted.features or ()],
        author_id=request.caller.principal.id,
        **request.stamps(),
    )


def _describe(request: Request, definition: ImageDefinition, wanted: DefinitionRequest) -> None:
    """Sets the descriptive properties, which may change at any time."""
    check_recommended(wanted.recommended)
    now, target = request.clock.now(), f"{PROPERTIES}.endOfLifeDate"
    end = end_of_life(now, definition.end_of_life, wanted.end_of_life, target)
    definition.tags, definition.description = wanted.tags, wanted.description
    definition.eula, definition.privacy_uri = wanted.eula, wanted.privacy_uri
    definition.release_note_uri, definition.end_of_life = wanted.release_note_uri, end
    definition.recommended = {what: dict(bounds) for what, bounds in wanted.recommended.items()}
    definition.disallowed_disks = list(wanted.disallowed_disks)
    definition.purchase_plan = dict(wanted.purchase_plan)
    if wanted.allow_update is not None:
        definition.allow_update = wanted.allow_update
    if wanted.features is not None:
        check_features(wanted.features, definition.generation)
        definition.features = [dict(each) for each in wanted.features]


def _check_unchanged(definition: ImageDefinition, wanted: DefinitionRequest) -> None:
    """Raises Invalid where a fixed property would change; features are fixed unless the definition allows updates."""
    pairs: dict[str, tuple[object, object]] = {
        "osType": (definition.os_type, wanted.os_type),
        "osState": (definition.os_state, wanted.os_state),
        "hyperVGeneration": (definition.generation, wanted.generation or definition.generation),
        "architecture": (definition.architecture, wanted.architecture or definition.architecture),
        "identifier.publisher": (definition.publisher, wanted.publisher),
        "identifier.offer": (definition.offer, wanted.offer),
        "identifier.sku": (definition.sku, wanted.sku),
    }
    may_change = definition.allow_update or wanted.allow_update
    if wanted.features is not None and not may_change:
        pairs["features"] = (_sorted(definition.features), _sorted(wanted.features))
    check_unchanged(pairs)


def _sorted(features: list[Feature] | tuple[Feature, ...]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(each.items()) for each in features)


def _require_unique(request: Request, gallery: Gallery, wanted: DefinitionRequest) -> None:
    triple = (wanted.publisher.lower(), wanted.offer.lower(), wanted.sku.lower())
    for other in request.uow.definitions.of_gallery(gallery.id):
        if (other.publisher.lower(), other.offer.lower(), other.sku.lower()) == triple:
            raise Conflict(
                Message("Publisher, offer and sku are the same as those of '{other}'.", other=other.name),
                hint=Message("Change one of the three: together they are unique in a gallery."),
                target=f"{PROPERTIES}.identifier",
            )

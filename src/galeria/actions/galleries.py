"""Galleries and image definitions."""

from collections.abc import Sequence
from dataclasses import dataclass

from galeria.actions.groups import require_group
from galeria.actions.request import Request
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.galleries import Gallery, Generation, ImageDefinition, OsState, OsType
from galeria.domain.ids import ResourceId, definition_name, gallery_name
from galeria.domain.resources import Resource

GALLERY = "Microsoft.Compute/galleries"
IMAGE = "Microsoft.Compute/galleries/images"


@dataclass(frozen=True, kw_only=True)
class DefinitionRequest:
    """What a caller says of an image definition; everything but the texts is fixed once it exists."""

    location: str
    tags: dict[str, str]
    os_type: OsType
    os_state: OsState
    generation: Generation
    publisher: str
    offer: str
    sku: str
    display_name: str = ""
    description: str = ""


def put_gallery(
    request: Request, id: ResourceId, *, location: str, tags: dict[str, str], description: str
) -> tuple[Gallery, bool]:
    """Make or change a gallery; the second value tells whether it is new. Its name is unique in the subscription."""
    request.caller.require(f"{GALLERY}/write", id.key)
    place = request.settings.regions.get(location).name
    request.audit(f"{GALLERY}/write", str(id))
    gallery = request.uow.galleries.find_by_key(id.key)
    if gallery:
        _same_location(gallery, place)
        gallery.tags, gallery.description = tags, description
        request.touch(gallery)
        return gallery, False
    require_group(request, id)
    gallery_name(id.name)
    if request.uow.galleries.named(id.subscription.lower(), id.name):
        raise Conflict(
            f"The gallery name '{id.name}' is not unique within the subscription.",
            hint="Choose another name, or use the gallery that exists.",
            code="GalleryNotUniqueInSubscription",
        )
    gallery = Gallery(
        id=request.dice.new_id(),
        resource_id=str(id),
        key=id.key,
        location=place,
        tags=tags,
        description=description,
        **request.stamps(),
    )
    request.uow.galleries.add(gallery)
    return gallery, True


def get_gallery(request: Request, id: ResourceId) -> Gallery:
    request.caller.require(f"{GALLERY}/read", id.key)
    return request.uow.galleries.get_by_key(id.key)


def list_galleries(request: Request, prefix: str) -> list[Gallery]:
    """Those below a subscription's or group's key that the caller may see."""
    return [each for each in request.uow.galleries.below(prefix) if request.caller.may(f"{GALLERY}/read", each.key)]


def delete_gallery(request: Request, id: ResourceId) -> bool:
    """False when there was none. Raises Conflict while definitions exist or an account has it attached."""
    request.caller.require(f"{GALLERY}/delete", id.key)
    gallery = request.uow.galleries.find_by_key(id.key)
    if gallery is None:
        return False
    _no_children(request.uow.definitions.of_gallery(gallery.id), id)
    accounts = request.uow.accounts.with_gallery(gallery.id)
    if accounts:
        raise Conflict(
            f"The gallery is attached to: {', '.join(account.name for account in accounts)}.",
            hint="Detach it from every lab account first.",
            code="CannotDeleteResource",
        )
    request.audit(f"{GALLERY}/delete", str(id))
    request.uow.galleries.remove(gallery)
    return True


def put_definition(request: Request, id: ResourceId, wanted: DefinitionRequest) -> tuple[ImageDefinition, bool]:
    """Make or change an image definition; what describes the operating system can never change."""
    request.caller.require(f"{IMAGE}/write", id.key)
    place = request.settings.regions.get(wanted.location).name
    gallery = get_parent_gallery(request, id)
    definition = request.uow.definitions.find_by_key(id.key)
    request.audit(f"{IMAGE}/write", str(id))
    if definition:
        _same_location(definition, place)
        _unchanged(definition, wanted)
        definition.tags, definition.description = wanted.tags, wanted.description
        definition.display_name = wanted.display_name or definition.display_name
        request.touch(definition)
        return definition, False
    definition_name(id.name)
    _unique_identifier(request, gallery, wanted)
    definition = ImageDefinition(
        id=request.dice.new_id(),
        resource_id=str(id),
        key=id.key,
        location=place,
        tags=wanted.tags,
        gallery_id=gallery.id,
        display_name=wanted.display_name or id.name,
        os_type=wanted.os_type,
        os_state=wanted.os_state,
        generation=wanted.generation,
        publisher=wanted.publisher,
        offer=wanted.offer,
        sku=wanted.sku,
        description=wanted.description,
        **request.stamps(),
    )
    request.uow.definitions.add(definition)
    return definition, True


def get_definition(request: Request, id: ResourceId) -> ImageDefinition:
    request.caller.require(f"{IMAGE}/read", id.key)
    return request.uow.definitions.get_by_key(id.key)


def list_definitions(request: Request, gallery_id: ResourceId) -> list[ImageDefinition]:
    gallery = get_gallery(request, gallery_id)
    return request.uow.definitions.of_gallery(gallery.id)


def delete_definition(request: Request, id: ResourceId) -> bool:
    """False when there was none. Raises Conflict while versions exist."""
    request.caller.require(f"{IMAGE}/delete", id.key)
    definition = request.uow.definitions.find_by_key(id.key)
    if definition is None:
        return False
    _no_children(request.uow.versions.of_definition(definition.id), id)
    request.audit(f"{IMAGE}/delete", str(id))
    request.uow.definitions.remove(definition)
    return True


def get_parent_gallery(request: Request, id: ResourceId) -> Gallery:
    gallery = request.uow.galleries.find_by_key(id.parent.key)
    if gallery is None:
        raise NotFound(
            f"Can not perform requested operation on nested resource. Parent resource '{id.parent.name}' not found.",
            hint="Create the gallery first.",
            code="ParentResourceNotFound",
        )
    return gallery


def _no_children(children: Sequence[Resource], id: ResourceId) -> None:
    names = [child.resource_id.split("/providers/")[-1] for child in children]
    if names:
        raise Conflict(
            "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
            f"'{', '.join(names[:5])}'. Please delete all nested resources before deleting this resource.",
            hint=f"{len(names)} in all below {id.name}.",
            code="CannotDeleteResource",
        )


def _same_location(resource: Resource, location: str) -> None:
    if resource.location != location:
        raise Conflict(
            f"'{resource.name}' is in {resource.location} and cannot move to {location}.",
            hint="Leave the location as it is, or use another name.",
            code="InvalidResourceLocation",
        )


def _unchanged(definition: ImageDefinition, wanted: DefinitionRequest) -> None:
    fixed = {
        "osType": (definition.os_type, wanted.os_type),
        "osState": (definition.os_state, wanted.os_state),
        "hyperVGeneration": (definition.generation, wanted.generation),
        "identifier.publisher": (definition.publisher, wanted.publisher),
        "identifier.offer": (definition.offer, wanted.offer),
        "identifier.sku": (definition.sku, wanted.sku),
    }
    for name, (now, then) in fixed.items():
        if now != then:
            raise Invalid(
                f"Changing property 'galleryImage.properties.{name}' is not allowed.",
                hint=f"It is '{now}'. Make another image definition for '{then}'.",
                code="PropertyChangeNotAllowed",
                target=f"galleryImage.properties.{name}",
            )


def _unique_identifier(request: Request, gallery: Gallery, wanted: DefinitionRequest) -> None:
    triple = (wanted.publisher.lower(), wanted.offer.lower(), wanted.sku.lower())
    if not all(triple):
        raise Invalid(
            "An image definition needs publisher, offer and sku.",
            hint="Any short words will do; together they must be unique in the gallery.",
            target="galleryImage.properties.identifier",
        )
    for other in request.uow.definitions.of_gallery(gallery.id):
        if (other.publisher.lower(), other.offer.lower(), other.sku.lower()) == triple:
            raise Conflict(
                f"Publisher, offer and sku are the same as those of '{other.name}'.",
                hint="Change one of the three: together they are unique in a gallery.",
                target="galleryImage.properties.identifier",
            )

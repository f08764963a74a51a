"""Finds the image definition and exact version that a lab is made from."""

from galeria.actions.core.request import Request
from galeria.actions.labs.eligible_images import read_eligibility
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import Obstacle, exact_version_obstacles
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.messages import Message, join

TARGET = "imageReference.id"


def choose_image(
    request: Request, account: LabAccount, image: ResourceId, region: str
) -> tuple[ImageDefinition, ImageVersion]:
    """Returns the definition and exact version that a lab made now gets.

    Raises NotFound, Invalid for an image of another gallery, and Conflict with every obstacle.
    """
    uow = request.uow
    definition_id, exact = image_names(uow.galleries.find(account.gallery_id or ""), image)
    definition = uow.definitions.get_by_key(definition_id.key)
    if definition.gallery_id != account.gallery_id:
        raise Invalid(
            Message(
                "The image '{definition}' is not in the gallery attached to '{account}'.",
                definition=definition.name,
                account=account.name,
            ),
            hint=Message("Choose an image of the attached gallery; an administrator can attach the other one."),
            target=TARGET,
        )
    version: ImageVersion | None
    if exact:
        version = uow.versions.get_by_key(exact.key)
        (facts,) = uow.versions.facts([version])
        enabled = account.enables(uow.accounts.find_choice(account.id, definition.id))
        obstacles = exact_version_obstacles(account, facts, enabled=enabled, region=region)
    else:
        offered = read_eligibility(request, account, definition, region)
        version = uow.versions.get(offered.version.id) if offered.version else None
        obstacles = offered.obstacles
    if obstacles or version is None:
        raise _unusable(definition, obstacles)
    return definition, version


def image_names(gallery: Gallery | None, image: ResourceId) -> tuple[ResourceId, ResourceId | None]:
    """Returns the id of the definition and, where one was named, of the exact version. Raises Invalid."""
    kind = image.type.lower()
    if kind == "microsoft.compute/galleries/images/versions":
        return image.parent, None if image.name.lower() == "latest" else image
    if kind == "microsoft.compute/galleries/images":
        return image, None
    if kind == "microsoft.labservices/labplans/images" and gallery is not None:
        return gallery.arm_id.child("images", image.name), None
    raise Invalid(
        Message("'{image}' is not an image.", image=str(image)),
        hint=Message("Give the id of an image definition, of an image version, or of an image of the lab account."),
        target=TARGET,
    )


def find_by_identifier(
    request: Request, account_id: ResourceId, *, publisher: str, offer: str, sku: str, version: str
) -> ResourceId:
    """Returns the id of the image in the account's gallery with this publisher, offer and SKU.

    Raises Forbidden, NotFound.
    """
    account = request.uow.accounts.get_by_key(account_id.key)
    request.caller.require("Microsoft.LabServices/labPlans/images/read", account.key)
    wanted = (publisher.lower(), offer.lower(), sku.lower())
    for each in request.uow.definitions.of_gallery(account.gallery_id or ""):
        if (each.publisher.lower(), each.offer.lower(), each.sku.lower()) == wanted:
            return each.arm_id.child("versions", version) if version else each.arm_id
    raise NotFound(
        Message(
            "The gallery of '{account}' has no image of publisher '{publisher}', offer '{offer}', SKU '{sku}'.",
            account=account.name,
            publisher=publisher,
            offer=offer,
            sku=sku,
        ),
        hint=Message("Name the image by its id: the sharedGalleryId of one of the lab account's images."),
        target="imageReference",
    )


def is_same_image(gallery: Gallery | None, one: ResourceId, other: ResourceId) -> bool:
    """Tells whether two ids mean the same image and version."""
    if one.key == other.key:
        return True
    try:
        (first, exact), (second, other_exact) = image_names(gallery, one), image_names(gallery, other)
    except Invalid:
        return False
    return first.key == second.key and (exact and exact.key) == (other_exact and other_exact.key)


def _unusable(definition: ImageDefinition, obstacles: tuple[Obstacle, ...]) -> Conflict:
    """Returns the error for an image that makes no lab, with every reason and remedy."""
    first = (
        obstacles[0]
        if obstacles
        else Obstacle(code="NoVersion", reason=Message("It has no version."), cure=Message("Import one."))
    )
    return Conflict(
        Message(
            "The image '{definition}' cannot make a lab here: {obstacles}",
            definition=definition.display_name,
            obstacles=join(*(each.reason for each in obstacles)),
        ),
        hint=join(*(each.cure for each in obstacles)) or first.cure,
        code=f"Image{first.code}",
        target=TARGET,
    )

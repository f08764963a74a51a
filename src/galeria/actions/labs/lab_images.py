"""Which image a lab is made from: names in, a definition and an exact version out."""

from galeria.actions.core.request import Request
from galeria.actions.labs.eligible_images import read_eligibility
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import Obstacle, exact_version_obstacles
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion
from galeria.domain.labs.accounts import LabAccount

TARGET = "imageReference.id"


def choose_image(
    request: Request, account: LabAccount, image: ResourceId, region: str
) -> tuple[ImageDefinition, ImageVersion]:
    """The definition and the exact version that a lab made now gets. Raises Conflict with every reason against it."""
    uow = request.uow
    definition_id, exact = image_names(uow.galleries.find(account.gallery_id or ""), image)
    definition = uow.definitions.get_by_key(definition_id.key)
    if definition.gallery_id != account.gallery_id:
        raise Invalid(
            f"The image '{definition.name}' is not in the gallery attached to '{account.name}'.",
            hint="Choose an image of the attached gallery, or have an administrator attach the other one.",
            target=TARGET,
        )
    version: ImageVersion | None
    if exact:
        version = uow.versions.get_by_key(exact.key)
        (facts,) = uow.versions.facts([version])
        enabled = account.enables(uow.accounts.find_choice(account.id, definition.id))
        obstacles = exact_version_obstacles(account, definition, facts, enabled=enabled, region=region)
    else:
        offered = read_eligibility(uow, account, definition, region)
        version = uow.versions.get(offered.version.id) if offered.version else None
        obstacles = offered.obstacles
    if obstacles or version is None:
        raise _unusable(definition, obstacles)
    return definition, version


def image_names(gallery: Gallery | None, image: ResourceId) -> tuple[ResourceId, ResourceId | None]:
    """A definition's id and, where one was named, the exact version's. Raises Invalid."""
    kind = image.type.lower()
    if kind == "microsoft.compute/galleries/images/versions":
        return image.parent, None if image.name.lower() == "latest" else image
    if kind == "microsoft.compute/galleries/images":
        return image, None
    if kind == "microsoft.labservices/labplans/images" and gallery is not None:
        return gallery.arm_id.child("images", image.name), None
    raise Invalid(
        f"'{image}' is not an image.",
        hint="Give the id of an image definition, of an image version, or of an image of the lab account.",
        target=TARGET,
    )


def find_by_identifier(
    request: Request, account_id: ResourceId, *, publisher: str, offer: str, sku: str, version: str
) -> ResourceId:
    """The id of the image in the account's gallery that has this publisher, offer and SKU. Raises NotFound."""
    account = request.uow.accounts.get_by_key(account_id.key)
    request.caller.require("Microsoft.LabServices/labPlans/images/read", account.key)
    wanted = (publisher.lower(), offer.lower(), sku.lower())
    for each in request.uow.definitions.of_gallery(account.gallery_id or ""):
        if (each.publisher.lower(), each.offer.lower(), each.sku.lower()) == wanted:
            return each.arm_id.child("versions", version) if version else each.arm_id
    raise NotFound(
        f"The gallery of '{account.name}' has no image of publisher '{publisher}', offer '{offer}', SKU '{sku}'.",
        hint="Name the image by its id: the sharedGalleryId of one of the lab account's images.",
        target="imageReference",
    )


def is_same_image(gallery: Gallery | None, one: ResourceId, other: ResourceId) -> bool:
    """Whether two spellings mean one image."""
    if one.key == other.key:
        return True
    try:
        (first, exact), (second, other_exact) = image_names(gallery, one), image_names(gallery, other)
    except Invalid:
        return False
    return first.key == second.key and (exact and exact.key) == (other_exact and other_exact.key)


def _unusable(definition: ImageDefinition, obstacles: tuple[Obstacle, ...]) -> Conflict:
    """With every reason and cure."""
    first = obstacles[0] if obstacles else Obstacle(code="NoVersion", reason="It has no version.", cure="Import one.")
    return Conflict(
        f"The image '{definition.display_name}' cannot make a lab here: {' '.join(each.reason for each in obstacles)}",
        hint=" ".join(each.cure for each in obstacles) or first.cure,
        code=f"Image{first.code}",
        target=TARGET,
    )

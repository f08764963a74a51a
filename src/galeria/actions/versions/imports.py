"""Importing: an uploaded file becomes a version of a new or an existing image."""

from collections.abc import Sequence
from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.galleries.definitions import IMAGE, DefinitionRequest, get_definition, put_definition
from galeria.actions.galleries.galleries import get_gallery, list_galleries
from galeria.actions.versions.version_numbers import next_number
from galeria.actions.versions.version_sources import upload_sources
from galeria.actions.versions.versions import VERSION, VersionRequest, create_version
from galeria.domain.costs import RegionCost
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId, proposed_name
from galeria.domain.images.galleries import (
    OS_DISK,
    Architecture,
    Gallery,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    VersionNumber,
)
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.settings import Settings
from galeria.domain.states import ProvisioningState
from galeria.ports.files import FileFacts

PUBLISHER, OFFER = "galeria", "imported"


@dataclass(frozen=True, kw_only=True)
class NewImage:
    """What a caller says of a new image. `display_name` is anything readable."""

    display_name: str
    os_type: OsType = OsType.LINUX
    os_state: OsState = OsState.GENERALIZED
    generation: Generation = Generation.V2
    architecture: Architecture = Architecture.X64
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What a caller says of an import: into `image`, or into a new one; exactly one of the two is given."""

    upload: str
    gallery: ResourceId
    image: ResourceId | None = None
    new: NewImage | None = None
    version: str = ""  # empty: 1.0.0, or the highest one with patch + 1
    region: str = ""  # the home region; empty: the gallery's
    regions: tuple[str, ...] = ()  # more regions


def begin_import(request: Request, wanted: ImportRequest) -> tuple[ImageVersion, Operation]:
    """Make a version of an uploaded file, and its image if that is new.

    Raises Invalid, Forbidden, NotFound, Conflict; nothing is changed then.
    """
    gallery = get_gallery(request, wanted.gallery)
    require_unused(request, wanted.upload)
    location = request.settings.regions.get(wanted.region or gallery.location).name
    definition = _definition(request, gallery, wanted)
    number = wanted.version or str(next_number(request, definition))
    id = definition.arm_id.child("versions", str(VersionNumber.parse(number)))
    if request.uow.versions.find_by_key(id.key):
        raise Conflict(
            Message("Version {number} exists already.", number=number),
            hint=Message(
                "Use another number, such as {next_number}.", next_number=str(next_number(request, definition))
            ),
            target="galleryImageVersionName",
        )
    regions = (location, *(request.settings.regions.get(name).name for name in wanted.regions))
    targets = tuple(ReplicationTarget(region=name) for name in dict.fromkeys(regions))
    request.caller.require(f"{VERSION}/write", id.key)
    request.audit(f"{VERSION}/write", str(id))
    made = VersionRequest(location=location, tags={}, targets=targets, uploads={OS_DISK: wanted.upload})
    return create_version(request, id, definition, made, upload_sources(request, made))


def require_unused(request: Request, upload_id: str) -> None:
    """Raises Conflict where the file is being made into a version already: a file is removed when its version is complete."""
    made = find_made_of(request, upload_id)
    if made:
        raise Conflict(
            Message(
                "The file is being made into version {made} of '{parent}' already.",
                made=made.name,
                parent=made.arm_id.parent.name,
            ),
            hint=Message("Look there how far it is."),
        )


def find_made_of(request: Request, upload_id: str) -> ImageVersion | None:
    """Returns the version whose OS disk is this file, under way or failed, or None."""
    made = request.uow.version_queries.from_uploads([upload_id])
    return next((each for each in made if each.state is not ProvisioningState.DELETING), None)


def importing_galleries(request: Request, prefix: str) -> list[Gallery]:
    """Returns the galleries in which the caller may make versions, by name."""
    return [each for each in list_galleries(request, prefix) if request.caller.may(f"{VERSION}/write", each.key)]


def may_make_images(request: Request, gallery: Gallery) -> bool:
    """Tells whether the caller may make images in the gallery."""
    return request.caller.may(f"{IMAGE}/write", gallery.key)


def image_name(request: Request, gallery: Gallery, display_name: str) -> str:
    """Returns the resource name that a new image with this display name gets."""
    taken = frozenset(each.name for each in request.uow.image_queries.outlines(gallery.id))
    return proposed_name(display_name, taken)


def import_prices(settings: Settings, facts: FileFacts, regions: Sequence[str], *, home: str) -> list[RegionCost]:
    """What the file would cost in these regions, at most and about: the real figure is known when it is stored.

    Of a disk no more is stored than it has bytes, nor than the file has.
    """
    size = min(facts.virtual_size, facts.file_size)
    return [
        RegionCost(prices=settings.prices, region=region, stored_bytes=size, send_bytes=0 if region == home else size)
        for region in regions
    ]


def _definition(request: Request, gallery: Gallery, wanted: ImportRequest) -> ImageDefinition:
    if wanted.image is not None:
        definition = get_definition(request, wanted.image)
        if definition.gallery_id != gallery.id:
            raise Invalid(
                Message("The image is in another gallery."),
                hint=Message("Choose an image of this gallery."),
                target="image",
            )
        return definition
    if wanted.new is None or not wanted.new.display_name.strip():
        raise Invalid(Message("The image needs a name."), hint=Message("Anything readable will do."), target="name")
    new, display_name = wanted.new, wanted.new.display_name.strip()
    name = image_name(request, gallery, display_name)
    definition, _ = put_definition(
        request,
        gallery.arm_id.child("images", name),
        DefinitionRequest(
            location=gallery.location,
            tags={},
            os_type=new.os_type,
            os_state=new.os_state,
            generation=new.generation,
            architecture=new.architecture,
            publisher=PUBLISHER,
            offer=OFFER,
            sku=_sku(name),
            display_name=display_name,
            description=new.description,
        ),
    )
    request.uow.flush()
    return definition


def _sku(name: str) -> str:
    """Cuts a name to the 64 characters of a SKU; its end is kept, which holds the number that makes it unique."""
    return name[-64:]

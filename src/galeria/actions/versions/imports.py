"""A file that was uploaded becomes an image version: of a new image or of one that there is."""

from collections.abc import Sequence
from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.galleries.definitions import IMAGE, DefinitionRequest, get_definition, put_definition
from galeria.actions.galleries.galleries import get_gallery, list_galleries
from galeria.actions.versions.version_numbers import next_number
from galeria.actions.versions.versions import VERSION, VersionRequest, put_version
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
from galeria.domain.operations import Operation
from galeria.domain.settings import Settings
from galeria.domain.states import ProvisioningState
from galeria.ports.files import FileFacts

PUBLISHER, OFFER = "galeria", "imported"


@dataclass(frozen=True, kw_only=True)
class NewImage:
    """What is said of an image that there is not yet. `display_name` is anything readable."""

    display_name: str
    os_type: OsType = OsType.LINUX
    os_state: OsState = OsState.GENERALIZED
    generation: Generation = Generation.V2
    architecture: Architecture = Architecture.X64
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """Into `image`, or into a new one: exactly one of the two is given."""

    upload: str
    gallery: ResourceId
    image: ResourceId | None = None
    new: NewImage | None = None
    version: str = ""  # empty: 1.0.0, or the highest one with patch + 1
    region: str = ""  # the home region; empty: the gallery's
    regions: tuple[str, ...] = ()  # more regions


def begin_import(request: Request, wanted: ImportRequest) -> tuple[ImageVersion, Operation]:
    """Raises Invalid, Forbidden, NotFound, Conflict; nothing is changed then."""
    gallery = get_gallery(request, wanted.gallery)
    require_unused(request, wanted.upload)
    home = request.settings.regions.get(wanted.region or gallery.location).name
    definition = _definition(request, gallery, wanted)
    number = wanted.version or str(next_number(request, definition))
    id = definition.arm_id.child("versions", str(VersionNumber.parse(number)))
    if request.uow.versions.find_by_key(id.key):
        raise Conflict(
            f"Version {number} exists already.",
            hint=f"Use another number, such as {next_number(request, definition)}.",
            target="galleryImageVersionName",
        )
    more = (request.settings.regions.get(name).name for name in wanted.regions)
    targets = tuple(ReplicationTarget(region=name) for name in dict.fromkeys((home, *more)))
    version, _, operation = put_version(
        request, id, VersionRequest(location=home, tags={}, targets=targets, uploads={OS_DISK: wanted.upload})
    )
    assert operation is not None  # a new version is always made by one
    return version, operation


def require_unused(request: Request, upload_id: str) -> None:
    """A file becomes one version: it is removed when that is made. Raises Conflict."""
    made = find_made_of(request, upload_id)
    if made:
        raise Conflict(
            f"The file is being made into version {made.name} of '{made.arm_id.parent.name}' already.",
            hint="Look there how far it is.",
        )


def find_made_of(request: Request, upload_id: str) -> ImageVersion | None:
    """The version that the file is the OS disk of, be it under way or failed."""
    made = request.uow.lists.from_uploads([upload_id])
    return next((each for each in made if each.state is not ProvisioningState.DELETING), None)


def importing_galleries(request: Request, prefix: str) -> list[Gallery]:
    """Those in which the caller may make versions."""
    return [each for each in list_galleries(request, prefix) if request.caller.may(f"{VERSION}/write", each.key)]


def may_make_images(request: Request, gallery: Gallery) -> bool:
    return request.caller.may(f"{IMAGE}/write", gallery.key)


def image_name(request: Request, gallery: Gallery, display_name: str) -> str:
    """The resource name that a new image of this display name gets."""
    taken = frozenset(each.name for each in request.uow.offers.outlines(gallery.id))
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
            raise Invalid("The image is in another gallery.", hint="Choose an image of this gallery.", target="image")
        return definition
    if wanted.new is None or not wanted.new.display_name.strip():
        raise Invalid("The image needs a name.", hint="Anything readable will do.", target="name")
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
    """A SKU is shorter than a name may be; the end of a name is what tells it from others of the same words."""
    return name[-64:]

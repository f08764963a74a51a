"""The choices for an uploaded file, the current one, and what it means: names, numbers, prices, warnings."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath

from galeria.actions.core.request import Request
from galeria.actions.versions.imports import (
    ImportRequest,
    NewImage,
    image_name,
    import_prices,
    importing_galleries,
)
from galeria.actions.versions.version_numbers import former_regions, next_number
from galeria.domain.costs import RegionCost, monthly_price, sending_price
from galeria.domain.errors import GaleriaError, Invalid
from galeria.domain.foreign_text import sorting_key
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import DiskShape, Obstacle, kind_obstacles
from galeria.domain.images.galleries import (
    Architecture,
    Gallery,
    Generation,
    ImageDefinition,
    OsState,
    OsType,
    VersionNumber,
)
from galeria.domain.messages import EMPTY, Message
from galeria.domain.regions import Region
from galeria.interfaces.web.imports.file_inspections import FileInspection
from galeria.interfaces.web.kit.forms import Form
from galeria.interfaces.web.kit.page_request import PageRequest
from galeria.interfaces.web.kit.permits import Permission, permit
from galeria.ports.files import FileFacts

LISTED = 500  # images in one list
NEW, EXISTING = "new", "existing"
FIELDS = ("gallery", "name", "image", "version", "home", "regions")


@dataclass(frozen=True, kw_only=True)
class ImportRegionChoice:
    region: Region
    price: RegionCost
    ticked: bool
    is_home: bool


@dataclass(frozen=True, kw_only=True)
class ImportWarning:
    """A lab account that will not offer the image, and the reason."""

    account: str
    obstacle: Obstacle


@dataclass(frozen=True, kw_only=True)
class ImageKind:
    """The properties of a new image."""

    os_type: OsType = OsType.LINUX
    os_state: OsState = OsState.GENERALIZED
    generation: Generation = Generation.V2
    architecture: Architecture = Architecture.X64


@dataclass(frozen=True, kw_only=True)
class ImportChoices:
    """The choices. `images` are those that the file fits; `number` is the field's value, `proposed` the proposal."""

    galleries: list[Gallery]
    gallery: Gallery | None
    new_image: Permission
    images: list[ImageDefinition]
    left_out: int  # number of images that are not listed
    image: ImageDefinition | None
    target: str  # NEW or EXISTING
    kind: ImageKind
    display_name: str
    name: str  # a new image's resource name; empty while it has none
    number: str
    proposed: str
    number_problem: str  # an English sentence
    home: str
    regions: list[ImportRegionChoice]
    proposed_regions: frozenset[str]
    warnings: list[ImportWarning]

    @property
    def ticked(self) -> list[ImportRegionChoice]:
        return [each for each in self.regions if each.ticked]

    @property
    def price_month(self) -> Decimal:
        return monthly_price(each.price for each in self.ticked)

    @property
    def price_once(self) -> Decimal:
        return sending_price(each.price for each in self.ticked)

    @property
    def send_bytes(self) -> int:
        return sum(each.price.send_bytes for each in self.ticked)


def read_choices(
    request: Request, page: PageRequest, finding: FileInspection, file_name: str, *, proposes: bool
) -> ImportChoices:
    """Read the form as far as it is filled in, and propose the rest. `?image=` proposes an image and its gallery.

    With `proposes`, regions that nobody has changed follow the choice of the image.
    """
    form, facts = page.form, finding.facts
    assert facts is not None
    galleries = importing_galleries(request, page.subscription.lower())
    asked = _asked_image(request, page)
    gallery = _gallery(galleries, form.text("gallery"), asked)
    fitting = _fitting(request, gallery, finding) if gallery else []
    kind = _kind(form, finding)
    new_image = permit(
        request, "Microsoft.Compute/galleries/images/write", gallery.key if gallery else page.subscription
    )
    target = _target(form, asked, has_images=bool(fitting), may_make=new_image.allowed)
    image = _image(fitting, form.text("image") or (asked.resource_id if asked else "")) if target == EXISTING else None
    proposed = str(next_number(request, image))
    typed = form.text("version")
    number = typed if typed and typed != form.text("proposed") else proposed
    home = _home(request, form, gallery)
    regions = _proposed_regions(request, home, image)
    is_typed = form.has("gallery") and not (proposes and _is_untouched(form, home))
    display_name = form.text("name", PurePath(file_name).stem)
    return ImportChoices(
        galleries=galleries,
        gallery=gallery,
        new_image=new_image,
        images=_listed(fitting, image),
        left_out=max(0, len(fitting) - LISTED),
        image=image,
        target=target,
        kind=kind,
        display_name=display_name,
        name=image_name(request, gallery, display_name) if gallery and display_name else "",
        number=number,
        proposed=proposed,
        number_problem=_number_problem(request, image, number),
        home=home,
        regions=_regions(request, facts, home, frozenset(form.all("regions")) if is_typed else regions),
        proposed_regions=regions,
        warnings=_warnings(request, gallery, facts),
    )


def read_import(page: PageRequest, upload_id: str, choices: ImportChoices) -> ImportRequest:
    """Return the import that the form describes. Raises Invalid."""
    if choices.gallery is None:
        raise Invalid(Message("No gallery is chosen."), hint=Message("Choose one."), target="gallery")
    if choices.target == EXISTING and choices.image is None:
        raise Invalid(Message("No image is chosen."), hint=Message("Choose one, or make a new image."), target="image")
    kind = choices.kind
    new = NewImage(
        display_name=choices.display_name,
        os_type=kind.os_type,
        os_state=kind.os_state,
        generation=kind.generation,
        architecture=kind.architecture,
    )
    return ImportRequest(
        upload=upload_id,
        gallery=choices.gallery.arm_id,
        image=choices.image.arm_id if choices.image else None,
        new=None if choices.image else new,
        version=choices.number,
        region=choices.home,
        regions=tuple(each.region.name for each in choices.ticked),
    )


def _asked_image(request: Request, page: PageRequest) -> ImageDefinition | None:
    text = page.query("image")
    try:
        return request.uow.definitions.find_by_key(ResourceId.parse(text).key) if text else None
    except Invalid:
        return None


def _gallery(galleries: list[Gallery], chosen: str, asked: ImageDefinition | None) -> Gallery | None:
    for each in galleries:
        if chosen and each.key == chosen.lower():
            return each
    for each in galleries:
        if asked and each.id == asked.gallery_id:
            return each
    return galleries[0] if galleries else None


def _fitting(request: Request, gallery: Gallery, finding: FileInspection) -> list[ImageDefinition]:
    """Return the images that the disk fits, by display name.

    A disk that starts only with other firmware would never start in their machines.
    """
    definitions = request.uow.definitions.of_gallery(gallery.id)
    fitting = [each for each in definitions if not finding.starts or each.generation in finding.starts]
    return sorted(fitting, key=lambda each: (sorting_key(each.display_name), each.key))


def _listed(fitting: list[ImageDefinition], image: ImageDefinition | None) -> list[ImageDefinition]:
    listed = fitting[:LISTED]
    return listed if image is None or image in listed else [image, *listed]


def _target(form: Form, asked: ImageDefinition | None, *, has_images: bool, may_make: bool) -> str:
    if not has_images:
        return NEW
    if not may_make:
        return EXISTING
    chosen = form.text("target")
    return chosen if chosen in (NEW, EXISTING) else EXISTING if asked else NEW


def _image(fitting: list[ImageDefinition], chosen: str) -> ImageDefinition | None:
    return next((each for each in fitting if each.key == chosen.lower()), None)


def _kind(form: Form, finding: FileInspection) -> ImageKind:
    """Return the properties of a new image. V2 is proposed, as in newer clouds, unless the disk starts with a BIOS only."""
    generation = Generation.V1 if finding.starts == {Generation.V1} else Generation.V2
    try:
        return ImageKind(
            os_type=OsType(form.text("os_type", OsType.LINUX)),
            os_state=OsState(form.text("os_state", OsState.GENERALIZED)),
            generation=Generation(form.text("generation", generation)),
            architecture=Architecture(form.text("architecture", Architecture.X64)),
        )
    except ValueError:  # only a forged form has such a value
        return ImageKind(generation=generation)


def _number_problem(request: Request, image: ImageDefinition | None, number: str) -> Message:
    try:
        wanted = VersionNumber.parse(number)
    except GaleriaError as error:
        return error.whole
    if image and request.uow.versions.find_by_key(image.arm_id.child("versions", str(wanted)).key):
        return Message("Version {number} exists already.", number=number)
    return EMPTY


def _home(request: Request, form: Form, gallery: Gallery | None) -> str:
    names = [region.name for region in request.settings.regions.all]
    chosen = form.text("home")
    return chosen if chosen in names else gallery.location if gallery else names[0]


def _proposed_regions(request: Request, home: str, image: ImageDefinition | None) -> frozenset[str]:
    """Return the regions of the version before it, or else the home's geography, so that labs in all of it can use it."""
    near = frozenset(region.name for region in request.settings.regions.of_geography(home))
    return former_regions(request, image) or near


def _is_untouched(form: Form, home: str) -> bool:
    """Return whether the regions are those that were proposed last. The home's box is never sent."""
    proposed = form.text("proposed_regions")
    return bool(proposed) and {home, *form.all("regions")} == {home, *proposed.split(",")}


def _regions(request: Request, facts: FileFacts, home: str, ticked: frozenset[str]) -> list[ImportRegionChoice]:
    known = request.settings.regions
    near = {region.name for region in known.of_geography(home)}
    prices = import_prices(request.settings, facts, [region.name for region in known.all], home=home)
    choices = [
        ImportRegionChoice(
            region=region,
            price=price,
            ticked=region.name == home or region.name in ticked,
            is_home=region.name == home,
        )
        for region, price in zip(known.all, prices, strict=True)
    ]
    return sorted(choices, key=lambda each: (not each.is_home, each.region.name not in near))


def _warnings(request: Request, gallery: Gallery | None, facts: FileFacts) -> list[ImportWarning]:
    if gallery is None:
        return []
    shape = DiskShape(os_disk_size=facts.virtual_size, disks=1)
    return [
        ImportWarning(account=account.name, obstacle=obstacle)
        for account in request.uow.accounts.with_gallery(gallery.id)
        for obstacle in kind_obstacles(account, shape)
    ]

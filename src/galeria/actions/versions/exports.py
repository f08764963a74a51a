"""Exporting a lab's template to the gallery: the estimate of its cost, and the export itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from galeria.actions.core.limits import require_export_limit
from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_machine
from galeria.actions.storage.sources import Source
from galeria.actions.versions.replication_size import Measure, ReplicationSources
from galeria.actions.versions.version_numbers import next_number
from galeria.actions.versions.version_sources import fill_version
from galeria.actions.versions.versions import VersionRequest, new_version
from galeria.domain.costs import RegionCost, monthly_price, sending_price
from galeria.domain.errors import Conflict, Forbidden, Invalid
from galeria.domain.ids import ResourceId, definition_name, proposed_name
from galeria.domain.images.galleries import (
    OS_DISK,
    Gallery,
    ImageDefinition,
    ImageVersion,
    OsState,
    SourceKind,
    VersionNumber,
)
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.images.storage import Origin
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import MachineState, ProvisioningState
from galeria.ports.images import ImageStore, ManifestFacts
from galeria.ports.machines import Machine, VmEngine

SAVE = "Microsoft.LabServices/labPlans/saveImage/action"
WRITE_VERSION = "Microsoft.Compute/galleries/images/versions/write"


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What a caller says of an export.

    `name` is anything readable: an existing image of that name, or the one in `image`, gets its next version.
    """

    lab: ResourceId
    machine: str
    name: str
    image: ResourceId | None = None  # a definition; `name` is then ignored
    version: str = ""  # empty: 1.0.0 for a new image, else the latest with patch + 1
    regions: tuple[str, ...] = ()  # empty: every region of the lab's geography


@dataclass(frozen=True, kw_only=True)
class ExportEstimate:
    """What an export would do and cost. Bytes are upper bounds, because compression is not known before."""

    image: str  # the definition's resource name
    version: str
    is_new_image: bool
    is_first: bool  # whether nothing of the machine was exported yet, so that all that its own layers hold is read
    read_bytes: int  # of the pieces of its disk in which something changed
    regions: tuple[RegionCost, ...]  # bytes at most that come to what is stored there already
    currency: str
    prices_are_examples: bool

    @property
    def price_month(self) -> Decimal:
        """The price per month in all regions."""
        return monthly_price(self.regions)

    @property
    def price_once(self) -> Decimal:
        """The price, paid once, of sending to all regions."""
        return sending_price(self.regions)


def estimate_export(
    request: Request,
    account_id: ResourceId,
    wanted: ExportRequest,
    engine: VmEngine,
    stores: Mapping[str, ImageStore],
    measure: Measure,
) -> ExportEstimate:
    """Returns what an export would do and cost, without changing anything.

    Raises as `export_template` does, except for a busy template.
    """
    plan = _plan(request, account_id, wanted)
    machine, home = plan.machine, plan.lab.location
    # The lab may have begun with an image that is still being replicated to its region.
    holder = next((each for each in (home, *stores) if stores[each].find_manifest(machine.parent_digest)), home)
    parent = stores[holder].get_manifest(machine.parent_digest)
    changed = min(parent.size, _changed_pieces(engine, machine, parent) * parent.chunk_size)
    held = {region for region in plan.regions if stores[region].find_manifest(parent.digest)}
    lacking = tuple(region for region in plan.regions if region not in held)
    copies = measure(ReplicationSources(digests=frozenset({parent.digest}), home=holder, lacking=lacking))
    prices = request.settings.prices
    estimates = []
    for region in plan.regions:
        send = 0 if region == holder else changed + copies.send.get(region, 0)
        stored = changed if region in held else send
        estimates.append(RegionCost(prices=prices, region=region, stored_bytes=stored, send_bytes=send))
    return ExportEstimate(
        image=plan.image_name,
        version=str(plan.number),
        is_new_image=plan.definition is None,
        is_first=Origin.of_machine(machine).since is None,
        read_bytes=changed,
        regions=tuple(estimates),
        currency=prices.currency,
        prices_are_examples=prices.are_examples,
    )


def export_template(
    request: Request, account_id: ResourceId, wanted: ExportRequest
) -> tuple[ImageDefinition, ImageVersion, Operation]:
    """Starts sealing the template's disk into a specialized version, in its region and then in the others.

    Raises Forbidden, NotFound, Invalid, and Conflict while the template is busy, without a gallery, or for a version
    that exists.
    """
    plan = _plan(request, account_id, wanted)
    require_idle(request, plan.lab, plan.machine)
    require_export_limit(request, request.caller.principal.id, plan.machine.id)
    request.audit(
        SAVE,
        str(account_id),
        detail=Message(
            "{resource_id} as {image_name} {number}",
            resource_id=plan.lab.resource_id,
            image_name=plan.image_name,
            number=str(plan.number),
        ),
    )
    definition = plan.definition or _new_definition(request, plan, wanted.name)
    source = Source(
        origin=Origin.of_machine(plan.machine),
        kind=SourceKind.MACHINE,
        name=plan.machine.id,
        accounts=tuple(plan.machine.accounts),
    )
    version = new_version(
        request,
        definition.arm_id.child("versions", str(plan.number)),
        definition,
        VersionRequest(
            location=plan.lab.location,
            tags={},
            targets=tuple(ReplicationTarget(region=region) for region in plan.regions),
        ),
        source=(source.kind, source.name),
    )
    operation = fill_version(request, version, {OS_DISK: source}, OperationKind.EXPORT_TEMPLATE)
    return definition, version, operation


@dataclass(frozen=True, kw_only=True)
class ExportSource:
    """The template that is exported, and the gallery that it goes to."""

    account: LabAccount
    gallery: Gallery
    lab: Lab
    machine: LabMachine


def export_source(request: Request, account_id: ResourceId, lab_id: ResourceId, machine_name: str) -> ExportSource:
    """Returns what is exported and where to.

    Raises Forbidden, NotFound, Conflict without a gallery, and Invalid for anything but a template of the account's
    labs.
    """
    uow = request.uow
    account = uow.accounts.get_by_key(account_id.key)
    request.caller.require(SAVE, account.key)
    lab, machine = get_machine(request, lab_id, machine_name)
    require_export(request, account, lab)
    if lab.account_id != account.id:
        raise Invalid(
            Message("The lab '{lab}' belongs to another lab account.", lab=lab.name),
            hint=Message("Export through that account."),
        )
    if machine.kind is not MachineKind.TEMPLATE:
        raise Invalid(Message("Only a template VM can be exported."), hint=Message("Name the machine 'template'."))
    gallery = uow.galleries.find(account.gallery_id or "")
    if gallery is None:
        raise Conflict(
            Message("The lab account '{account}' has no gallery attached.", account=account.name),
            hint=Message("An administrator attaches one: galeria account attach."),
        )
    return ExportSource(account=account, gallery=gallery, lab=lab, machine=machine)


def require_export(request: Request, account: LabAccount, lab: Lab) -> None:
    """Raises Forbidden or Conflict unless the caller may export templates of the lab through the account."""
    request.caller.require(SAVE, account.key)
    # Who may set a password in the machine can read its disk anyway; a role on the account alone is not enough.
    request.caller.require("Microsoft.LabServices/labs/virtualMachines/resetPassword/action", lab.key)


def require_idle(request: Request, lab: Lab, machine: LabMachine) -> None:
    """Raises Conflict while an export of the template cannot begin."""
    if request.uow.operations.working_with([machine.id]):
        raise Conflict(
            Message("The template is busy."), hint=Message("Wait until what is under way has ended, then export again.")
        )
    if lab.state is ProvisioningState.DELETING:
        raise Conflict(
            Message("The lab '{lab}' is being deleted.", lab=lab.name), hint=Message("Export before deleting a lab.")
        )
    if machine.state not in {MachineState.RUNNING, MachineState.STOPPED}:
        raise Conflict(
            Message("The template is {state}.", state=machine.state),
            hint=Message("Start or stop it, then export again."),
        )


def require_author(request: Request, definition: ImageDefinition) -> None:
    """Raises Forbidden where the image is somebody else's and the caller may not write its versions.

    The right to save images of a lab account makes new images and goes on with one's own. A new version of another person's
    image would become the latest of it, and the next labs made from it would be somebody else's machine.
    """
    if definition.author_id == request.caller.principal.id:
        request.caller.require_unlocked(WRITE_VERSION, definition.key)
    elif not request.caller.may(WRITE_VERSION, definition.key):
        raise Forbidden(
            Message(
                "The image '{definition}' is not yours, and you may not make versions of it.",
                definition=definition.display_name if request.caller.may_see(definition.key) else definition.name,
            ),
            hint=Message(
                "Export under another name, or ask an Owner of the image for a role that may write its versions."
            ),
            target="image",
        )
    else:
        request.caller.require(WRITE_VERSION, definition.key)


def require_match(definition: ImageDefinition, lab: Lab) -> None:
    """Raises Conflict where an export of the lab cannot be a version of the image."""
    if definition.os_state is not OsState.SPECIALIZED or definition.generation is not lab.generation:
        raise Conflict(
            Message(
                "The image '{definition}' is {os_state}, generation {generation}; an export of this lab "
                "is Specialized, generation {lab_generation}.",
                definition=definition.display_name,
                os_state=definition.os_state,
                generation=definition.generation,
                lab_generation=lab.generation,
            ),
            hint=Message("Choose another name for the export."),
        )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    account: LabAccount
    gallery: Gallery
    lab: Lab
    machine: LabMachine
    definition: ImageDefinition | None
    image_name: str
    number: VersionNumber
    regions: tuple[str, ...]


def _plan(request: Request, account_id: ResourceId, wanted: ExportRequest) -> _Plan:
    """Makes all checks of an export and of its estimate, and returns what is exported where."""
    source = export_source(request, account_id, wanted.lab, wanted.machine)
    account, gallery, lab, machine = source.account, source.gallery, source.lab, source.machine
    definition, image_name = _target_image(request, gallery, wanted)
    if definition:
        require_match(definition, lab)
        require_author(request, definition)
    number = _number(request, definition, wanted.version)
    return _Plan(
        account=account,
        gallery=gallery,
        lab=lab,
        machine=machine,
        definition=definition,
        image_name=image_name,
        number=number,
        regions=_regions(request, account, lab.location, wanted.regions),
    )


def _changed_pieces(engine: VmEngine, machine: LabMachine, parent: ManifestFacts) -> int:
    """Returns how many chunks are read whole, as something in them changed since the machine was last exported."""
    since = Origin.of_machine(machine).since
    return engine.changed_pieces(Machine.of(machine), since=since, piece=parent.chunk_size)


def _target_image(request: Request, gallery: Gallery, wanted: ExportRequest) -> tuple[ImageDefinition | None, str]:
    """Returns the image with that id, display name or resource name, or else the name that a new one gets."""
    if wanted.image:
        return _own_image(request, gallery, wanted.image)
    name = wanted.name
    if not name.strip():
        raise Invalid(Message("The image needs a name."), hint=Message("Anything readable will do."), target="name")
    definitions = request.uow.definitions.of_gallery(gallery.id)
    found = image_named(definitions, name)
    if found:
        return found, found.name
    return None, definition_name(proposed_name(name.strip(), frozenset(each.name for each in definitions)))


def image_named(definitions: Iterable[ImageDefinition], name: str) -> ImageDefinition | None:
    """Returns the image with that display name or resource name, in any case."""
    wanted = name.strip().lower()
    return next((each for each in definitions if wanted in {each.display_name.lower(), each.name.lower()}), None)


def _own_image(request: Request, gallery: Gallery, image: ResourceId) -> tuple[ImageDefinition, str]:
    definition = request.uow.definitions.get_by_key(image.key)
    if definition.gallery_id != gallery.id:
        raise Invalid(
            Message(
                "The image '{definition}' is not in the gallery '{gallery}'.",
                definition=definition.name,
                gallery=gallery.name,
            ),
            hint=Message("Export it as a new image, or as a version of one in that gallery."),
            target="image",
        )
    return definition, definition.name


def _number(request: Request, definition: ImageDefinition | None, wanted: str) -> VersionNumber:
    if not wanted:
        return next_number(request, definition)
    number = VersionNumber.parse(wanted)
    if definition and request.uow.versions.find_by_key(definition.arm_id.child("versions", str(number)).key):
        raise Conflict(
            Message("Version {number} exists already.", number=str(number)),
            hint=Message("Leave the version empty to get the next one."),
            target="version",
        )
    return number


def _regions(request: Request, account: LabAccount, home: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the regions, home first: by default the whole geography. Raises Invalid for one the account forbids."""
    if not wanted:
        return tuple(region.name for region in request.settings.regions.of_geography(home))
    names = [request.settings.regions.get(name).name for name in wanted]
    for name in names:
        if name != home and name not in account.allowed_regions:
            raise Invalid(
                Message(
                    "The lab account '{account}' does not allow copies in {name}.", account=account.name, name=name
                ),
                hint=Message("Allowed are: {allowed_regions}.", allowed_regions=account.allowed_regions),
                target="regions",
            )
    return (home, *(name for name in dict.fromkeys(names) if name != home))


def _new_definition(request: Request, plan: _Plan, display_name: str) -> ImageDefinition:
    id = plan.gallery.arm_id.child("images", plan.image_name)
    definition = ImageDefinition(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=plan.lab.location,
        gallery_id=plan.gallery.id,
        display_name=display_name.strip(),
        os_type=plan.lab.os_type,
        os_state=OsState.SPECIALIZED,
        generation=plan.lab.generation,
        publisher="galeria",
        offer="labs",
        sku=plan.image_name,
        author_id=request.caller.principal.id,
        **request.stamps(),
    )
    request.uow.definitions.add(definition)
    request.uow.flush()
    return definition

"""Exporting a lab's template to the gallery: what it would cost, and the export itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_machine
from galeria.actions.versions.replication_size import Measure, ReplicationSources
from galeria.actions.versions.version_numbers import next_number
from galeria.actions.versions.versions import new_version
from galeria.domain.costs import RegionCost, monthly_price, sending_price
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId, definition_name, proposed_name
from galeria.domain.images.galleries import (
    OS_DISK,
    Gallery,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    SourceKind,
    VersionDisk,
    VersionNumber,
)
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import MachineState, ProvisioningState
from galeria.ports.images import ImageStore, ManifestFacts
from galeria.ports.machines import Machine, VmEngine

SAVE = "Microsoft.LabServices/labPlans/saveImage/action"
CLUSTER = 64 * 1024  # bytes; what the layers of a machine's disk grow by


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """`name` is anything readable. An existing image of that name gets its next version, or the one that `image` names."""

    lab: ResourceId
    machine: str
    name: str
    image: ResourceId | None = None  # a definition; then the name does not count
    version: str = ""  # empty: 1.0.0 for a new image, else the latest with patch + 1
    regions: tuple[str, ...] = ()  # empty: every region of the lab's geography


@dataclass(frozen=True, kw_only=True)
class ExportEstimate:
    """What an export would do and cost, asked before it. Bytes are upper bounds: compression is not foreseen."""

    image: str  # the definition's resource name
    version: str
    is_new_image: bool
    read_bytes: int
    regions: tuple[RegionCost, ...]  # bytes at most, those that are stored there already included
    currency: str
    prices_are_examples: bool

    @property
    def price_month(self) -> Decimal:
        return monthly_price(self.regions)

    @property
    def price_once(self) -> Decimal:
        return sending_price(self.regions)


def estimate_export(
    request: Request,
    account_id: ResourceId,
    wanted: ExportRequest,
    engine: VmEngine,
    stores: Mapping[str, ImageStore],
    measure: Measure,
) -> ExportEstimate:
    """Nothing is changed."""
    plan = _plan(request, account_id, wanted)
    machine, home = plan.machine, plan.lab.location
    parent = stores[home].get_manifest(machine.parent_digest)
    written = engine.changed_bytes(Machine(id=machine.id, region=machine.region), since=machine.layer)
    changed = _in_chunks(written, parent)
    held = {region for region in plan.regions if stores[region].find_manifest(parent.digest)}
    lacking = tuple(region for region in plan.regions if region not in held)
    copies = measure(ReplicationSources(digests=frozenset({parent.digest}), home=home, lacking=lacking))
    prices = request.settings.prices
    estimates = []
    for region in plan.regions:
        send = 0 if region == home else changed + copies.send.get(region, 0)
        stored = copies.whole + changed if region in held else send
        estimates.append(RegionCost(prices=prices, region=region, stored_bytes=stored, send_bytes=send))
    return ExportEstimate(
        image=plan.image_name,
        version=str(plan.number),
        is_new_image=plan.definition is None,
        read_bytes=changed,
        regions=tuple(estimates),
        currency=prices.currency,
        prices_are_examples=prices.are_examples,
    )


def export_template(
    request: Request, account_id: ResourceId, wanted: ExportRequest
) -> tuple[ImageDefinition, ImageVersion, Operation]:
    """Begin to seal the template's disk into a specialized version, in its region and then in the others."""
    plan = _plan(request, account_id, wanted)
    require_idle(request, plan.lab, plan.machine)
    request.audit(SAVE, str(account_id), detail=f"{plan.lab.resource_id} as {plan.image_name} {plan.number}")
    definition = plan.definition or _new_definition(request, plan, wanted.name)
    version = new_version(
        request,
        definition.arm_id.child("versions", str(plan.number)),
        definition,
        location=plan.lab.location,
        targets=tuple(ReplicationTarget(region=region) for region in plan.regions),
        source=(SourceKind.MACHINE, plan.machine.id),
    )
    version.accounts = list(plan.machine.accounts)
    version.parent_digest = plan.machine.parent_digest
    request.uow.flush()
    request.uow.versions.add_disk(VersionDisk(version_id=version.id, lun=OS_DISK, size=0))
    # A retry must count the changes from the same layer, whatever other exports have sealed by then.
    since = plan.machine.layer if plan.machine.layer_digest else None
    inputs: dict[str, object] = {"machine": plan.machine.id, "since": since}
    return definition, version, request.begin(OperationKind.EXPORT_TEMPLATE, version, version.id, inputs)


@dataclass(frozen=True, kw_only=True)
class ExportSource:
    """What may be exported, and the gallery that it goes to."""

    account: LabAccount
    gallery: Gallery
    lab: Lab
    machine: LabMachine


def export_source(request: Request, account_id: ResourceId, lab_id: ResourceId, machine_name: str) -> ExportSource:
    """Raises Forbidden, Conflict without a gallery, Invalid for what is no template of that account's."""
    uow = request.uow
    account = uow.accounts.get_by_key(account_id.key)
    request.caller.require(SAVE, account.key)
    lab, machine = get_machine(request, lab_id, machine_name)
    # Whoever may set a password in the machine may read its disk anyway; a role on the account alone is not enough.
    request.caller.require("Microsoft.LabServices/labs/virtualMachines/resetPassword/action", lab.key)
    if lab.account_id != account.id:
        raise Invalid(f"The lab '{lab.name}' belongs to another lab account.", hint="Export through that account.")
    if machine.kind is not MachineKind.TEMPLATE:
        raise Invalid("Only a template VM can be exported.", hint="Name the machine 'template'.")
    gallery = uow.galleries.find(account.gallery_id or "")
    if gallery is None:
        raise Conflict(
            f"The lab account '{account.name}' has no gallery attached.",
            hint="An administrator attaches one: galeria account attach.",
        )
    return ExportSource(account=account, gallery=gallery, lab=lab, machine=machine)


def require_idle(request: Request, lab: Lab, machine: LabMachine) -> None:
    """Raises Conflict while an export cannot begin."""
    exporting = any(each.inputs.get("machine") == machine.id for each in request.uow.operations.unsettled())
    if exporting or request.uow.operations.running_on(machine.id):
        raise Conflict("The template is busy.", hint="Wait until what is under way has ended, then export again.")
    if lab.state is ProvisioningState.DELETING:
        raise Conflict(f"The lab '{lab.name}' is being deleted.", hint="Export before deleting a lab.")
    if machine.state not in {MachineState.RUNNING, MachineState.STOPPED}:
        raise Conflict(f"The template is {machine.state}.", hint="Start or stop it, then export again.")


def require_match(definition: ImageDefinition, lab: Lab) -> None:
    """Raises Conflict where an export of the lab cannot be a version of the image."""
    if definition.os_state is not OsState.SPECIALIZED or definition.generation is not lab.generation:
        raise Conflict(
            f"The image '{definition.display_name}' is {definition.os_state}, generation {definition.generation}; "
            f"an export of this lab is Specialized, generation {lab.generation}.",
            hint="Choose another name for the export.",
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
    """Everything that is checked before an export and before its price is named."""
    source = export_source(request, account_id, wanted.lab, wanted.machine)
    account, gallery, lab, machine = source.account, source.gallery, source.lab, source.machine
    definition, image_name = _target_image(request, gallery, wanted)
    if definition:
        require_match(definition, lab)
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


def _in_chunks(written: int, parent: ManifestFacts) -> int:
    """At most so many bytes are read: whole chunks are, and every cluster that was written may lie in another one."""
    return min(parent.size, -(-written // CLUSTER) * parent.chunk_size)


def _target_image(request: Request, gallery: Gallery, wanted: ExportRequest) -> tuple[ImageDefinition | None, str]:
    """The image that was named by its id, display name or resource name, or the name that a new one gets."""
    if wanted.image:
        return _own_image(request, gallery, wanted.image)
    name = wanted.name
    if not name.strip():
        raise Invalid("The image needs a name.", hint="Anything readable will do.", target="name")
    definitions = request.uow.definitions.of_gallery(gallery.id)
    for each in definitions:
        if name.strip().lower() in {each.display_name.lower(), each.name.lower()}:
            return each, each.name
    return None, definition_name(proposed_name(name.strip(), frozenset(each.name for each in definitions)))


def _own_image(request: Request, gallery: Gallery, image: ResourceId) -> tuple[ImageDefinition, str]:
    definition = request.uow.definitions.get_by_key(image.key)
    if definition.gallery_id != gallery.id:
        raise Invalid(
            f"The image '{definition.name}' is not in the gallery '{gallery.name}'.",
            hint="Export it as a new image, or as a version of one in that gallery.",
            target="image",
        )
    return definition, definition.name


def _number(request: Request, definition: ImageDefinition | None, wanted: str) -> VersionNumber:
    if not wanted:
        return next_number(request, definition)
    number = VersionNumber.parse(wanted)
    if definition and request.uow.versions.find_by_key(definition.arm_id.child("versions", str(number)).key):
        raise Conflict(
            f"Version {number} exists already.", hint="Leave the version empty to get the next one.", target="version"
        )
    return number


def _regions(request: Request, account: LabAccount, home: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The home region first. By default the whole geography; the account's policy bounds what is asked for."""
    if not wanted:
        return tuple(region.name for region in request.settings.regions.of_geography(home))
    names = [request.settings.regions.get(name).name for name in wanted]
    for name in names:
        if name != home and name not in account.allowed_regions:
            raise Invalid(
                f"The lab account '{account.name}' does not allow copies in {name}.",
                hint=f"Allowed are: {', '.join(account.allowed_regions)}.",
                target="regions",
            )
    return (home, *(name for name in dict.fromkeys(names) if name != home))


def _new_definition(request: Request, plan: _Plan, display_name: str) -> ImageDefinition:
    id = plan.gallery.arm_id.child("images", plan.image_name)
    source = request.uow.definitions.find(plan.lab.definition_id)
    definition = ImageDefinition(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=plan.lab.location,
        gallery_id=plan.gallery.id,
        display_name=display_name.strip(),
        os_type=source.os_type if source else OsType.LINUX,
        os_state=OsState.SPECIALIZED,
        generation=plan.lab.generation,
        publisher="galeria",
        offer="labs",
        sku=plan.image_name,
        **request.stamps(),
    )
    request.uow.definitions.add(definition)
    request.uow.flush()
    return definition

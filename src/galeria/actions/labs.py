"""Labs: made from an image that the account offers."""

from dataclasses import dataclass

from galeria.actions.accounts import image_offer
from galeria.actions.groups import require_group
from galeria.actions.request import Request
from galeria.domain.accounts import LabAccount
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.galleries import OS_DISK, Gallery, ImageDefinition, ImageVersion, OsState
from galeria.domain.ids import ResourceId, lab_name, password, user_name
from galeria.domain.labs import Lab, LabMachine, MachineKind
from galeria.domain.offers import Obstacle, VersionFacts, version_obstacles
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people import RoleAssignment
from galeria.domain.sizes import get_size
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.work import Secrets

LAB = "Microsoft.LabServices/labs"


@dataclass(frozen=True, kw_only=True)
class LabRequest:
    """What a caller says of a new lab. `image` is a definition's id (latest), a version's id, or an account's image id."""

    location: str
    tags: dict[str, str]
    account: ResourceId
    title: str
    description: str
    image: ResourceId
    size: str
    user_name: str
    password: str
    new_identity: bool = False  # a specialized image keeps the old machine's identity unless this is asked for


def create_lab(
    request: Request, id: ResourceId, wanted: LabRequest, secrets: Secrets
) -> tuple[Lab, bool, Operation | None]:
    """Begin a lab with its template VM, not started. The caller becomes Owner of it.

    A PUT repeated while the lab is being made joins the running operation.
    Raises Conflict with every reason and cure where the image cannot make a lab there.
    """
    lab = request.uow.labs.find_by_key(id.key)
    if lab:
        return _existing(request, lab, wanted)
    account = request.uow.accounts.get_by_key(wanted.account.key)
    if not request.caller.may(f"{LAB}/write", id.key):
        request.caller.require("Microsoft.LabServices/labPlans/createLab/action", account.key)
    require_group(request, id)
    lab_name(id.name)
    region = _allowed_region(request, account, wanted.location)
    definition, version = _choose(request, account, wanted.image, region)
    lab = _new_lab(request, id, wanted, account=account, definition=definition, version=version, region=region)
    request.uow.labs.add(lab)
    request.uow.flush()
    request.uow.machines.add(_template(request, lab, version, wanted, secrets))
    request.uow.people.add_assignment(
        RoleAssignment(
            id=request.dice.new_guid(),
            principal_id=request.caller.principal.id,
            role="Owner",
            scope=lab.key,
            created_at=request.clock.now(),
            created_by=request.caller.principal.id,
        )
    )
    request.audit(f"{LAB}/write", str(id))
    return lab, True, request.begin(OperationKind.CREATE_LAB, lab, lab.id)


def get_lab(request: Request, id: ResourceId) -> Lab:
    request.caller.require(f"{LAB}/read", id.key)
    return request.uow.labs.get_by_key(id.key)


def list_labs(request: Request, prefix: str) -> list[Lab]:
    return [lab for lab in request.uow.labs.below(prefix) if request.caller.may(f"{LAB}/read", lab.key)]


def delete_lab(request: Request, id: ResourceId) -> Operation | None:
    """None when there was none. Its machines and their disks go; images stay."""
    request.caller.require(f"{LAB}/delete", id.key)
    lab = request.uow.labs.find_by_key(id.key)
    if lab is None:
        return None
    request.audit(f"{LAB}/delete", str(id))
    for running in request.uow.operations.running_on(lab.id):
        if running.kind is OperationKind.DELETE_LAB:
            return running
        running.cancel_requested = True
    lab.state = moved(lab.state, ProvisioningState.DELETING, f"Lab '{lab.name}'")
    return request.begin(OperationKind.DELETE_LAB, lab, lab.id)


def get_machine(request: Request, lab_id: ResourceId, name: str) -> tuple[Lab, LabMachine]:
    """A lab's machine by name; the template's is `template`."""
    lab = get_lab(request, lab_id)
    for machine in request.uow.machines.of_lab(lab.id):
        if machine.name.lower() == name.lower():
            return lab, machine
    raise NotFound(f"The lab '{lab.name}' has no machine '{name}'.", hint="The template VM is named 'template'.")


def list_machines(request: Request, lab_id: ResourceId) -> tuple[Lab, list[LabMachine]]:
    lab = get_lab(request, lab_id)
    return lab, request.uow.machines.of_lab(lab.id)


def _existing(request: Request, lab: Lab, wanted: LabRequest) -> tuple[Lab, bool, Operation | None]:
    request.caller.require(f"{LAB}/write", lab.key)
    running = request.uow.operations.running_on(lab.id)
    if running:
        return lab, False, running[0]
    if lab.state is ProvisioningState.FAILED:
        lab.state = moved(lab.state, ProvisioningState.CREATING)
        return lab, False, request.begin(OperationKind.CREATE_LAB, lab, lab.id)
    lab.tags, lab.title, lab.description = wanted.tags, wanted.title or lab.title, wanted.description
    request.touch(lab)
    return lab, False, None


def _new_lab(
    request: Request,
    id: ResourceId,
    wanted: LabRequest,
    *,
    account: LabAccount,
    definition: ImageDefinition,
    version: ImageVersion,
    region: str,
) -> Lab:
    os_disk = next(disk for disk in request.uow.versions.disks(version.id) if disk.lun == OS_DISK)
    return Lab(
        id=request.dice.new_id(),
        resource_id=str(id),
        key=id.key,
        location=region,
        tags=wanted.tags,
        state=ProvisioningState.CREATING,
        account_id=account.id,
        title=wanted.title or id.name,
        description=wanted.description,
        definition_id=definition.id,
        image_id=str(wanted.image),
        version_id=version.id,
        version_name=version.name,
        base_digest=os_disk.digest,
        os_state=definition.os_state,
        generation=definition.generation,
        size=get_size(request.settings.sizes, wanted.size).name,
        user_name=user_name(wanted.user_name),
        **request.stamps(),
    )


def _template(request: Request, lab: Lab, version: ImageVersion, wanted: LabRequest, secrets: Secrets) -> LabMachine:
    specialized = lab.os_state is OsState.SPECIALIZED
    return LabMachine(
        id=request.dice.new_id(),
        lab_id=lab.id,
        kind=MachineKind.TEMPLATE,
        name="template",
        region=lab.location,
        state=MachineState.CREATING,
        base_digest=lab.base_digest,
        ssh_port=_free_port(request),
        user_name=lab.user_name,
        pending_password_hash=secrets.unix_hash(password(wanted.password)),
        retire_accounts=[name for name in version.accounts if name != lab.user_name] if specialized else [],
        accounts=sorted({*(version.accounts if specialized else []), lab.user_name}),
        renew_identity=specialized and wanted.new_identity,
        created_at=request.clock.now(),
    )


def _allowed_region(request: Request, account: LabAccount, location: str) -> str:
    region = request.settings.regions.get(location).name
    if region not in account.allowed_regions:
        raise Invalid(
            f"The lab account '{account.name}' allows no labs in {region}.",
            hint=f"Allowed are: {', '.join(account.allowed_regions)}.",
            target="location",
        )
    return region


def _choose(
    request: Request, account: LabAccount, image: ResourceId, region: str
) -> tuple[ImageDefinition, ImageVersion]:
    """The definition and the exact version that a lab made now gets. Raises Conflict with every reason against it."""
    uow = request.uow
    definition_id, exact = _image_names(uow.galleries.find(account.gallery_id or ""), image)
    definition = uow.definitions.get_by_key(definition_id.key)
    if definition.gallery_id != account.gallery_id:
        raise Invalid(
            f"The image '{definition.name}' is not in the gallery attached to '{account.name}'.",
            hint="Choose an image of the attached gallery, or have an administrator attach the other one.",
            target="imageReference.id",
        )
    offered = image_offer(uow, account, definition, region)
    version, obstacles = offered.version, offered.obstacles
    if exact:
        version = uow.versions.get_by_key(exact.key)
        facts = VersionFacts(
            version=version, disks=uow.versions.disks(version.id), replicas=uow.versions.replicas(version.id)
        )
        switched_off = tuple(each for each in obstacles if each.code in {"Disabled", "OsTypeNotSupported"})
        obstacles = switched_off + version_obstacles(account, facts, region)
    if obstacles or version is None:
        raise _unusable(definition, obstacles)
    return definition, version


def _image_names(gallery: Gallery | None, image: ResourceId) -> tuple[ResourceId, ResourceId | None]:
    """A definition's id and, where one was named, the exact version's."""
    kind = image.type.lower()
    if kind == "microsoft.compute/galleries/images/versions":
        return image.parent, None if image.name.lower() == "latest" else image
    if kind == "microsoft.compute/galleries/images":
        return image, None
    if kind == "microsoft.labservices/labplans/images" and gallery is not None:
        owner = gallery.arm_id
        return owner.child("images", image.name), None
    raise Invalid(
        f"'{image}' is not an image.",
        hint="Give the id of an image definition, of an image version, or of an image of the lab account.",
        target="imageReference.id",
    )


def _unusable(definition: ImageDefinition, obstacles: tuple[Obstacle, ...]) -> Conflict:
    first = obstacles[0] if obstacles else Obstacle(code="NoVersion", reason="It has no version.", cure="Import one.")
    return Conflict(
        f"The image '{definition.display_name}' cannot make a lab here: {' '.join(each.reason for each in obstacles)}",
        hint=" ".join(each.cure for each in obstacles) or first.cure,
        code=f"Image{first.code}",
        target="imageReference.id",
    )


def _free_port(request: Request) -> int:
    """A random one, so that installations that share a host seldom meet."""
    taken = request.uow.machines.ports()
    first, last = request.settings.first_ssh_port, request.settings.last_ssh_port
    span = last - first + 1
    start = int(request.dice.new_id(), 16) % span
    for offset in range(span):
        port = first + (start + offset) % span
        if port not in taken:
            return port
    raise Conflict("Every port for machines is taken.", hint="Delete labs, or widen the range in the settings.")

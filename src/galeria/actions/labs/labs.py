"""Labs: create from an image, list, delete; and the machines in them."""

from dataclasses import dataclass, field, replace

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.groups import require_lasting_group
from galeria.actions.core.host_use import give_up_waiting
from galeria.actions.core.limits import require_lab_limit, require_machine_limit
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_images import choose_image
from galeria.actions.labs.lab_settings import (
    CREATE,
    LAB,
    FixedSettings,
    LabSettings,
    allowed_region,
    apply_settings,
    inherited_profiles,
    update_lab,
)
from galeria.actions.labs.public_ports import ensure_public_ports, find_free_port
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId, lab_name, user_name
from galeria.domain.images.galleries import OS_DISK, ImageDefinition, ImageVersion, OsState, OsType
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabCreateOption, LabMachine, MachineKind, find_template
from galeria.domain.labs.preparation import accounts_to_close, kept_accounts
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.windows import account_name, account_password
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import PREPARING
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people.principals import RoleAssignment
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.work import SecretHasher


@dataclass(frozen=True, kw_only=True)
class LabRequest:
    """What a caller says of a new lab.

    `image` is a definition's id (latest), a version's id, or an account's image id.
    """

    location: str
    tags: dict[str, str]
    account: ResourceId
    title: str
    description: str
    image: ResourceId
    size: str
    user_name: str
    password: str
    new_identity: bool = False  # whether a machine of a specialized image gets a new identity
    keep_accounts: tuple[str, ...] = ()  # accounts of a specialized image that stay open
    create_option: LabCreateOption = LabCreateOption.TEMPLATE_VM
    settings: LabSettings = field(default_factory=LabSettings)  # all other settings

    @property
    def all_settings(self) -> LabSettings:
        """Everything that is said, as a change to a lab that is there."""
        return replace(
            self.settings,
            tags=self.tags,
            title=self.title,
            description=self.description,
            account=self.account,
            fixed=FixedSettings(
                location=self.location,
                image=self.image,
                size=self.size,
                user_name=self.user_name,
                password=self.password,
                create_option=self.create_option,
                new_identity=self.new_identity,
                keep_accounts=self.keep_accounts,
            ),
        )


def create_lab(
    request: Request, id: ResourceId, wanted: LabRequest, secrets: SecretHasher
) -> tuple[Lab, bool, Operation | None]:
    """Starts making a lab with its template VM, which is not started. The caller becomes Owner of the lab.

    A PUT repeated while the lab is being made returns the running operation; after a failure it retries. Raises
    Forbidden, Invalid, NotFound, Conflict with every obstacle where the image cannot make a lab there, and Conflict where the
    caller or everybody has as many labs or machines as may be.
    """
    lab = request.uow.labs.find_by_key(id.key)
    if lab is None:
        lab, operation = _create(request, id, wanted, secrets)
        return lab, True, operation
    if not request.caller.may_see(lab.key):  # as if there were no such lab
        _require_creator(request, id, request.uow.accounts.get_by_key(wanted.account.key))
    return lab, False, _put_again(request, lab, wanted, secrets)


def get_lab(request: Request, id: ResourceId) -> Lab:
    """Returns a lab. Raises Forbidden, NotFound."""
    request.caller.require(f"{LAB}/read", id.key)
    return request.uow.labs.get_by_key(id.key)


def list_labs(request: Request, prefix: str) -> list[Lab]:
    """Returns the labs below the key that the caller may see, by name."""
    return [lab for lab in request.uow.labs.below(prefix) if request.caller.may(f"{LAB}/read", lab.key)]


def delete_lab(request: Request, id: ResourceId) -> Operation | None:
    """Starts deleting a lab with its machines and their disks; images stay. None where there is no such lab.

    Raises Forbidden.
    """
    request.caller.require(f"{LAB}/delete", id.key)
    lab = request.uow.labs.find_by_key(id.key)
    if lab is None:
        return None
    request.audit(f"{LAB}/delete", str(id))
    for running in request.uow.operations.running_on(lab.id):
        if running.kind is OperationKind.DELETE_LAB:
            return running
        running.cancel_requested = True
    for machine in request.uow.machines.of_lab(lab.id):
        give_up_waiting(request, machine)
    lab.state = moved(lab.state, ProvisioningState.DELETING, Message("Lab '{lab}'", lab=lab.name))
    return request.begin(OperationKind.DELETE_LAB, lab, lab.id)


def get_machine(request: Request, lab_id: ResourceId, name: str) -> tuple[Lab, LabMachine]:
    """Returns a lab and its machine of that name, in any case; the template's name is `template`.

    Raises Forbidden, NotFound.
    """
    lab = get_lab(request, lab_id)
    for machine in request.uow.machines.of_lab(lab.id):
        if machine.name.lower() == name.lower():
            return lab, machine
    raise NotFound(
        Message("The lab '{lab}' has no machine '{name}'.", lab=lab.name, name=name),
        hint=Message("The template VM is named 'template'."),
    )


def list_machines(request: Request, lab_id: ResourceId) -> tuple[Lab, list[LabMachine]]:
    """Returns a lab and its machines, the template included. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    return lab, request.uow.machines.of_lab(lab.id)


def _require_creator(request: Request, id: ResourceId, account: LabAccount) -> None:
    """Raises Forbidden without the right to use the account's images and, for another group, to make labs in that group."""
    request.caller.require(CREATE, account.key)
    if id.parent.key != account.arm_id.parent.key and not request.caller.may(f"{LAB}/write", id.key):
        request.caller.require(CREATE, id.parent.key)


def _create(request: Request, id: ResourceId, wanted: LabRequest, secrets: SecretHasher) -> tuple[Lab, Operation]:
    account = request.uow.accounts.get_by_key(wanted.account.key)
    _require_creator(request, id, account)
    require_lasting_group(request, id)
    lab_name(id.name)
    _take_over_draft(request, id)
    require_limits(request, wanted, account)
    location = allowed_region(request, account, wanted.location)
    definition, version = choose_image(request, account, wanted.image, location)
    account_name(definition.os_type, wanted.user_name)
    lab = _new_lab(request, id, wanted, account=account, definition=definition, version=version, location=location)
    has_template = lab.create_option is LabCreateOption.TEMPLATE_VM
    for name in wanted.keep_accounts:
        user_name(name)
    password_hash = _checked_hash(secrets, lab, wanted.password) if has_template or wanted.password else ""
    apply_settings(lab, wanted.all_settings, secrets)
    request.uow.labs.add(lab)
    request.uow.flush()
    if has_template:
        template = _template(request, lab, version, password_hash, wanted.password)
        ensure_public_ports(request, lab, template)
        request.uow.machines.add(template)
    else:
        lab.admin_hash = password_hash
    ensure_owner(request, lab.key)
    request.audit(f"{LAB}/write", str(id))
    return lab, request.begin(OperationKind.CREATE_LAB, lab, lab.id, PREPARING)


def require_limits(request: Request, wanted: LabRequest, account: LabAccount) -> None:
    """Raises Conflict where the caller, the lab account, or everybody together, has as many labs or machines as may be."""
    author, capacity = request.caller.principal.id, wanted.settings.capacity or 0
    require_lab_limit(request, author, account.id)
    has_template = wanted.create_option is LabCreateOption.TEMPLATE_VM
    require_machine_limit(request, author, account.id, capacity + has_template)


def _put_again(request: Request, lab: Lab, wanted: LabRequest, secrets: SecretHasher) -> Operation | None:
    """What a PUT means for a lab that is there depends on how far it is. None where no work is to be done."""
    request.caller.require(f"{LAB}/write", lab.key)
    if lab.state is ProvisioningState.DELETING:
        raise Conflict(
            Message("The lab '{lab}' is being deleted.", lab=lab.name),
            hint=Message("Wait for that, then make it again."),
        )
    running = request.uow.operations.running_on(lab.id)
    if not running and lab.state is ProvisioningState.FAILED:
        return _retry(request, lab, wanted, secrets)
    if running and running[0].cancel_requested:
        raise Conflict(
            Message("What makes the lab '{lab}' was asked to stop.", lab=lab.name),
            hint=Message("Wait until that has ended, then send it again."),
        )
    # What may change is kept at once, also while the lab is being made; what is fixed is compared.
    update_lab(request, lab.arm_id, wanted.all_settings, secrets)
    return running[0] if running else None


def _retry(request: Request, lab: Lab, wanted: LabRequest, secrets: SecretHasher) -> Operation:
    said = wanted.all_settings
    update_lab(request, lab.arm_id, replace(said, fixed=replace(said.fixed, password=None)), secrets)
    lab.state = moved(lab.state, ProvisioningState.CREATING)
    if wanted.password:  # the caller was told none that holds yet: what was typed last is what counts
        template = find_template(request.uow.machines.of_lab(lab.id))
        if template:
            template.pending_password_hash = _checked_hash(secrets, lab, wanted.password)
            template.pending_password = kept_password(lab, wanted.password)
    return request.begin(OperationKind.CREATE_LAB, lab, lab.id, PREPARING)


def ensure_owner(request: Request, key: str) -> None:
    """Makes the caller Owner of the scope `key`, as Azure does for the creator of a lab; may be repeated."""
    person = request.caller.principal
    if any(each.role == "Owner" and each.scope == key for each in request.uow.people.assignments(person.id)):
        return
    request.uow.people.add_assignment(
        RoleAssignment(
            id=request.id_generator.new_guid(),
            principal_id=person.id,
            role="Owner",
            scope=key,
            created_at=request.clock.now(),
            created_by=person.id,
        )
    )


def _take_over_draft(request: Request, id: ResourceId) -> None:
    """Removes the draft of the older API that this lab replaces, if there is one. Raises Forbidden."""
    draft = request.uow.lab_drafts.find_by_key(id.key)
    if draft:
        request.caller.require(f"{LAB}/write", draft.key)
        request.uow.lab_drafts.remove(draft)


def _new_lab(
    request: Request,
    id: ResourceId,
    wanted: LabRequest,
    *,
    account: LabAccount,
    definition: ImageDefinition,
    version: ImageVersion,
    location: str,
) -> Lab:
    """What is fixed when a lab is made; the settings that may change later are applied to it."""
    os_disk = next(disk for disk in request.uow.versions.disks(version.id) if disk.lun == OS_DISK)
    return Lab(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=location,
        state=ProvisioningState.CREATING,
        author_id=request.caller.principal.id,
        account_id=account.id,
        title=id.name,
        definition_id=definition.id,
        image_id=str(wanted.image),
        version_id=version.id,
        version_name=version.name,
        base_digest=os_disk.digest,
        os_state=definition.os_state,
        generation=definition.generation,
        os_type=definition.os_type,
        size=get_size(request.settings.sizes, wanted.size).name,
        user_name=wanted.user_name,
        create_option=wanted.create_option,
        registration_code=_code(request),
        profiles={
            **inherited_profiles(account, definition.os_type),
            **{name: each for name, each in wanted.settings.profiles.items() if each is not None},
            **({"newIdentity": True} if wanted.new_identity else {}),
            **({"keepAccounts": list(wanted.keep_accounts)} if wanted.keep_accounts else {}),
        },
        **request.stamps(),
    )


def _code(request: Request) -> str:
    """Returns a registration code of ten random letters and digits."""
    return "".join(
        each for each in request.id_generator.new_secret() + request.id_generator.new_secret() if each.isalnum()
    )[:10]


def _checked_hash(secrets: SecretHasher, lab: Lab, text: str) -> str:
    """Returns the hash of a password that the lab's account may have. Raises Invalid."""
    return secrets.unix_hash(account_password(lab.os_type, text, user=lab.user_name))


def kept_password(lab: Lab, text: str) -> str:
    """The password as it is, which only Windows needs: until its machine has it (docs/secrets.md); else nothing."""
    return text if lab.os_type is OsType.WINDOWS else ""


def _template(request: Request, lab: Lab, version: ImageVersion, password_hash: str, text: str) -> LabMachine:
    specialized = lab.os_state is OsState.SPECIALIZED
    known = list(version.accounts) if specialized else []
    closing = (
        accounts_to_close(version.found, known, user_name=lab.user_name, keep=kept_accounts(lab)) if specialized else []
    )
    return LabMachine(
        id=request.id_generator.new_id(),
        lab_id=lab.id,
        kind=MachineKind.TEMPLATE,
        name="template",
        region=lab.location,
        state=MachineState.CREATING,
        base_digest=lab.base_digest,
        os_state=lab.os_state,
        ssh_port=free_port(request),
        user_name=lab.user_name,
        pending_password_hash=password_hash,
        pending_password=kept_password(lab, text),
        retire_accounts=closing,
        accounts=sorted({*known, *closing, lab.user_name}),
        renew_identity=specialized and bool(lab.profiles.get("newIdentity")),
        created_at=request.clock.now(),
    )


def free_port(request: BaseRequest) -> int:
    """Returns a random free port, so that installations that share a host seldom choose the same. Raises Conflict."""
    ports = range(request.settings.first_ssh_port, request.settings.last_ssh_port + 1)
    port = find_free_port(request, ports, request.uow.machines.ports())
    if port is None:
        raise Conflict(
            Message("Every port for machines is taken."),
            hint=Message("Delete labs, or widen the range in the settings."),
        )
    return port

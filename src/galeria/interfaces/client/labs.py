"""Labs, their machines, and the export of a template to the gallery."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from galeria.domain.durations import show_duration
from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.connection import Json, ServerConnection
from galeria.interfaces.client.operations import StartedWork
from galeria.interfaces.client.resources import ResourcesClient, given_values
from galeria.interfaces.client.short_names import ShortNames

TEMPLATE = "template"


@dataclass(frozen=True, kw_only=True)
class NewLab:
    """A lab to make. `image` is the id of an image definition (its latest version), of a version, or of an account's image."""

    image: str
    user: str
    password: str = field(repr=False)
    region: str
    size: str = "Small"
    title: str = ""
    description: str = ""
    new_identity: bool = False
    keep_accounts: tuple[str, ...] = ()  # accounts of a specialized image that stay open
    account: str = ""  # empty for the usual one


class LabsClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=LABS_API)
        self._names = names

    def get(self, name: str) -> Json:
        return self._rest.get(self._names.lab(name))

    def create(self, name: str, wanted: NewLab) -> StartedWork:
        """Make a lab with its template VM, which is not started. Raises Conflict where the image cannot make a lab there."""
        id = self._names.lab(name)
        machine = {
            "createOption": "TemplateVM",
            "imageReference": {"id": wanted.image},
            "sku": {"name": wanted.size, "capacity": 0},
            "adminUser": {"username": wanted.user, "password": wanted.password},
        }
        properties = given_values(
            labPlanId=str(self._names.account_id(wanted.account)),
            title=wanted.title or id.name,
            description=wanted.description or None,
            virtualMachineProfile=machine,
            galeria=given_values(
                newIdentity=wanted.new_identity or None, keepAccounts=list(wanted.keep_accounts) or None
            )
            or None,
        )
        return self._rest.put(id, {"location": wanted.region, "properties": properties})

    def delete(self, name: str) -> StartedWork:
        return self._rest.delete(self._names.lab(name))

    def deletion_impact(self, name: str) -> Json:
        """Return whose work a deletion of the lab would end, and whose work disks would be kept."""
        return self._rest.get(f"{self._names.lab(name)}/deletionImpact")

    def kept_work(self, name: str) -> list[Json]:
        """Return the kept work disks that could be given back to people of the lab."""
        return self._rest.list(f"{self._names.lab(name)}/keptWork")

    def restore_work(self, name: str, id: str) -> Json:
        """Give a kept work disk to its person's machine in the lab."""
        return self._rest.post(f"{self._names.lab(name)}/restoreWork", {"id": id}).resource

    def publish(self, name: str) -> StartedWork:
        """Make the template's content that of students' machines, as many as the lab's capacity."""
        return self._rest.post(f"{self._names.lab(name)}/publish")

    def change(
        self,
        name: str,
        *,
        capacity: int | None = None,
        shared_password: bool | None = None,
        open_access: bool | None = None,
        student: tuple[str, str] | None = None,
        work_disk: int | None = None,
        quota: int | None = None,
    ) -> StartedWork:
        """Change what is said; `student` is the name and password of an account without administrator's rights.

        Each machine gets a work disk of `work_disk` GiB; 0 is for none. `quota` is how many seconds each student may use theirs
        outside of classes.
        A published lab then gets more machines, or fewer of those that nobody holds.
        """
        machine = given_values(
            sku=None if capacity is None else {"capacity": capacity},
            useSharedPassword=None if shared_password is None else ("Enabled" if shared_password else "Disabled"),
            nonAdminUser={"username": student[0], "password": student[1]} if student else None,
            usageQuota=None if quota is None else show_duration(quota),
        )
        access = None if open_access is None else {"openAccess": "Enabled" if open_access else "Disabled"}
        ours = None if work_disk is None else {"workDiskGib": work_disk}
        properties = given_values(virtualMachineProfile=machine or None, securityProfile=access, galeria=ours)
        return self._rest.patch(self._names.lab(name), {"properties": properties})

    def sizes(self) -> list[Json]:
        return self._rest.list(f"{self._names.scope}/providers/Microsoft.LabServices/skus")

    def list(self) -> list[Json]:
        """Return all labs of the subscription that the caller may read."""
        return self._rest.list(f"{self._names.scope}/providers/Microsoft.LabServices/labs")


class MachinesClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=LABS_API)
        self._names = names

    def list(self, lab: str) -> list[Json]:
        return self._rest.list(f"{self._names.lab(lab)}/virtualMachines")

    def get(self, lab: str, machine: str = TEMPLATE) -> Json:
        return self._rest.get(self._names.machine(lab, machine))

    def start(self, lab: str, machine: str = TEMPLATE) -> StartedWork:
        return self._rest.post(f"{self._names.machine(lab, machine)}/start")

    def stop(self, lab: str, machine: str = TEMPLATE) -> StartedWork:
        return self._rest.post(f"{self._names.machine(lab, machine)}/stop")

    def keep_running(self, lab: str, machine: str = TEMPLATE) -> None:
        """Answer the warning that nobody uses the machine: its delays begin anew."""
        self._rest.post(f"{self._names.machine(lab, machine)}/keepRunning")

    def update(self, lab: str, machine: str, *, at_stop: bool = False) -> StartedWork:
        """Make a student's machine anew from the lab's newest revision: now, or once it is off."""
        body = {"when": "AtStop" if at_stop else "Now"}
        return self._rest.post(f"{self._names.machine(lab, machine)}/update", body)

    def update_all(self, lab: str, *, at_stop: bool = False) -> Json:
        """Do that with every machine of the lab that stands on an earlier revision, and return how many."""
        body = {"when": "AtStop" if at_stop else "Now"}
        return self._rest.post(f"{self._names.lab(lab)}/updateMachines", body).resource

    def earlier(self, lab: str, machine: str) -> Sequence[Json]:
        """Return what is kept of the machine from before it was made anew, the newest in front."""
        return self._rest.list(f"{self._names.machine(lab, machine)}/earlier")

    def bring_back(self, lab: str, machine: str, id: str) -> StartedWork:
        """Put an earlier machine in the place of the present one, which is kept in its stead."""
        return self._rest.post(f"{self._names.machine(lab, machine)}/bringBack", {"id": id})

    def reset_password(self, lab: str, *, user: str, password: str, machine: str = TEMPLATE) -> StartedWork:
        """Set a password in a running machine; the account is created where it is missing."""
        body = {"username": user, "password": password}
        return self._rest.post(f"{self._names.machine(lab, machine)}/resetPassword", body)


class ExportsClient:
    """Saves the template of a lab as an image version through the lab's account."""

    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=LABS_API)
        self._names = names

    def estimate(
        self, lab: str, *, name: str, version: str = "", regions: Sequence[str] = (), machine: str = TEMPLATE
    ) -> Json:
        """Return what an export would read, send, store and cost. Nothing is changed."""
        body = self._body(lab, machine, name, version, regions)
        return self._rest.post(f"{self._account_of(lab)}/estimateImage", body).resource

    def begin(
        self, lab: str, *, name: str, version: str = "", regions: Sequence[str] = (), machine: str = TEMPLATE
    ) -> StartedWork:
        """Begin the export. `resource` of the result is {imageDefinitionId, imageVersionId, operationId}."""
        body = self._body(lab, machine, name, version, regions)
        return self._rest.post(f"{self._account_of(lab)}/saveImage", body, prefer="return=representation")

    def _account_of(self, lab: str) -> str:
        found = self._rest.get(self._names.lab(lab))
        account = found["properties"].get("labPlanId")
        if not account:
            raise Conflict(
                Message("The lab account of '{name}' is gone.", name=found["name"]),
                hint=Message("A lab is exported through its account's gallery."),
            )
        return str(account)

    def _body(self, lab: str, machine: str, name: str, version: str, regions: Sequence[str]) -> Json:
        return given_values(
            name=name,
            labVirtualMachineId=str(self._names.machine(lab, machine)),
            version=version or None,
            regions=list(regions) or None,
        )

"""A machine is its lab's own before its first start where a look has shown how; else its agent makes it so."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.actions.labs.machines import reimage_machine, reset_password
from galeria.adapters.fakes.engine import FakeEngine
from galeria.adapters.fakes.inspector import FakeInspector
from galeria.domain.errors import Conflict, MachineFailed
from galeria.domain.images.findings import CloudInit, Findings, FoundAccount, GuestAgent, Look, SystemKind
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, OperationStatus
from galeria.ports.machines import FirstBoot, Machine, MachineCredentials, MachineSpec
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, lab_id, secrets
from tests.prepared_installations import MakeInstallation, with_running_lab

USED = Findings(
    kind=SystemKind.LINUX,
    accounts=(
        FoundAccount(name="root", has_password=False, keys=1, is_administrator=True),
        FoundAccount(name="prof", has_password=True, keys=1, is_administrator=True),
    ),
)
IMAGE = GALLERY.child("images", "Algebra")


class OldAccounts(FakeEngine):
    """Its machines come with the accounts of `prof` and root, and what is done to them is noted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.changes: list[DiskChanges] = []
        self.specs: list[MachineSpec] = []
        self.credentials: list[MachineCredentials] = []

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        self.specs.append(spec)
        super().ensure_machine(spec, first_boot)
        guest = self.guest(spec.machine)
        self._store(spec.machine, replace(guest, passwords={"prof": "old", "root": "old"}))

    def change_disk(self, machine: Machine, changes: DiskChanges) -> tuple[str, ...]:
        self.changes.append(changes)
        return super().change_disk(machine, changes)

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        self.credentials.append(credentials)
        super().set_credentials(machine, credentials)


class Case:
    """An installation with a specialized image `Algebra`, which the inspector sees as `found`."""

    def __init__(self, installation: LocalInstallation, found: Findings | None) -> None:
        self.inspector = FakeInspector()
        self.inspector.outcome = Look(findings=found) if found else Look(obstacle=Message("It is damaged."))
        self.engine = OldAccounts(installation.folder / "regions")
        context = replace(installation.context, engine=self.engine, inspector=self.inspector)
        self.here = replace(installation, engine=self.engine, context=context)

    def make(self, lab: str = "geometry") -> Operation:
        return self.here.run(self.here.begin_lab(lab, IMAGE, who="colleague"))

    def passwords(self, lab: str = "geometry") -> dict[str, str]:
        return self.engine.guest(self.here.guest_of(lab)).passwords

    def step_names(self, operation: Operation) -> list[str]:
        with self.here.context.database(reading=True) as uow:
            return [row.name for row in uow.operations.steps(operation.id)]

    def profiles(self, lab: str = "geometry") -> dict[str, object]:
        with self.here.context.database(reading=True) as uow:
            return uow.labs.get_by_key(lab_id(lab).key).profiles

    def keep(self, *names: str, lab: str = "geometry") -> None:
        with self.here.context.database() as uow:
            row = uow.labs.get_by_key(lab_id(lab).key)
            row.profiles = {**row.profiles, "keepAccounts": list(names)}
            uow.commit()

    def reset(self, password: str = "Another-Secret-1", account: str = "colleague") -> Operation:
        with self.here.request("colleague") as request:
            return reset_password(
                request, lab_id("geometry"), "template", account=account, new_password=password, secrets=secrets()
            )


@pytest.fixture
def exported(new_installation: MakeInstallation) -> LocalInstallation:
    installation = new_installation(with_running_lab)
    assert installation.run(installation.begin_export("algebra", "Algebra")).status is OperationStatus.SUCCEEDED
    return installation


def test_a_lab_of_a_used_disk_opens_at_once_and_for_its_own_account_only(exported: LocalInstallation) -> None:
    case = Case(exported, USED)

    made = case.make()

    assert made.status is OperationStatus.SUCCEEDED
    assert case.step_names(made) == [
        "Look inside the disk",
        "Bring the image to the hosts",
        "Make the template VM",
        "Prepare its disk",
        "Open the lab",
    ]
    assert case.inspector.looks == 1  # the version had not been looked at
    passwords = case.passwords()
    assert (passwords["prof"], passwords["root"]) == ("!", "!")
    assert passwords["colleague"].startswith("$6$")
    row = case.here.machine("geometry")
    assert (row.pending_password_hash, row.retire_accounts) == ("", [])
    assert case.profiles()["closedAccounts"] == ["prof", "root"]
    case.here.run(case.here.begin_start("geometry", who="colleague"))
    assert case.engine.credentials == []
    assert case.engine.guest(case.here.guest_of("geometry")).is_ssh_open


def test_doing_the_preparation_twice_is_the_same(exported: LocalInstallation) -> None:
    """The process dies between the change and the note of it."""
    case = Case(exported, USED)
    operation = case.here.begin_lab("geometry", IMAGE, who="colleague")
    case.here.run(operation)
    row = case.here.machine("geometry")
    with case.here.context.database() as uow:
        uow.machines.get(row.id).pending_password_hash = "$6$again"
        uow.commit()

    case.here.run(case.here.operation(operation.id))

    assert case.profiles()["closedAccounts"] == ["prof", "root"]


def test_without_a_look_the_agent_closes_all_others_before_the_port_opens(exported: LocalInstallation) -> None:
    case = Case(exported, None)

    case.make()
    case.keep("root")
    case.here.run(case.here.begin_start("geometry", who="colleague"))

    assert case.engine.changes == []
    (credentials,) = case.engine.credentials
    assert (credentials.close_others, credentials.keep) == (True, ("root",))
    assert (case.passwords()["prof"], case.passwords()["root"]) == ("!", "old")


@pytest.mark.parametrize("agents", [(), (GuestAgent.QEMU,)])
def test_a_disk_that_cannot_be_prepared_never_opens_with_its_old_accounts(
    agents: tuple[GuestAgent, ...], exported: LocalInstallation
) -> None:
    """Where its agent can still do it the lab is there, with a closed port; else there is no lab."""
    case = Case(exported, replace(USED, agents=agents))
    case.engine.fail_on["change_disk"] = MachineFailed(Message("It is full."), hint=Message("Make room."))

    made = case.make()

    row = case.here.machine("geometry")
    assert row.pending_password_hash
    assert row.retire_accounts == ["educator"]  # the only one that was known before the look
    if not agents:
        assert (made.status, row.state) == (OperationStatus.FAILED, MachineState.FAILED)
        assert "It is full." in made.error_message
        return
    case.here.run(case.here.begin_start("geometry", who="colleague"))
    assert case.passwords()["prof"] == "!"
    assert case.engine.credentials[0].close_others


def test_a_password_that_is_set_first_closes_the_old_accounts_with_that(exported: LocalInstallation) -> None:
    case = Case(exported, replace(USED, agents=(GuestAgent.QEMU,)))
    case.engine.fail_on["change_disk"] = MachineFailed(Message("It is full."), hint=Message("Make room."))
    case.make()
    del case.engine.fail_on["change_disk"]

    case.here.run(case.reset())

    assert (case.passwords()["prof"], case.passwords()["root"]) == ("!", "!")
    assert case.profiles()["closedAccounts"] == ["prof", "root"]


def test_a_reimaged_machine_is_prepared_again(exported: LocalInstallation) -> None:
    case = Case(exported, USED)
    case.make()
    case.keep("prof")
    with case.here.request("colleague") as request:
        operation = reimage_machine(request, lab_id("geometry"), "template")

    done = case.here.run(operation)

    assert "Prepare its disk" in case.step_names(done)
    assert case.passwords() == {"prof": "old", "root": "!", "colleague": "!"}  # the password is lost with the disk


def test_a_password_is_set_in_a_machine_that_is_off(exported: LocalInstallation) -> None:
    case = Case(exported, USED)
    case.make()
    before = case.passwords()["colleague"]

    done = case.here.run(case.reset(account="helper"))

    assert done.status is OperationStatus.SUCCEEDED
    row = case.here.machine("geometry")
    assert (row.state, row.user_name, row.pending_password_hash) == (MachineState.STOPPED, "helper", "")
    assert case.passwords()["colleague"] == before
    assert case.passwords()["helper"].startswith("$6$")
    assert not case.engine.changes[-1].close_others


def test_a_later_password_closes_no_account_that_was_made_since(exported: LocalInstallation) -> None:
    case = Case(exported, USED)
    case.make()
    case.here.run(case.here.begin_start("geometry", who="colleague"))
    guest = case.engine.guest(case.here.guest_of("geometry"))
    case.engine._store(case.here.guest_of("geometry"), replace(guest, passwords=guest.passwords | {"pupil": "own"}))

    case.here.run(case.reset())
    case.here.run(case.here.begin_stop("geometry", who="colleague"))
    case.here.run(case.reset("Third-Secret-1"))

    assert case.passwords()["pupil"] == "own"


def test_a_password_that_cannot_be_set_leaves_the_machine_off(exported: LocalInstallation) -> None:
    case = Case(exported, USED)
    case.make()
    case.engine.fail_on["change_disk"] = MachineFailed(Message("It is full."), hint=Message("Make room."))

    done = case.here.run(case.reset())

    row = case.here.machine("geometry")
    assert (done.status, row.state, row.failure) == (OperationStatus.FAILED, MachineState.STOPPED, "It is full.")


def test_a_machine_that_nobody_has_looked_into_has_to_run(exported: LocalInstallation) -> None:
    case = Case(exported, None)
    case.make()
    with pytest.raises(Conflict, match="not running"):
        case.reset()


def test_a_generalized_image_gets_what_its_own_programs_lack(installation: LocalInstallation) -> None:
    azure = Findings(kind=SystemKind.LINUX, cloud_init=CloudInit(data_sources=("Azure",)))
    case = Case(installation, azure)
    case.here.run(case.here.begin_import("linux", disk_bytes(MIB)))
    case.here.run(case.here.begin_lab("algebra", GALLERY.child("images", "linux")))

    assert case.engine.changes == [DiskChanges(data_sources=("NoCloud", "Azure", "None"))]
    record = (
        case.here.folder / "regions" / "brazilsouth" / "machines" / case.here.guest_of("algebra").id / "machine.json"
    )
    assert json.loads(record.read_text())["seed"]["user_name"] == "educator"
    with case.here.request() as request, pytest.raises(Conflict, match="not running"):
        # Its seed would set the old password after that.
        reset_password(
            request, lab_id("algebra"), "template", account="educator", new_password="Secret-12", secrets=secrets()
        )


def test_a_generalized_image_without_cloud_init_gets_its_account_here(installation: LocalInstallation) -> None:
    case = Case(installation, Findings(kind=SystemKind.LINUX, agents=(GuestAgent.AZURE,)))
    case.here.run(case.here.begin_import("linux", disk_bytes(MIB)))
    case.here.run(case.here.begin_lab("algebra", GALLERY.child("images", "linux")))

    guest = case.engine.guest(case.here.guest_of("algebra"))
    assert (guest.host_name, guest.seed) == ("algebra", None)
    assert guest.passwords["educator"].startswith("$6$")
    assert guest.passwords["prof"] == "old"  # whoever generalized it has left it there

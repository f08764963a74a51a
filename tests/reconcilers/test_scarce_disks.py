"""Machines are paused while their disk has less room than must stay free, and go on when there is room again."""

from dataclasses import dataclass, replace

import pytest

from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.fakes.image_cache import FakeImageCache
from galeria.domain.audit import AuditSearch
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from galeria.domain.regions import CloudAccess, Regions
from galeria.ports.images import Digest
from galeria.ports.machines import Arrival
from galeria.reconcilers.scarce_disks import ENOUGH, PAUSE, RESUME, pause_on_scarce_disks, resume_on_roomy_disks
from galeria.workflows.context import WorkflowContext
from tests.local_installation import SUBSCRIPTION, LocalInstallation
from tests.prepared_installations import MakeInstallation, with_running_lab

MORE_THAN_ANY_DISK = DiskMargin(size=1 << 62)


@dataclass(kw_only=True)
class Room:
    """Free room as a multiple of the margin, for each region."""

    shares: dict[str, float]

    def require(self, needed: int, *, region: str = "") -> None:
        """Nothing asks here."""

    def share(self, region: str) -> float:
        return self.shares.get(region, 9)


class ArrivingImage(FakeImageCache):
    """A cache whose images are half there."""

    problem = ""

    def find_arrival(self, region: str, digest: Digest) -> Arrival | None:
        return Arrival(present=1, total=2, problem=self.problem)


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def guard(installation: LocalInstallation, context: WorkflowContext) -> set[str]:
    pause_on_scarce_disks(context)
    resume_on_roomy_disks(context)
    assert installation.engine.running() == {each.id for each in installation.engine.machines()}
    return installation.engine.paused()


def told(installation: LocalInstallation) -> list[tuple[str, str]]:
    with installation.context.database(reading=True) as uow:
        found = uow.audit.search([f"/subscriptions/{SUBSCRIPTION}"], AuditSearch(), offset=0, limit=100)
    wanted = [each for each in reversed(found) if each.action in (PAUSE, RESUME)]
    return [(each.action, each.scope.rpartition("/providers/")[2]) for each in wanted]


def test_the_room_of_a_real_disk_decides(running: LocalInstallation) -> None:
    (machine,) = running.engine.machines()
    full, empty = (
        replace(running.context, disk_room=DataRoom(data=running.folder, margin=margin))
        for margin in (MORE_THAN_ANY_DISK, NO_MARGIN)
    )
    assert guard(running, empty) == set()
    for _ in range(2):
        assert guard(running, full) == {machine.id}
    for _ in range(2):
        assert guard(running, empty) == set()
    template = "microsoft.labservices/labs/algebra/virtualmachines/template"
    assert told(running) == [(PAUSE, template), (RESUME, template)]


def test_only_the_machines_of_that_disk_are_paused_and_not_in_turns(running: LocalInstallation) -> None:
    (machine,) = running.engine.machines()
    room = Room(shares={"westeurope": 0.1})
    context = replace(running.context, disk_room=room)
    assert guard(running, context) == set()
    room.shares = {machine.region: 0.99}
    assert guard(running, context) == {machine.id}
    room.shares = {machine.region: 1.05}
    assert guard(running, context) == {machine.id}
    room.shares = {machine.region: ENOUGH}
    assert guard(running, context) == set()
    room.shares = {machine.region: 1.05}
    assert guard(running, context) == set()


def test_a_machine_in_a_cloud_writes_to_no_disk_of_this_host(running: LocalInstallation) -> None:
    (machine,) = running.engine.machines()
    regions = tuple(
        replace(each, cloud=CloudAccess(name="cloud", network="machines")) if each.name == machine.region else each
        for each in running.context.settings.regions.all
    )
    settings = replace(running.context.settings, regions=Regions(regions))
    context = replace(running.context, settings=settings, disk_room=Room(shares={machine.region: 0.1}))
    assert guard(running, context) == set()
    running.engine.pause(machine)  # as whoever looks after the cloud may do
    context = replace(context, disk_room=Room(shares={}))
    assert guard(running, context) == {machine.id}


def test_a_machine_that_is_off_stays_off(running: LocalInstallation) -> None:
    (machine,) = running.engine.machines()
    running.engine.stop(machine, seconds=1)
    pause_on_scarce_disks(replace(running.context, disk_room=Room(shares={machine.region: 0})))
    assert (running.engine.paused(), told(running)) == (set(), [])


def test_a_stop_is_possible_while_a_machine_is_paused(running: LocalInstallation) -> None:
    (machine,) = running.engine.machines()
    assert guard(running, replace(running.context, disk_room=Room(shares={machine.region: 0}))) == {machine.id}
    running.engine.stop(machine, seconds=1)
    assert running.engine.paused() == running.engine.running() == set()


def test_what_fails_for_one_machine_is_raised_for_the_log(running: LocalInstallation) -> None:
    (machine,) = running.engine.machines()
    running.engine.fail_on["pause"] = MachineFailed(Message("away"))
    with pytest.raises(MachineFailed):
        pause_on_scarce_disks(replace(running.context, disk_room=Room(shares={machine.region: 0})))
    assert told(running) == []


def test_a_machine_whose_image_cannot_be_read_goes_on_when_it_can(running: LocalInstallation) -> None:
    (machine,) = running.engine.machines()
    image = ArrivingImage(running.folder)
    context = replace(running.context, disk_room=Room(shares={}), cache=image)
    running.engine.pause(machine)  # as the host does after a read that failed
    image.problem = "Region brazilsouth does not answer."
    assert guard(running, context) == {machine.id}
    image.problem = ""
    assert guard(running, context) == set()
    assert told(running) == []

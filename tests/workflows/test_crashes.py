"""Every workflow is crashed before and after every step and resumed; then the world must be as if nothing had happened."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from galeria.actions.labs.lab_publishing import publish_lab
from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import redeploy_machine, reimage_machine, reset_password
from galeria.actions.versions.versions import VersionRequest, delete_version, put_version
from galeria.domain.ids import ResourceId
from galeria.domain.images.publishing import Target
from galeria.domain.operations import Operation
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState, ReplicaState
from galeria.ports.machines import Power
from galeria.ports.work import Step
from galeria.workflows.run_operation import run_operation
from tests.crashing import crash_everywhere
from tests.scene import MIB, Scene, disk_bytes, lab_id, secrets, version_id
from tests.stages import MakeScene, Prepare, founded

BRAZIL = ("brazilsouth", "brazilsoutheast")


@dataclass(frozen=True)
class Told:
    """A story begun in a scene, and how its end must look."""

    scene: Scene
    operation: Operation
    look: Callable[[], None]


Story = Callable[[Scene], Told]


def importing(scene: Scene) -> Told:
    operation = scene.begin_import("linux", disk_bytes(), regions=BRAZIL)

    def look() -> None:
        expect_version(scene, version_id("linux"), disk_bytes(), BRAZIL)
        assert scene.world.uploads.all() == []

    return Told(scene, operation, look)


def creating_a_lab(scene: Scene) -> Told:
    operation = scene.begin_lab("algebra", version_id("linux").parent)

    def look() -> None:
        machine = scene.machine("algebra")
        assert machine.state is MachineState.STOPPED
        assert scene.engine.power(scene.guest_of("algebra")) is Power.STOPPED
        assert scene.engine.read(scene.guest_of("algebra"), 0, 4 * MIB) == disk_bytes()

    return Told(scene, operation, look)


def starting(scene: Scene) -> Told:
    operation = scene.begin_start("algebra")

    def look() -> None:
        machine = scene.machine("algebra")
        assert machine.state is MachineState.RUNNING
        assert machine.pending_password_hash == ""
        guest = scene.engine.guest(scene.guest_of("algebra"))
        assert guest.is_ssh_open
        assert list(guest.passwords) == ["educator"]

    return Told(scene, operation, look)


def stopping(scene: Scene) -> Told:
    operation = scene.begin_stop("algebra")

    def look() -> None:
        assert scene.machine("algebra").state is MachineState.STOPPED
        assert scene.engine.power(scene.guest_of("algebra")) is Power.STOPPED

    return Told(scene, operation, look)


def resetting_a_password(scene: Scene) -> Told:
    before = scene.engine.guest(scene.guest_of("algebra")).passwords["educator"]
    with scene.request("educator") as request:
        operation = reset_password(
            request, lab_id("algebra"), "template", account="educator", new_password="Other-horse-8", secrets=secrets()
        )

    def look() -> None:
        assert scene.machine("algebra").state is MachineState.RUNNING
        assert scene.engine.guest(scene.guest_of("algebra")).passwords["educator"] != before

    return Told(scene, operation, look)


def exporting(scene: Scene) -> Told:
    scene.engine.write(scene.guest_of("algebra"), MIB, b"lesson one")
    operation = scene.begin_export("algebra", "Álgebra 1")

    def look() -> None:
        content = changed(disk_bytes(), MIB, b"lesson one")
        expect_version(scene, version_id("Algebra-1"), content, BRAZIL)
        machine = scene.machine("algebra")
        assert machine.layer_digest == digest_of(scene, version_id("Algebra-1"))

    return Told(scene, operation, look)


def starting_a_specialized_machine(scene: Scene) -> Told:
    operation = scene.begin_start("geometry", who="colleague")

    def look() -> None:
        guest = scene.engine.guest(scene.guest_of("geometry"))
        assert guest.is_ssh_open
        assert guest.passwords["colleague"].startswith("$6$")
        assert guest.passwords.get("educator", "!") == "!"

    return Told(scene, operation, look)


def adding_and_removing_regions(scene: Scene) -> Told:
    with scene.request() as request:
        targets = (Target(region="brazilsouth"), Target(region="West Europe"))
        wanted = VersionRequest(location="brazilsouth", tags={}, targets=targets)
        operation = put_version(request, version_id("linux"), wanted)[2]
    assert operation is not None

    def look() -> None:
        expect_version(scene, version_id("linux"), disk_bytes(), ("brazilsouth", "westeurope"))
        assert stored_chunks(scene, "brazilsoutheast") == 0

    return Told(scene, operation, look)


def deleting_a_version(scene: Scene) -> Told:
    with scene.request() as request:
        operation = delete_version(request, version_id("linux"))
    assert operation is not None

    def look() -> None:
        with scene.world.database(reading=True) as uow:
            assert uow.versions.find_by_key(version_id("linux").key) is None
        assert [stored_chunks(scene, region) for region in BRAZIL] == [0, 0]

    return Told(scene, operation, look)


def deleting_a_lab(scene: Scene) -> Told:
    with scene.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    assert operation is not None

    def look() -> None:
        with scene.world.database(reading=True) as uow:
            assert uow.labs.find_by_key(lab_id("algebra").key) is None
            assert uow.machines.ids() == set()
        assert scene.engine.machines() == []

    return Told(scene, operation, look)


def reimaging(scene: Scene) -> Told:
    scene.engine.write(scene.guest_of("algebra"), 0, b"spoiled")
    with scene.request("educator") as request:
        operation = reimage_machine(request, lab_id("algebra"), "template")

    def look() -> None:
        machine = scene.machine("algebra")
        assert (machine.state, machine.pending_password_hash) == (MachineState.STOPPED, "!")
        assert scene.engine.power(scene.guest_of("algebra")) is Power.STOPPED
        assert scene.engine.read(scene.guest_of("algebra"), 0, 4 * MIB) == disk_bytes()

    return Told(scene, operation, look)


def redeploying(scene: Scene) -> Told:
    scene.engine.write(scene.guest_of("algebra"), MIB, b"kept")
    with scene.request("educator") as request:
        operation = redeploy_machine(request, lab_id("algebra"), "template")

    def look() -> None:
        assert scene.machine("algebra").state is MachineState.RUNNING
        assert scene.engine.guest(scene.guest_of("algebra")).is_ssh_open
        assert scene.engine.read(scene.guest_of("algebra"), MIB, 4) == b"kept"

    return Told(scene, operation, look)


def publishing(scene: Scene) -> Told:
    with scene.request("educator") as request:
        operation = publish_lab(request, lab_id("algebra"))

    def look() -> None:
        with scene.world.database(reading=True) as uow:
            lab = uow.labs.get_by_key(lab_id("algebra").key)
        assert lab.lab_state is LabState.PUBLISHED
        assert lab.published_at is not None
        assert scene.machine("algebra").state is MachineState.STOPPED

    return Told(scene, operation, look)


def an_image(scene: Scene) -> None:
    scene.run(scene.begin_import("linux", disk_bytes()))


def an_image_in_two_regions(scene: Scene) -> None:
    scene.run(scene.begin_import("linux", disk_bytes(), regions=BRAZIL))


def a_lab(scene: Scene) -> None:
    an_image(scene)
    scene.run(scene.begin_lab("algebra", version_id("linux").parent))


def a_running_lab(scene: Scene) -> None:
    a_lab(scene)
    scene.run(scene.begin_start("algebra"))


def a_lab_of_an_exported_image(scene: Scene) -> None:
    a_running_lab(scene)
    scene.run(scene.begin_export("algebra", "Álgebra 1"))
    scene.run(scene.begin_lab("geometry", version_id("Algebra-1").parent, who="colleague", region="brazilsoutheast"))


# Each with what is there before it begins.
STORIES: tuple[tuple[Story, Prepare], ...] = (
    (importing, founded),
    (creating_a_lab, an_image),
    (starting, a_lab),
    (stopping, a_running_lab),
    (resetting_a_password, a_running_lab),
    (reimaging, a_running_lab),
    (redeploying, a_running_lab),
    (publishing, a_running_lab),
    (exporting, a_running_lab),
    (starting_a_specialized_machine, a_lab_of_an_exported_image),
    (adding_and_removing_regions, an_image_in_two_regions),
    (deleting_a_version, an_image_in_two_regions),
    (deleting_a_lab, a_running_lab),
)


def each_of(stories: tuple[tuple[Story, Prepare], ...], *, quick: Story) -> list[pytest.ParameterSet]:
    """One is told by the quick tests too."""
    return [
        pytest.param(story, before, id=story.__name__, marks=[] if story is quick else pytest.mark.slow)
        for story, before in stories
    ]


@pytest.mark.parametrize(("story", "before"), each_of(STORIES, quick=stopping))
def test_a_crash_before_or_after_any_step_changes_nothing(story: Story, before: Prepare, new_scene: MakeScene) -> None:
    crash(story, lambda: new_scene(before))


def crash(story: Story, new_scene: Callable[[], Scene]) -> None:
    def make() -> tuple[Callable[[Step], None], Callable[[], None]]:
        told = story(new_scene())

        def tell(step: Step) -> None:
            run_operation(step, told.scene.world, told.operation.id)

        def look() -> None:
            operation = told.scene.operation(told.operation.id)
            assert (operation.status, operation.error_message) == (OperationStatus.SUCCEEDED, "")
            told.look()

        return tell, look

    assert crash_everywhere(make) >= 8


def expect_version(scene: Scene, id: ResourceId, content: bytes, regions: tuple[str, ...]) -> None:
    """Ready, complete in exactly these regions, and the right bytes in each."""
    with scene.world.database(reading=True) as uow:
        version = uow.versions.get_by_key(id.key)
        replicas = uow.versions.replicas(version.id)
    assert version.state is ProvisioningState.SUCCEEDED
    assert {each.region: each.state for each in replicas} == dict.fromkeys(regions, ReplicaState.COMPLETED)
    digest = digest_of(scene, id)
    for region in regions:
        target = scene.folder / f"{region}.raw"
        scene.world.stores[region].restore(digest, target, progress=lambda *, done, total: None)
        assert target.read_bytes() == content
        target.unlink()


def digest_of(scene: Scene, id: ResourceId) -> str:
    with scene.world.database(reading=True) as uow:
        return uow.versions.disks(uow.versions.get_by_key(id.key).id)[0].digest


def stored_chunks(scene: Scene, region: str) -> int:
    return scene.world.stores[region].verify(None, progress=lambda *, done, total: None).chunks


def changed(content: bytes, offset: int, data: bytes) -> bytes:
    return content[:offset] + data + content[offset + len(data) :]

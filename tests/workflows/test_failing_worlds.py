"""When the world fails, an operation says what happened and what to do; a retry finishes what is left and nothing else."""

from collections.abc import Callable

import pytest

from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import reset_password
from galeria.actions.versions.operations import retry_operation
from galeria.actions.versions.versions import VersionRequest, delete_version, put_version
from galeria.domain.errors import Corrupt, GaleriaError, MachineFailed, OutOfSpace, StoreUnavailable
from galeria.domain.images.publishing import Target
from galeria.domain.operations import Operation, OperationStep
from galeria.domain.states import MachineState, OperationStatus, ProvisioningState, ReplicaState
from galeria.ports.machines import Power
from tests.crashing import Crash, Steps
from tests.failing import FailingStore, wishing, with_stores
from tests.scene import GALLERY, MIB, Scene, disk_bytes, lab_id, secrets, version_id
from tests.stages import MakeScene, with_running_lab

BRAZIL = ("brazilsouth", "brazilsoutheast")
FULL = OutOfSpace("The disk of the store is full.", hint="Make room, then retry.")
AWAY = StoreUnavailable("The store does not answer.", hint="Look at its network, then retry.")
DEAD = MachineFailed("The machine did not do it.", hint="Look at its console.")
IMAGE = GALLERY.child("images", "linux")


def retried(scene: Scene, operation: Operation, who: str = "admin") -> Operation:
    with scene.request(who) as request:
        again = retry_operation(request, operation.id)
    return scene.run(again)


def expect_failure(operation: Operation, error: GaleriaError) -> None:
    assert operation.status is OperationStatus.FAILED
    assert error.message in operation.error_message
    assert error.hint in operation.error_hint
    assert operation.error_code
    assert operation.ended_at is not None


def states(scene: Scene, image: str) -> tuple[ProvisioningState, str, dict[str, ReplicaState]]:
    with scene.world.database(reading=True) as uow:
        version = uow.versions.get_by_key(version_id(image).key)
        return version.state, version.failure, {each.region: each.state for each in uow.versions.replicas(version.id)}


def steps(scene: Scene, operation: Operation) -> dict[tuple[str, str], OperationStep]:
    with scene.world.database(reading=True) as uow:
        return {(each.name, each.region): each for each in uow.operations.steps(operation.id)}


def run(scene: Scene) -> None:
    """A lab that runs, with a line on its disk."""
    with_running_lab(scene)
    scene.engine.write(scene.guest_of("algebra"), 0, b"lesson one")


@pytest.fixture
def running(new_scene: MakeScene) -> Scene:
    return new_scene(run)


@pytest.mark.parametrize("halfway", [False, True])
@pytest.mark.parametrize("error", [FULL, AWAY], ids=["full", "away"])
def test_an_import_that_cannot_be_stored_is_finished_by_a_retry(
    scene: Scene, error: GaleriaError, halfway: bool
) -> None:
    operation = scene.begin_import("linux", disk_bytes(MIB), regions=BRAZIL)
    store = FailingStore(scene.world.stores["brazilsouth"], "capture", error, times=1, halfway=halfway)
    failed = with_stores(scene, brazilsouth=store).run(operation)
    expect_failure(failed, error)
    assert states(scene, "linux") == (
        ProvisioningState.FAILED,
        error.message,
        dict.fromkeys(BRAZIL, ReplicaState.PENDING),
    )
    assert scene.world.uploads.all(), "the uploaded file waits for the retry"
    assert retried(scene, failed).error_message == ""
    assert states(scene, "linux") == (ProvisioningState.SUCCEEDED, "", dict.fromkeys(BRAZIL, ReplicaState.COMPLETED))


def test_a_region_that_fails_holds_back_no_other_and_only_it_is_done_again(scene: Scene) -> None:
    everywhere = (*BRAZIL, "westeurope")
    operation = scene.begin_import("linux", disk_bytes(MIB), regions=everywhere)
    store = FailingStore(scene.world.stores["brazilsoutheast"], "replicate", AWAY, times=1, halfway=True)
    europe = FailingStore(scene.world.stores["westeurope"], "replicate", AWAY, times=0)
    hostile = with_stores(scene, brazilsoutheast=store, westeurope=europe)
    failed = hostile.run(operation)
    expect_failure(failed, AWAY)
    assert failed.error_code == "ReplicationFailed"
    assert "brazilsoutheast: " in failed.error_message
    assert states(scene, "linux")[2] == {
        "brazilsouth": ReplicaState.COMPLETED,
        "brazilsoutheast": ReplicaState.FAILED,
        "westeurope": ReplicaState.COMPLETED,
    }
    scene.run(scene.begin_lab("early", IMAGE))  # in the region that has it, the image is usable meanwhile
    assert (store.calls, europe.calls) == (1, 1)
    assert retried(hostile, failed).error_message == ""
    assert (store.calls, europe.calls) == (2, 1)
    assert states(scene, "linux")[2] == dict.fromkeys(everywhere, ReplicaState.COMPLETED)
    assert scene.world.uploads.all() == []


def test_several_failed_regions_are_all_named(scene: Scene) -> None:
    operation = scene.begin_import("linux", disk_bytes(MIB), regions=(*BRAZIL, "westeurope"))
    broken = {
        "brazilsoutheast": FailingStore(scene.world.stores["brazilsoutheast"], "replicate", AWAY),
        "westeurope": FailingStore(scene.world.stores["westeurope"], "replicate", FULL),
    }
    failed = with_stores(scene, **broken).run(operation)
    for region, store in broken.items():
        assert f"{region}: {store.error.message}" in failed.error_message
    assert "only these regions are done again" in failed.error_hint


def test_a_store_that_fails_while_regions_are_added_leaves_the_version_usable(scene: Scene) -> None:
    scene.run(scene.begin_import("linux", disk_bytes(MIB)))
    with scene.request() as request:
        targets = tuple(Target(region=region) for region in BRAZIL)
        operation = put_version(
            request, version_id("linux"), VersionRequest(location="brazilsouth", tags={}, targets=targets)
        )[2]
    store = FailingStore(scene.world.stores["brazilsoutheast"], "replicate", FULL, times=1)
    hostile = with_stores(scene, brazilsoutheast=store)
    failed = hostile.run(operation)
    expect_failure(failed, FULL)
    assert states(scene, "linux")[0] is ProvisioningState.FAILED
    assert scene.run(scene.begin_lab("algebra", IMAGE)).status is OperationStatus.SUCCEEDED
    assert retried(hostile, failed).error_message == ""
    assert states(scene, "linux")[0] is ProvisioningState.SUCCEEDED


@pytest.mark.parametrize("error", [FULL, Corrupt("A chunk is damaged.", hint="Verify the store.")], ids=["full", "bad"])
def test_a_lab_whose_image_does_not_arrive_is_finished_by_a_retry(scene: Scene, error: GaleriaError) -> None:
    scene.run(scene.begin_import("linux", disk_bytes(MIB)))
    operation = scene.begin_lab("algebra", IMAGE)
    store = FailingStore(scene.world.stores["brazilsouth"], "restore", error, times=1, halfway=True)
    hostile = with_stores(scene, brazilsouth=store)
    failed = hostile.run(operation)
    expect_failure(failed, error)
    assert lab_state(scene) is ProvisioningState.FAILED
    assert scene.machine("algebra").state is MachineState.FAILED
    assert scene.machine("algebra").failure == error.message
    assert retried(hostile, failed, "educator").error_message == ""
    assert lab_state(scene) is ProvisioningState.SUCCEEDED
    machine = scene.machine("algebra")
    assert (machine.state, machine.failure) == (MachineState.STOPPED, "")


@pytest.mark.parametrize("verb", ["start", "wait_ready", "open_ssh"])
def test_a_machine_that_does_not_start_is_started_by_a_retry(scene: Scene, verb: str) -> None:
    scene.run(scene.begin_import("linux", disk_bytes(MIB)))
    scene.run(scene.begin_lab("algebra", IMAGE))
    scene.engine.fail_on[verb] = DEAD
    failed = scene.run(scene.begin_start("algebra"))
    expect_failure(failed, DEAD)
    assert scene.machine("algebra").state is MachineState.FAILED
    del scene.engine.fail_on[verb]
    assert retried(scene, failed, "educator").error_message == ""
    assert scene.machine("algebra").state is MachineState.RUNNING
    assert scene.machine("algebra").failure == ""


def test_a_machine_that_does_not_stop_can_be_stopped_again(running: Scene) -> None:
    running.engine.fail_on["stop"] = DEAD
    failed = running.run(running.begin_stop("algebra"))
    expect_failure(failed, DEAD)
    del running.engine.fail_on["stop"]
    assert running.run(running.begin_stop("algebra")).error_message == ""
    assert running.engine.power(running.guest_of("algebra")) is Power.STOPPED


def test_a_password_that_could_not_be_set_leaves_the_machine_running(running: Scene) -> None:
    running.engine.fail_on["set_credentials"] = DEAD
    with running.request("educator") as request:
        operation = reset_password(
            request, lab_id("algebra"), "template", account="ana", new_password="Other-horse-8", secrets=secrets()
        )
    failed = running.run(operation)
    expect_failure(failed, DEAD)
    assert running.machine("algebra").state is MachineState.RUNNING
    del running.engine.fail_on["set_credentials"]
    assert retried(running, failed, "educator").error_message == ""
    assert running.engine.guest(running.guest_of("algebra")).passwords["ana"].startswith("$6$")


@pytest.mark.parametrize("verb", ["seal_disk", "open_changes"])
def test_an_export_that_the_machine_refuses_is_finished_by_a_retry(running: Scene, verb: str) -> None:
    running.engine.fail_on[verb] = DEAD
    failed = running.run(running.begin_export("algebra", "Algebra"))
    expect_failure(failed, DEAD)
    assert states(running, "Algebra")[0] is ProvisioningState.FAILED
    assert running.machine("algebra").state is MachineState.RUNNING
    assert running.machine("algebra").layer is None
    del running.engine.fail_on[verb]
    assert retried(running, failed, "educator").error_message == ""
    assert states(running, "Algebra")[2] == dict.fromkeys(BRAZIL, ReplicaState.COMPLETED)


def test_an_older_export_is_retried_after_a_newer_one(running: Scene) -> None:
    """It is still the disk of its own moment."""
    scene = running
    store = FailingStore(scene.world.stores["brazilsouth"], "capture", FULL, times=1)
    failed = with_stores(scene, brazilsouth=store).run(scene.begin_export("algebra", "Morning"))
    expect_failure(failed, FULL)
    scene.engine.write(scene.guest_of("algebra"), 0, b"lesson two")
    assert scene.run(scene.begin_export("algebra", "Evening")).error_message == ""
    marked = scene.machine("algebra").layer
    assert retried(scene, failed, "educator").error_message == ""
    assert scene.machine("algebra").layer == marked, "changes are counted from the newer one on"
    for image, text in (("Morning", b"lesson one"), ("Evening", b"lesson two")):
        assert content(scene, image)[:10] == text


def test_an_older_export_is_retried_when_what_it_stood_on_is_gone(running: Scene) -> None:
    scene = running
    scene.run(scene.begin_export("algebra", "First"))
    scene.engine.write(scene.guest_of("algebra"), 0, b"lesson two")
    store = FailingStore(scene.world.stores["brazilsouth"], "capture", FULL, times=1)
    failed = with_stores(scene, brazilsouth=store).run(scene.begin_export("algebra", "Morning"))
    assert scene.run(scene.begin_export("algebra", "Evening")).error_message == ""
    with scene.request() as request:
        deletion = delete_version(request, version_id("First"))
    scene.run(deletion)
    assert retried(scene, failed, "educator").error_message == ""
    assert content(scene, "Morning")[:10] == b"lesson two"


def test_a_deletion_that_a_store_refuses_is_finished_by_a_retry(scene: Scene) -> None:
    scene.run(scene.begin_import("linux", disk_bytes(MIB), regions=BRAZIL))
    with scene.request() as request:
        operation = delete_version(request, version_id("linux"))
    store = FailingStore(scene.world.stores["brazilsoutheast"], "collect", AWAY, times=1)
    hostile = with_stores(scene, brazilsoutheast=store)
    failed = hostile.run(operation)
    expect_failure(failed, AWAY)
    with scene.world.database(reading=True) as uow:
        assert uow.versions.find_by_key(version_id("linux").key) is None, "nobody sees it any more"
    done = retried(hostile, failed)
    assert done.error_message == ""
    assert all(done.outputs["freedBytes"][region] > 0 for region in BRAZIL)


def test_a_lab_that_could_not_be_deleted_is_deleted_by_a_retry(running: Scene) -> None:
    with running.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    running.engine.fail_on["remove_machine"] = DEAD
    failed = running.run(operation)
    expect_failure(failed, DEAD)
    assert lab_state(running) is ProvisioningState.FAILED
    running.engine.fail_on.clear()
    assert retried(running, failed, "educator").error_message == ""
    assert running.engine.machines() == []


@pytest.mark.parametrize(
    ("begin", "step"),
    [
        (lambda scene: scene.begin_import("linux", disk_bytes(MIB), regions=BRAZIL), "Store the disk"),
        (
            lambda scene: scene.begin_import("linux", disk_bytes(MIB), regions=BRAZIL),
            "Replicate to the other regions",
        ),
    ],
    ids=["storing", "replicating"],
)
def test_a_wish_to_cancel_reaches_work_that_is_moving_bytes(
    scene: Scene, begin: Callable[[Scene], Operation], step: str
) -> None:
    operation = begin(scene)
    canceled = wishing(scene, operation, step).run(operation)
    assert canceled.status is OperationStatus.CANCELED
    assert canceled.error_hint == "Retry it to continue where it stopped."
    assert states(scene, "linux")[0] is ProvisioningState.FAILED
    assert ("Remove the uploaded file", "") not in steps(scene, operation)
    assert retried(scene, canceled).error_message == ""
    assert states(scene, "linux")[2] == dict.fromkeys(BRAZIL, ReplicaState.COMPLETED)


def test_an_export_canceled_while_it_reads_leaves_the_machine_alone(running: Scene) -> None:
    operation = running.begin_export("algebra", "Algebra")
    canceled = wishing(running, operation, "Store the changes").run(operation)
    assert canceled.status is OperationStatus.CANCELED
    assert running.machine("algebra").state is MachineState.RUNNING
    assert running.engine.read(running.guest_of("algebra"), 0, 10) == b"lesson one"
    assert retried(running, canceled, "educator").error_message == ""


def test_a_deletion_asked_for_after_the_last_step_wins(scene: Scene) -> None:
    """The story is at its end, and the version is no more to be called Succeeded."""
    operation = scene.begin_import("linux", disk_bytes(MIB))
    story = Steps()
    with pytest.raises(Crash):
        scene.run(operation, story.resumed((6, "before")))
    assert story.finished["Remove the uploaded file"] == 1
    with scene.request() as request:
        deletion = delete_version(request, version_id("linux"))
    assert scene.run(operation, story.resumed()).error_message == ""
    assert states(scene, "linux")[0] is ProvisioningState.DELETING
    assert scene.run(deletion).status is OperationStatus.SUCCEEDED


def content(scene: Scene, image: str) -> bytes:
    """The disk that the image's version holds in its home region."""
    with scene.world.database(reading=True) as uow:
        digest = uow.versions.disks(uow.versions.get_by_key(version_id(image).key).id)[0].digest
    target = scene.folder / f"{image}.raw"
    scene.world.stores["brazilsouth"].restore(digest, target, progress=lambda *, done, total: None)
    return target.read_bytes()


def lab_state(scene: Scene) -> ProvisioningState:
    with scene.world.database(reading=True) as uow:
        return uow.labs.get_by_key(lab_id("algebra").key).state

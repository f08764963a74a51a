"""When a store or machine fails, an operation says what happened and what to do; a retry finishes what is left and no more."""

from collections.abc import Callable

import pytest

from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import reset_password
from galeria.actions.versions.operations import retry_operation
from galeria.actions.versions.versions import VersionRequest, delete_version, put_version
from galeria.domain.errors import Corrupt, GaleriaError, MachineFailed, OutOfSpace, StoreUnavailable
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationStep
from galeria.domain.states import MachineState, OperationStatus, ProvisioningState, ReplicaState
from galeria.ports.disks import DiskSource
from galeria.ports.images import Captured, Digest
from galeria.ports.machines import Power
from galeria.ports.progress import Progress
from tests.crashing import Crash, Steps
from tests.failing import FailingStore, wishing, with_stores
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, lab_id, secrets, version_id
from tests.prepared_installations import MakeInstallation, with_running_lab

BRAZIL = ("brazilsouth", "brazilsoutheast")
FULL = OutOfSpace(Message("The disk of the store is full."), hint=Message("Make room, then retry."))
AWAY = StoreUnavailable(Message("The store does not answer."), hint=Message("Look at its network, then retry."))
DEAD = MachineFailed(Message("The machine did not do it."), hint=Message("Look at its console."))
IMAGE = GALLERY.child("images", "linux")


def retried(installation: LocalInstallation, operation: Operation, who: str = "admin") -> Operation:
    with installation.request(who) as request:
        again = retry_operation(request, operation.id)
    return installation.run(again)


def expect_failure(operation: Operation, error: GaleriaError) -> None:
    assert operation.status is OperationStatus.FAILED
    assert error.message in operation.error_message
    assert error.hint in operation.error_hint
    assert operation.error_code
    assert operation.ended_at is not None


def states(installation: LocalInstallation, image: str) -> tuple[ProvisioningState, str, dict[str, ReplicaState]]:
    with installation.context.database(reading=True) as uow:
        version = uow.versions.get_by_key(version_id(image).key)
        return version.state, version.failure, {each.region: each.state for each in uow.versions.replicas(version.id)}


def steps(installation: LocalInstallation, operation: Operation) -> dict[tuple[str, str], OperationStep]:
    with installation.context.database(reading=True) as uow:
        return {(each.name, each.region): each for each in uow.operations.steps(operation.id)}


def run(installation: LocalInstallation) -> None:
    """A lab that runs, with a line on its disk."""
    with_running_lab(installation)
    installation.engine.write(installation.guest_of("algebra"), 0, b"lesson one")


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(run)


@pytest.mark.parametrize("halfway", [False, True])
@pytest.mark.parametrize("error", [FULL, AWAY], ids=["full", "away"])
def test_an_import_that_cannot_be_stored_is_finished_by_a_retry(
    installation: LocalInstallation, error: GaleriaError, halfway: bool
) -> None:
    operation = installation.begin_import("linux", disk_bytes(MIB), regions=BRAZIL)
    store = FailingStore(installation.context.stores["brazilsouth"], "capture", error, times=1, halfway=halfway)
    failed = with_stores(installation, brazilsouth=store).run(operation)
    expect_failure(failed, error)
    assert states(installation, "linux") == (
        ProvisioningState.FAILED,
        error.message,
        dict.fromkeys(BRAZIL, ReplicaState.PENDING),
    )
    assert installation.context.uploads.all(), "the uploaded file waits for the retry"
    assert retried(installation, failed).error_message == ""
    assert states(installation, "linux") == (
        ProvisioningState.SUCCEEDED,
        "",
        dict.fromkeys(BRAZIL, ReplicaState.COMPLETED),
    )


def test_a_region_that_fails_holds_back_no_other_and_only_it_is_done_again(installation: LocalInstallation) -> None:
    everywhere = (*BRAZIL, "westeurope")
    operation = installation.begin_import("linux", disk_bytes(MIB), regions=everywhere)
    store = FailingStore(installation.context.stores["brazilsoutheast"], "replicate", AWAY, times=1, halfway=True)
    europe = FailingStore(installation.context.stores["westeurope"], "replicate", AWAY, times=0)
    hostile = with_stores(installation, brazilsoutheast=store, westeurope=europe)
    failed = hostile.run(operation)
    expect_failure(failed, AWAY)
    assert failed.error_code == "ReplicationFailed"
    assert "brazilsoutheast: " in failed.error_message
    assert states(installation, "linux")[2] == {
        "brazilsouth": ReplicaState.COMPLETED,
        "brazilsoutheast": ReplicaState.FAILED,
        "westeurope": ReplicaState.COMPLETED,
    }
    installation.run(installation.begin_lab("early", IMAGE))  # in the region that has it, the image is usable meanwhile
    assert (store.calls, europe.calls) == (1, 1)
    assert retried(hostile, failed).error_message == ""
    assert (store.calls, europe.calls) == (2, 1)
    assert states(installation, "linux")[2] == dict.fromkeys(everywhere, ReplicaState.COMPLETED)
    assert installation.context.uploads.all() == []


def test_several_failed_regions_are_all_named(installation: LocalInstallation) -> None:
    operation = installation.begin_import("linux", disk_bytes(MIB), regions=(*BRAZIL, "westeurope"))
    broken = {
        "brazilsoutheast": FailingStore(installation.context.stores["brazilsoutheast"], "replicate", AWAY),
        "westeurope": FailingStore(installation.context.stores["westeurope"], "replicate", FULL),
    }
    failed = with_stores(installation, **broken).run(operation)
    for region, store in broken.items():
        assert f"{region}: {store.error.message}" in failed.error_message
    assert "only these regions are done again" in failed.error_hint


def test_a_store_that_fails_while_regions_are_added_leaves_the_version_usable(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    with installation.request() as request:
        targets = tuple(ReplicationTarget(region=region) for region in BRAZIL)
        operation = put_version(
            request, version_id("linux"), VersionRequest(location="brazilsouth", tags={}, targets=targets)
        )[2]
    store = FailingStore(installation.context.stores["brazilsoutheast"], "replicate", FULL, times=1)
    hostile = with_stores(installation, brazilsoutheast=store)
    failed = hostile.run(operation)
    expect_failure(failed, FULL)
    assert states(installation, "linux")[0] is ProvisioningState.FAILED
    assert installation.run(installation.begin_lab("algebra", IMAGE)).status is OperationStatus.SUCCEEDED
    assert retried(hostile, failed).error_message == ""
    assert states(installation, "linux")[0] is ProvisioningState.SUCCEEDED


@pytest.mark.parametrize(
    "error", [FULL, Corrupt(Message("A chunk is damaged."), hint=Message("Verify the store."))], ids=["full", "bad"]
)
def test_a_lab_whose_image_does_not_arrive_is_finished_by_a_retry(
    installation: LocalInstallation, error: GaleriaError
) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    operation = installation.begin_lab("algebra", IMAGE)
    store = FailingStore(installation.context.stores["brazilsouth"], "restore", error, times=1, halfway=True)
    hostile = with_stores(installation, brazilsouth=store)
    failed = hostile.run(operation)
    expect_failure(failed, error)
    assert lab_state(installation) is ProvisioningState.FAILED
    assert installation.machine("algebra").state is MachineState.FAILED
    assert installation.machine("algebra").failure == error.message
    assert retried(hostile, failed, "educator").error_message == ""
    assert lab_state(installation) is ProvisioningState.SUCCEEDED
    machine = installation.machine("algebra")
    assert (machine.state, machine.failure) == (MachineState.STOPPED, "")


@pytest.mark.parametrize("verb", ["start", "wait_ready", "open_ssh"])
def test_a_machine_that_does_not_start_is_started_by_a_retry(installation: LocalInstallation, verb: str) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    installation.run(installation.begin_lab("algebra", IMAGE))
    installation.engine.fail_on[verb] = DEAD
    failed = installation.run(installation.begin_start("algebra"))
    expect_failure(failed, DEAD)
    assert installation.machine("algebra").state is MachineState.FAILED
    del installation.engine.fail_on[verb]
    assert retried(installation, failed, "educator").error_message == ""
    assert installation.machine("algebra").state is MachineState.RUNNING
    assert installation.machine("algebra").failure == ""


def test_a_machine_that_does_not_stop_can_be_stopped_again(running: LocalInstallation) -> None:
    running.engine.fail_on["stop"] = DEAD
    failed = running.run(running.begin_stop("algebra"))
    expect_failure(failed, DEAD)
    del running.engine.fail_on["stop"]
    assert running.run(running.begin_stop("algebra")).error_message == ""
    assert running.engine.power(running.guest_of("algebra")) is Power.STOPPED


def test_a_password_that_could_not_be_set_leaves_the_machine_running(running: LocalInstallation) -> None:
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
def test_an_export_that_the_machine_refuses_is_finished_by_a_retry(running: LocalInstallation, verb: str) -> None:
    running.engine.fail_on[verb] = DEAD
    failed = running.run(running.begin_export("algebra", "Algebra"))
    expect_failure(failed, DEAD)
    assert states(running, "Algebra")[0] is ProvisioningState.FAILED
    assert running.machine("algebra").state is MachineState.RUNNING
    assert running.machine("algebra").layer is None
    del running.engine.fail_on[verb]
    assert retried(running, failed, "educator").error_message == ""
    assert states(running, "Algebra")[2] == dict.fromkeys(BRAZIL, ReplicaState.COMPLETED)


def test_an_older_export_is_retried_after_a_newer_one(running: LocalInstallation) -> None:
    """It is still the disk of its own moment."""
    installation = running
    store = FailingStore(installation.context.stores["brazilsouth"], "capture", FULL, times=1)
    failed = with_stores(installation, brazilsouth=store).run(installation.begin_export("algebra", "Morning"))
    expect_failure(failed, FULL)
    installation.engine.write(installation.guest_of("algebra"), 0, b"lesson two")
    assert installation.run(installation.begin_export("algebra", "Evening")).error_message == ""
    marked = installation.machine("algebra").layer
    assert retried(installation, failed, "educator").error_message == ""
    assert installation.machine("algebra").layer == marked, "changes are counted from the newer one on"
    for image, text in (("Morning", b"lesson one"), ("Evening", b"lesson two")):
        assert content(installation, image)[:10] == text


def test_an_older_export_is_retried_when_what_it_stood_on_is_gone(running: LocalInstallation) -> None:
    installation = running
    installation.run(installation.begin_export("algebra", "First"))
    installation.engine.write(installation.guest_of("algebra"), 0, b"lesson two")
    store = FailingStore(installation.context.stores["brazilsouth"], "capture", FULL, times=1)
    failed = with_stores(installation, brazilsouth=store).run(installation.begin_export("algebra", "Morning"))
    assert installation.run(installation.begin_export("algebra", "Evening")).error_message == ""
    with installation.request() as request:
        deletion = delete_version(request, version_id("First"))
    installation.run(deletion)
    assert retried(installation, failed, "educator").error_message == ""
    assert content(installation, "Morning")[:10] == b"lesson two"


def test_a_deletion_that_a_store_refuses_is_finished_by_a_retry(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB), regions=BRAZIL))
    with installation.request() as request:
        operation = delete_version(request, version_id("linux"))
    store = FailingStore(installation.context.stores["brazilsoutheast"], "collect", AWAY, times=1)
    hostile = with_stores(installation, brazilsoutheast=store)
    failed = hostile.run(operation)
    expect_failure(failed, AWAY)
    with installation.context.database(reading=True) as uow:
        assert uow.versions.find_by_key(version_id("linux").key) is None, "nobody sees it any more"
    done = retried(hostile, failed)
    assert done.error_message == ""
    assert all(done.outputs["freedBytes"][region] > 0 for region in BRAZIL)


def test_a_lab_that_could_not_be_deleted_is_deleted_by_a_retry(running: LocalInstallation) -> None:
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
        (lambda installation: installation.begin_import("linux", disk_bytes(MIB), regions=BRAZIL), "Store the disk"),
        (
            lambda installation: installation.begin_import("linux", disk_bytes(MIB), regions=BRAZIL),
            "Replicate to the other regions",
        ),
    ],
    ids=["storing", "replicating"],
)
def test_a_wish_to_cancel_reaches_work_that_is_moving_bytes(
    installation: LocalInstallation, begin: Callable[[LocalInstallation], Operation], step: str
) -> None:
    operation = begin(installation)
    canceled = wishing(installation, operation, step).run(operation)
    assert canceled.status is OperationStatus.CANCELED
    assert canceled.error_hint == "Retry it to continue where it stopped."
    assert states(installation, "linux")[0] is ProvisioningState.FAILED
    assert ("Remove the uploaded file", "") not in steps(installation, operation)
    assert retried(installation, canceled).error_message == ""
    assert states(installation, "linux")[2] == dict.fromkeys(BRAZIL, ReplicaState.COMPLETED)


def test_an_export_canceled_while_it_reads_leaves_the_machine_alone(running: LocalInstallation) -> None:
    operation = running.begin_export("algebra", "Algebra")
    canceled = wishing(running, operation, "Store the changes").run(operation)
    assert canceled.status is OperationStatus.CANCELED
    assert running.machine("algebra").state is MachineState.RUNNING
    assert running.engine.read(running.guest_of("algebra"), 0, 10) == b"lesson one"
    assert retried(running, canceled, "educator").error_message == ""


class CutOffStore(FailingStore):
    """The power goes off when the disk is stored and nothing was written down about it."""

    def capture(
        self, disk: DiskSource, *, parent: Digest | None, pin: Callable[[Digest], None], progress: Progress
    ) -> Captured:
        super().capture(disk, parent=parent, pin=pin, progress=progress)
        raise Crash("capture")


def test_a_disk_that_was_stored_and_not_written_down_gets_its_figures_and_its_layer(running: LocalInstallation) -> None:
    operation = running.begin_export("algebra", "Algebra")
    store = CutOffStore(running.context.stores["brazilsouth"], "none", FULL)
    story = Steps()
    with pytest.raises(Crash):
        with_stores(running, brazilsouth=store).run(operation, story)
    assert running.run(operation, story.resumed()).error_message == ""
    with running.context.database(reading=True) as uow:
        (disk,) = uow.versions.disks(operation.subject)
    assert (disk.size, disk.read_bytes > 0, disk.data_bytes > 0) == (MIB, True, True)
    machine = running.machine("algebra")
    assert (machine.layer, machine.layer_digest) == (operation.id.replace("-", ""), disk.digest)
    assert content(running, "Algebra")[:10] == b"lesson one"


def test_a_deletion_asked_for_after_the_last_step_wins(installation: LocalInstallation) -> None:
    """The workflow is at its end, and the version is no more to be called Succeeded."""
    operation = installation.begin_import("linux", disk_bytes(MIB))
    steps = Steps()
    with pytest.raises(Crash):
        installation.run(operation, steps.resumed((7, "before")))
    assert steps.finished["Remove the uploaded file"] == 1
    with installation.request() as request:
        deletion = delete_version(request, version_id("linux"))
    assert installation.run(operation, steps.resumed()).error_message == ""
    assert states(installation, "linux")[0] is ProvisioningState.DELETING
    assert installation.run(deletion).status is OperationStatus.SUCCEEDED


def content(installation: LocalInstallation, image: str) -> bytes:
    """The disk that the image's version holds in its home region."""
    with installation.context.database(reading=True) as uow:
        digest = uow.versions.disks(uow.versions.get_by_key(version_id(image).key).id)[0].digest
    target = installation.folder / f"{image}.raw"
    installation.context.stores["brazilsouth"].restore(digest, target, progress=lambda *, done, total: None)
    return target.read_bytes()


def lab_state(installation: LocalInstallation) -> ProvisioningState:
    with installation.context.database(reading=True) as uow:
        return uow.labs.get_by_key(lab_id("algebra").key).state

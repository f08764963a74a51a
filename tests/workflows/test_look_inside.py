"""The disk of a new version is looked into before the version can be used, and no failure of that holds it up."""

from dataclasses import replace

from galeria.adapters.fakes.inspector import FakeInspector
from galeria.domain.errors import Corrupt
from galeria.domain.images.findings import Look
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus, ProvisioningState
from galeria.ports.disks import DiskSource
from tests.found_samples import FOUND
from tests.local_installation import MIB, LocalInstallation, disk_bytes
from tests.prepared_installations import MakeInstallation, with_running_lab


class Watching(FakeInspector):
    """Notes what it was shown, and whether the version could be used meanwhile."""

    def __init__(self, installation: LocalInstallation) -> None:
        super().__init__()
        self.outcome = Look(findings=FOUND)
        self._installation = installation
        self.seen: list[bytes] = []
        self.sealed: list[bool] = []

    def look(self, disk: DiskSource) -> Look:
        reader = disk.reader()
        self.seen.append(reader.read(0, disk.size))
        reader.close()
        with self._installation.context.database(reading=True) as uow:
            (running,) = uow.operations.unsettled()
            self.sealed.append(uow.versions.get(running.subject).is_sealed)
        return super().look(disk)


class Broken(FakeInspector):
    def look(self, disk: DiskSource) -> Look:
        raise Corrupt(Message("A chunk is damaged."), hint=Message("Verify the store."))


def watched(
    installation: LocalInstallation, inspector: FakeInspector | None = None
) -> tuple[LocalInstallation, Watching]:
    watching = Watching(installation)
    context = replace(installation.context, inspector=inspector or watching)
    return replace(installation, context=context), watching


def version(installation: LocalInstallation, operation: Operation) -> ImageVersion:
    with installation.context.database(reading=True) as uow:
        return uow.versions.get(operation.subject)


def test_what_was_found_is_kept_with_the_version(installation: LocalInstallation) -> None:
    watching_installation, inspector = watched(installation)
    content = disk_bytes(MIB)

    done = watching_installation.run(watching_installation.begin_import("linux", content))

    assert (inspector.seen, inspector.sealed) == ([content], [False])
    assert version(installation, done).look == Look(findings=FOUND)


def test_a_failed_look_is_told_and_holds_up_nobody(installation: LocalInstallation) -> None:
    broken, _ = watched(installation, Broken())

    done = broken.run(broken.begin_import("linux", disk_bytes(MIB)))

    made = version(installation, done)
    assert (done.status, made.state) == (OperationStatus.SUCCEEDED, ProvisioningState.SUCCEEDED)
    assert made.look == Look(obstacle=Message("A chunk is damaged."))


def test_the_same_content_is_looked_into_once(installation: LocalInstallation) -> None:
    seeing, inspector = watched(installation)
    seeing.run(seeing.begin_import("linux", disk_bytes(MIB)))

    done = seeing.run(seeing.begin_import("copy", disk_bytes(MIB)))
    seeing.run(seeing.begin_import("other", disk_bytes(MIB, seed=2)))

    assert version(installation, done).found == FOUND
    assert inspector.looks == 2


def test_an_export_is_looked_into_anew(new_installation: MakeInstallation) -> None:
    installation, inspector = watched(new_installation(with_running_lab))
    installation.engine.write(installation.guest_of("algebra"), 0, b"changed")

    done = installation.run(installation.begin_export("algebra", "Algebra"))

    assert inspector.seen[0][:7] == b"changed"
    assert version(installation, done).found == FOUND


def test_a_look_that_failed_is_made_again_for_the_same_content(installation: LocalInstallation) -> None:
    broken, _ = watched(installation, Broken())
    broken.run(broken.begin_import("linux", disk_bytes(MIB)))
    seeing, inspector = watched(installation)

    done = seeing.run(seeing.begin_import("copy", disk_bytes(MIB)))

    assert inspector.looks == 1
    assert version(installation, done).found == FOUND


def test_an_operation_of_an_earlier_release_keeps_its_steps(installation: LocalInstallation) -> None:
    """Remembered steps have an order: one that was begun without a look goes on without."""
    seeing, inspector = watched(installation)
    begun = seeing.begin_import("linux", disk_bytes(MIB))
    with installation.context.database() as uow:
        operation = uow.operations.get(begun.id)
        operation.stored_inputs = {"origins": operation.stored_inputs["origins"]}
        uow.commit()

    done = seeing.run(begun)

    assert inspector.looks == 0
    assert version(installation, done).look == Look()
    with installation.context.database(reading=True) as uow:
        assert "Look inside the disk" not in [step.name for step in uow.operations.steps(done.id)]
        assert not uow.operations.get(done.id).inputs_as(FillInputs).looks

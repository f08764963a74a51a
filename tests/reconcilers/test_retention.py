"""What is deleted softly is left alone until its time has come, and a failed deletion is begun again."""

from collections.abc import Iterable
from datetime import timedelta

from galeria.actions.galleries.galleries import GalleryDetails, put_gallery
from galeria.actions.versions.versions import remove_version
from galeria.domain.errors import StoreUnavailable
from galeria.domain.images.soft_delete import Retention
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus
from galeria.ports.images import Digest, Holding
from galeria.reconcilers.retention import end_retention
from tests.failing import FailingStore, with_stores
from tests.scene import GALLERY, MIB, Scene, disk_bytes, version_id

LINUX = version_id("linux")


class AwayStore(FailingStore):
    """It cannot say what it holds."""

    def holding(self, digests: Iterable[Digest], *, others: Iterable[Digest]) -> Holding:
        raise self.error


def deleted_softly(scene: Scene) -> None:
    with scene.request() as request:
        details = GalleryDetails(soft_delete=True)
        put_gallery(request, GALLERY, location="brazilsouth", tags={}, description="", details=details)
    assert scene.run(scene.begin_import("linux", disk_bytes(MIB))).error_message == ""
    with scene.request() as request:
        assert remove_version(request, LINUX).operation is None


def pass_days(scene: Scene, days: int) -> None:
    with scene.world.database() as uow:
        version = uow.versions.get_by_key(LINUX.key)
        for name in ("consumption_ends_at", "hard_deletion_at"):
            setattr(version, name, getattr(version, name) - timedelta(days=days))
        uow.commit()


def retention(scene: Scene) -> Retention:
    with scene.world.database(reading=True) as uow:
        return uow.versions.get_by_key(LINUX.key).retention


def test_use_ends_before_the_time_to_restore(scene: Scene) -> None:
    deleted_softly(scene)
    seen = []
    for days in (0, 6, 2):
        pass_days(scene, days)
        end_retention(scene.world)
        seen.append(retention(scene))
    assert seen == [Retention.SOFT_DELETED, Retention.SOFT_DELETED, Retention.EXPIRED]
    with scene.world.database(reading=True) as uow:
        assert uow.operations.unsettled() == []


def begun(scene: Scene) -> Operation:
    end_retention(scene.world)
    with scene.world.database(reading=True) as uow:
        (operation,) = uow.operations.unsettled()
    return operation


def test_a_deletion_that_failed_is_begun_again(scene: Scene) -> None:
    deleted_softly(scene)
    pass_days(scene, 38)
    first = begun(scene)
    assert begun(scene).id == first.id, "one at a time"
    away = AwayStore(scene.world.stores["brazilsouth"], "holding", StoreUnavailable("Away.", hint="Wait."))
    assert with_stores(scene, brazilsouth=away).run(first).status is OperationStatus.FAILED
    second = begun(scene)
    assert second.id != first.id
    assert scene.run(second).outputs["freedBytes"]["brazilsouth"] > 0
    with scene.world.database(reading=True) as uow:
        assert uow.versions.soft_deleted() == []

"""What is deleted softly is left alone until its time has come, and a failed deletion is begun again."""

from collections.abc import Iterable
from datetime import timedelta

from galeria.actions.galleries.galleries import GalleryDetails, put_gallery
from galeria.actions.versions.versions import remove_version
from galeria.domain.errors import StoreUnavailable
from galeria.domain.images.soft_delete import Retention
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus
from galeria.ports.images import Digest, StorageUsage
from galeria.ports.work import Traffic
from galeria.reconcilers.retention import end_retention
from tests.failing import FailingStore, with_stores
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, version_id

LINUX = version_id("linux")


class AwayStore(FailingStore):
    """It cannot say what it holds."""

    def holding(
        self, digests: Iterable[Digest], *, others: Iterable[Digest], traffic: Traffic | None = None
    ) -> StorageUsage:
        raise self.error


def deleted_softly(installation: LocalInstallation) -> None:
    with installation.request() as request:
        details = GalleryDetails(soft_delete=True)
        put_gallery(request, GALLERY, location="brazilsouth", tags={}, description="", details=details)
    assert installation.run(installation.begin_import("linux", disk_bytes(MIB))).error_message == ""
    with installation.request() as request:
        assert remove_version(request, LINUX).operation is None


def pass_days(installation: LocalInstallation, days: int) -> None:
    with installation.context.database() as uow:
        version = uow.versions.get_by_key(LINUX.key)
        for name in ("consumption_ends_at", "hard_deletion_at"):
            setattr(version, name, getattr(version, name) - timedelta(days=days))
        uow.commit()


def retention(installation: LocalInstallation) -> Retention:
    with installation.context.database(reading=True) as uow:
        return uow.versions.get_by_key(LINUX.key).retention


def test_use_ends_before_the_time_to_restore(installation: LocalInstallation) -> None:
    deleted_softly(installation)
    seen = []
    for days in (0, 6, 2):
        pass_days(installation, days)
        end_retention(installation.context)
        seen.append(retention(installation))
    assert seen == [Retention.SOFT_DELETED, Retention.SOFT_DELETED, Retention.EXPIRED]
    with installation.context.database(reading=True) as uow:
        assert uow.operations.unsettled() == []


def begun(installation: LocalInstallation) -> Operation:
    end_retention(installation.context)
    with installation.context.database(reading=True) as uow:
        (operation,) = uow.operations.unsettled()
    return operation


def test_a_deletion_that_failed_is_begun_again(installation: LocalInstallation) -> None:
    deleted_softly(installation)
    pass_days(installation, 38)
    first = begun(installation)
    assert begun(installation).id == first.id, "one at a time"
    away = AwayStore(
        installation.context.stores["brazilsouth"], "holding", StoreUnavailable(Message("Away."), hint=Message("Wait."))
    )
    assert with_stores(installation, brazilsouth=away).run(first).status is OperationStatus.FAILED
    second = begun(installation)
    assert second.id != first.id
    assert with_stores(installation, brazilsouth=away).run(second).status is OperationStatus.FAILED
    with installation.context.database() as uow:  # as old ones are removed
        uow.operations.remove(uow.operations.get(first.id))
        uow.commit()
    third = begun(installation)
    assert third.id not in (first.id, second.id)
    assert installation.run(third).outputs["freedBytes"]["brazilsouth"] > 0
    with installation.context.database(reading=True) as uow:
        assert uow.versions.soft_deleted() == []

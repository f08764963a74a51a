"""Adapters that fail: stores that break at the n-th call, machines that record what was asked of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from galeria.actions.versions.operations import cancel_operation
from galeria.domain.errors import GaleriaError
from galeria.domain.operations import Operation
from galeria.ports.disks import DiskSource, OpenDisk
from galeria.ports.images import (
    Captured,
    Collected,
    Digest,
    ImageStore,
    ManifestFacts,
    Replicated,
    Scrubbed,
    StorageUsage,
    Verified,
)
from galeria.ports.progress import Progress
from galeria.ports.work import Traffic
from tests.local_installation import LocalInstallation


@dataclass
class FailingStore:
    """The real store, but one verb raises `error` at its first `times` calls. Before it breaks, the work is begun.

    With `halfway` the error comes out of the first report of progress, after bytes have moved.
    """

    real: ImageStore
    verb: str
    error: GaleriaError
    times: int = 10**6
    halfway: bool = False
    calls: int = 0

    @property
    def region(self) -> str:
        return self.real.region

    def capture(
        self, disk: DiskSource, *, parent: Digest | None, pin: Callable[[Digest], None], progress: Progress
    ) -> Captured:
        return self.real.capture(disk, parent=parent, pin=pin, progress=self._broken("capture", progress))

    def replicate(
        self, digest: Digest, *, source: ImageStore, pin: Callable[[Digest], None], progress: Progress
    ) -> Replicated:
        real_source = source.real if isinstance(source, FailingStore) else source
        return self.real.replicate(digest, source=real_source, pin=pin, progress=self._broken("replicate", progress))

    def missing_bytes(self, digest: Digest, *, source: ImageStore) -> int:
        return self.real.missing_bytes(digest, source=source)

    def restore(self, digest: Digest, target: Path, *, progress: Progress) -> None:
        self.real.restore(digest, target, progress=self._broken("restore", progress))

    def open(self, digest: Digest) -> OpenDisk:
        return self.real.open(digest)

    def find_manifest(self, digest: Digest) -> ManifestFacts | None:
        return self.real.find_manifest(digest)

    def get_manifest(self, digest: Digest) -> ManifestFacts:
        return self.real.get_manifest(digest)

    def holding(
        self, digests: Iterable[Digest], *, others: Iterable[Digest], traffic: Traffic | None = None
    ) -> StorageUsage:
        return self.real.holding(digests, others=others, traffic=traffic)

    def growth(
        self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest], traffic: Traffic | None = None
    ) -> list[int]:
        return self.real.growth(sets, before=before, traffic=traffic)

    def whole_sizes(self, sets: Iterable[Collection[Digest]], *, traffic: Traffic | None = None) -> list[int]:
        return self.real.whole_sizes(sets, traffic=traffic)

    def verify(self, digests: Iterable[Digest] | None, *, progress: Progress) -> Verified:
        return self.real.verify(digests, progress=progress)

    def collect(self, live: Callable[[], Iterable[Digest]], *, dry_run: bool = False) -> Collected:
        self._broken("collect", _silent)
        return self.real.collect(live, dry_run=dry_run)

    def collect_in_pieces(self, live: Callable[[], Iterable[Digest]], *, seconds: float) -> Iterator[Collected]:
        self._broken("collect", _silent)
        return self.real.collect_in_pieces(live, seconds=seconds)

    def scrub(self, after: str) -> Iterator[Scrubbed]:
        return self.real.scrub(after)

    def scrub_bytes(self, after: str) -> int:
        return self.real.scrub_bytes(after)

    def rebuild_index(self) -> int:
        return self.real.rebuild_index()

    def lease(self, *, exclusive: bool) -> AbstractContextManager[None]:
        return self.real.lease(exclusive=exclusive)

    def _broken(self, verb: str, progress: Progress) -> Progress:
        """Raises now, or gives a progress that raises later; the given one while the verb works."""
        if verb != self.verb:
            return progress
        self.calls += 1
        if self.calls > self.times:
            return progress
        if not self.halfway:
            raise self.error
        return self._raise

    def _raise(self, *, done: int, total: int) -> None:
        raise self.error


def with_stores(installation: LocalInstallation, **stores: ImageStore) -> LocalInstallation:
    """The same installation, with other stores."""
    return replace(
        installation, context=replace(installation.context, stores={**installation.context.stores, **stores})
    )


def wishing(installation: LocalInstallation, operation: Operation, during: str) -> LocalInstallation:
    """The same installation, where somebody cancels the operation when that step reports its first bytes."""
    real = installation.context.meter

    def meter(operation_id: str, step: str, region: str = "", version_id: str = "") -> Progress:
        progress = real(operation_id, step, region, version_id)

        def watched(*, done: int, total: int) -> None:
            if step == during:
                with installation.request() as request:
                    cancel_operation(request, operation.id)
            progress(done=done, total=total)

        return watched

    return replace(installation, context=replace(installation.context, meter=meter))


def _silent(*, done: int, total: int) -> None:
    """Nobody watches."""

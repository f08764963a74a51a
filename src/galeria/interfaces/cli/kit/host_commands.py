"""What runs on the host itself, not through the REST door: bootstrap supplies it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from galeria.ports.images import Collected, Verified
from galeria.ports.machines import HostCheck
from galeria.ports.progress import Progress

RegionProgress = Callable[[str], Progress]
"""Gives the listener for one region's bytes."""


class HostCommands(Protocol):
    """`data` is the installation's data directory. Errors are raised from the domain's tree."""

    def serve(
        self, data: Path, *, host: str, port: int, worker: bool, fake: bool, allow_import_from: tuple[str, ...] = ()
    ) -> None:
        """Until it is told to stop. `worker`: the same process also does the operations' work; `fake`: no real machines."""
        ...

    def worker(self, data: Path, *, allow_import_from: tuple[str, ...] = ()) -> None:
        """Only the operations' work, until it is told to stop."""
        ...

    def doctor(self, data: Path) -> list[HostCheck]: ...

    def connect(self, data: Path) -> dict[str, str]:
        """endpoint, ca_file, tenant_id, subscription_id, client_id, client_secret."""
        ...

    def verify_store(self, data: Path, region: str | None, progress: RegionProgress) -> list[tuple[str, Verified]]:
        """Reads and checks every chunk; of every region, where none is named."""
        ...

    def collect_store(self, data: Path, region: str | None, *, dry_run: bool) -> list[tuple[str, Collected]]: ...

    def rebuild_index(self, data: Path, region: str | None) -> list[tuple[str, int]]:
        """The number of chunks found, by region."""
        ...

    def demo(self, data: Path | None, *, keep: bool) -> None:
        """The whole story on this host. `data` None: a temporary directory, removed at the end unless `keep`."""
        ...

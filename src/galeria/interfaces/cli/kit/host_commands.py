"""Commands that work on the host itself and need no server; bootstrap implements them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from galeria.domain.audit import AuditHead, AuditVerified
from galeria.domain.images.upkeep import StoreUpkeep
from galeria.domain.reach.relay import RelayState
from galeria.domain.reach.server_settings import ServerOptions
from galeria.domain.serving.backups import Backup
from galeria.ports.images import Collected, Verified
from galeria.ports.machines import HostCheck
from galeria.ports.progress import Progress

RegionProgress = Callable[[str], Progress]
"""Gives the listener for one region's bytes."""


class HostCommands(Protocol):
    """The commands. `data` is the installation's data directory. Errors are GaleriaErrors."""

    def serve(
        self,
        data: Path,
        options: ServerOptions,
        *,
        worker: bool,
        fake: bool,
        allow_import_from: tuple[str, ...] = (),
    ) -> None:
        """Serve until stopped. With `worker` the same process runs operations; with `fake` there are no real machines."""
        ...

    def worker(
        self,
        data: Path,
        *,
        regions: tuple[str, ...] = (),
        fake: bool = False,
        allow_import_from: tuple[str, ...] = (),
    ) -> None:
        """Run operations until stopped: those of these regions, or all."""
        ...

    def doctor(self, data: Path) -> list[HostCheck]: ...

    def relay_state(self, data: Path) -> RelayState:
        """Return what the relay last said."""
        ...

    def stop_relay(self, data: Path) -> bool:
        """End the relay and every connection through it; return whether it ran."""
        ...

    def connect(self, data: Path) -> dict[str, str]:
        """Return endpoint, ca_file, tenant_id, subscription_id, client_id and client_secret."""
        ...

    def store_upkeep(self, data: Path) -> list[StoreUpkeep]:
        """Return how far the server is with checking and clearing the stores."""
        ...

    def verify_store(self, data: Path, region: str | None, progress: RegionProgress) -> list[tuple[str, Verified]]:
        """Read and check every chunk of the region, or of all regions."""
        ...

    def verify_audit(self, data: Path, noted: Sequence[AuditHead]) -> AuditVerified:
        """Check the chain of the activity log, its copy, and links that were noted elsewhere."""
        ...

    def collect_store(self, data: Path, region: str | None, *, dry_run: bool) -> list[tuple[str, Collected]]: ...

    def rebuild_index(self, data: Path, region: str | None) -> list[tuple[str, int]]:
        """Rebuild the chunk index, and return the number of chunks by region."""
        ...

    def backup(self, data: Path, target: Path) -> Backup:
        """Write state, keys and settings to a new file, while the server runs or not."""
        ...

    def restore(self, data: Path, file: Path) -> Backup:
        """Bring a backup back into an empty data directory."""
        ...

    def move_database(self, data: Path, *, back: bool) -> list[tuple[str, int]]:
        """Move the state to the database of the settings, or `back` to a file; return the number of rows by table."""
        ...

    def demo(self, data: Path | None, *, keep: bool) -> None:
        """Run the demonstration. Without `data` it uses a temporary directory, which is removed at the end unless `keep`."""
        ...


HostCommandsLoader = Callable[[], HostCommands]
"""Loads the commands, with all the libraries that they need, when one of them is called."""

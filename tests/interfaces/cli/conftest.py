"""The command line as a function: arguments in, output and exit code out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from galeria.domain.audit import AuditBreak, AuditHead, AuditVerified
from galeria.domain.errors import OutOfSpace
from galeria.domain.images.upkeep import StoreUpkeep, UpkeepKind
from galeria.domain.messages import Message
from galeria.domain.reach.relay import RelayConnection, RelayState, Service
from galeria.domain.reach.server_settings import ServerOptions
from galeria.domain.serving.backups import Backup
from galeria.interfaces.cli.app import make_cli
from galeria.interfaces.cli.kit.host_commands import RegionProgress
from galeria.ports.images import Collected, Damage, Verified
from galeria.ports.machines import HostCheck
from tests.interfaces.cli.canned import fill
from tests.interfaces.client.rest_double import RestDouble, running_double

Run = Callable[..., Result]


@dataclass
class CannedDoors:
    """What runs on the host, written down instead of done."""

    calls: list[tuple[object, ...]] = field(default_factory=list)
    damaged: tuple[Damage, ...] = ()
    breaks: tuple[AuditBreak, ...] = ()
    kvm: bool = False
    libvirt: bool = True

    def serve(
        self,
        data: Path,
        options: ServerOptions,
        *,
        worker: bool,
        fake: bool,
        allow_import_from: tuple[str, ...] = (),
    ) -> None:
        self.calls.append(("serve", data, options, worker, fake, *allow_import_from))

    def worker(
        self,
        data: Path,
        *,
        regions: tuple[str, ...] = (),
        fake: bool = False,
        allow_import_from: tuple[str, ...] = (),
    ) -> None:
        self.calls.append(("worker", data, regions, fake, *allow_import_from))

    def doctor(self, data: Path) -> list[HostCheck]:
        return [
            HostCheck(
                name="libvirt",
                ok=self.libvirt,
                required=True,
                found=Message("11.0.0"),
                cure=Message("apt install libvirt-daemon"),
            ),
            HostCheck(
                name="KVM",
                ok=self.kvm,
                required=False,
                found=Message("no /dev/kvm"),
                cure=Message("Switch on virtualisation."),
            ),
        ]

    def relay_state(self, data: Path) -> RelayState:
        scope = (
            "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.LabServices/labs/turma-a/virtualMachines/template"
        )
        since = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
        connection = RelayConnection(
            machine="m-1", scope=scope, service=Service.SSH, address="203.0.113.9", since=since
        )
        return RelayState(connections=(connection,), unusable=((61007, "Address already in use"),))

    def stop_relay(self, data: Path) -> bool:
        self.calls.append(("stop_relay", data))
        return True

    def connect(self, data: Path) -> dict[str, str]:
        return {
            "endpoint": "https://127.0.0.1:8443",
            "ca_file": str(data / "ca.pem"),
            "tenant_id": "t-1",
            "subscription_id": "s-1",
            "client_id": "c-1",
            "client_secret": "hidden-secret",
        }

    def store_upkeep(self, data: Path) -> list[StoreUpkeep]:
        begun, ended = datetime(2026, 3, 2, 12, 30, tzinfo=UTC), datetime(2026, 3, 1, 4, 5, tzinfo=UTC)
        return [
            StoreUpkeep(region="brazilsouth", kind=UpkeepKind.COLLECTION, finished_at=ended, last_bytes=3 << 20),
            StoreUpkeep(
                region="brazilsouth",
                kind=UpkeepKind.SCRUB,
                begun_at=begun,
                after="packs/00",
                done_bytes=3 << 30,
                left_bytes=9 << 30,
                damaged=1,
            ),
        ]

    def verify_store(self, data: Path, region: str | None, progress: RegionProgress) -> list[tuple[str, Verified]]:
        progress("brazilsouth")(done=10, total=10)
        return [("brazilsouth", Verified(manifests=2, chunks=30, bytes_read=4096, damaged=self.damaged))]

    def verify_audit(self, data: Path, noted: Sequence[AuditHead]) -> AuditVerified:
        self.calls.append(("audit", *map(str, noted)))
        return AuditVerified(
            head=AuditHead(number=12, hash="ab" * 32), entries=12, waiting=1, copied=12, breaks=self.breaks
        )

    def collect_store(self, data: Path, region: str | None, *, dry_run: bool) -> list[tuple[str, Collected]]:
        self.calls.append(("gc", region, dry_run))
        freed = Collected(dead_chunks=3, freed_bytes=2048, removed_packs=1, repacked_packs=0, removed_manifests=1)
        return [("brazilsouth", freed)]

    def rebuild_index(self, data: Path, region: str | None) -> list[tuple[str, int]]:
        return [("brazilsouth", 30)]

    def backup(self, data: Path, target: Path) -> Backup:
        self.calls.append(("backup", str(data), str(target)))
        return backup_of(target)

    def restore(self, data: Path, file: Path) -> Backup:
        self.calls.append(("restore", str(data), str(file)))
        return backup_of(file)

    def move_database(self, data: Path, *, back: bool) -> list[tuple[str, int]]:
        self.calls.append(("move", data, back))
        return [("subscriptions", 1), ("locks", 0), ("labs", 12)]

    def demo(self, data: Path | None, *, keep: bool) -> None:
        raise OutOfSpace(Message("The disk is full."), hint=Message("Free 2 GB."))


def backup_of(file: Path) -> Backup:
    return Backup(
        file=file,
        created_at=datetime(2026, 3, 2, 12, 30, tzinfo=UTC),
        version="1.2.3",
        revision="0041",
        installation="i-1",
        names=("galeria.toml", "private/galeria.db"),
        size=4096,
        left_out=("disk.vhd",),
        elsewhere=("/etc/galeria/chain.pem",),
    )


@pytest.fixture
def host_commands() -> CannedDoors:
    return CannedDoors()


@pytest.fixture
def app(host_commands: CannedDoors) -> typer.Typer:
    return make_cli(lambda: host_commands)


@pytest.fixture
def double() -> Iterator[RestDouble]:
    with running_double() as found:
        fill(found)
        yield found


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Nobody's settings reach the tests, and theirs reach nobody."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "ENDPOINT", "CA_FILE", "USER", "PASSWORD", "CLIENT_ID", "CLIENT_SECRET", "TOKEN"):
        monkeypatch.delenv(f"GALERIA_{name}", raising=False)
    folders = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}
    return {"HOME": str(tmp_path), "TERM": "dumb", **folders}


@pytest.fixture
def local(app: typer.Typer, environment: dict[str, str]) -> Run:
    """Run a command without any server."""
    return lambda *arguments, **more: CliRunner().invoke(app, arguments, env={**environment, **more})


@pytest.fixture
def run(app: typer.Typer, environment: dict[str, str], double: RestDouble) -> Run:
    """Run a command against the double."""
    signed_in = {
        "GALERIA_ENDPOINT": double.endpoint,
        "GALERIA_CLIENT_ID": "robot",
        "GALERIA_CLIENT_SECRET": "s",
        **environment,
    }
    return lambda *arguments, **more: CliRunner().invoke(app, arguments, env={**signed_in, **more})

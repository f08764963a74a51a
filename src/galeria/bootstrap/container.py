"""Create the adapters behind all ports for one data directory."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from galeria.actions.core.request_factory import RequestFactory
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.engine.cache import LocalImageCache
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.fakes.engine import FakeEngine
from galeria.adapters.fakes.image_cache import FakeImageCache
from galeria.adapters.fakes.inspector import FakeInspector
from galeria.adapters.fetching import HttpFetcher
from galeria.adapters.files.audit_copy import FileAuditCopy
from galeria.adapters.files.page_files import DirectoryPages
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.host_memory import memory_for_machines
from galeria.adapters.identity.keys import Installation, ensure_installation
from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.adapters.inspection.inspector import ApplianceInspector
from galeria.adapters.reach.relay_process import RelayProcess
from galeria.adapters.settings_file import read_settings
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import open_region
from galeria.adapters.system import RandomIdGenerator, SystemClock
from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.regions import Region
from galeria.domain.settings import Settings
from galeria.ports.images import ImageStore
from galeria.ports.machines import ImageCache, VmEngine
from galeria.workflows.context import WorkflowContext
from galeria.workflows.operation_steps import DatabaseMeter


@dataclass(frozen=True, kw_only=True)
class Container:
    """The adapters of one data directory, for the server, the worker and commands on the host."""

    data: Path
    settings: Settings
    installation: Installation
    sql: sa.Engine
    database: SqlDatabase
    stores: dict[str, ImageStore]
    uploads: DirectoryUploads
    disk_files: DirectoryPages
    clock: SystemClock
    id_generator: RandomIdGenerator
    secrets: ArgonSecretHasher
    engine: VmEngine
    audit_copy: FileAuditCopy
    relay: RelayProcess
    context: WorkflowContext

    @cached_property
    def requests(self) -> RequestFactory:
        """Opens the transactions of actions, with a caller and without."""
        return RequestFactory(
            database=self.database,
            clock=self.clock,
            id_generator=self.id_generator,
            settings=self.settings,
            disk_room=self.context.disk_room,
        )

    @property
    def durable_url(self) -> str:
        """The URL of the database of finished steps: a file of its own, because it is written often and by one process only."""
        return f"sqlite:///{self.data / 'private' / 'work.db'}"

    def close(self) -> None:
        self.sql.dispose()


def open_container(
    data: Path,
    *,
    names: tuple[str, ...] = (),
    fake: bool = False,
    import_hosts: frozenset[str] = frozenset(),
    server: ServerSettings | None = None,
) -> Container:
    """Open everything under `data`, and create what is missing.

    `server` is what one start of the server has instead of the settings file's part. With `fake` there are no virtual
    machines; everything else is real. Raises Invalid for wrong settings, and Unavailable.
    """
    # Virtual machines run as another user: the folders above their disks must be passable; secrets have folders of their own.
    data.mkdir(parents=True, exist_ok=True, mode=0o755)
    private = data / "private"
    private.mkdir(exist_ok=True, mode=0o700)
    settings, clock = _read_settings(data, import_hosts, server, fake=fake), SystemClock()
    id_generator = RandomIdGenerator()
    installation = ensure_installation(private / "identity", clock=clock, names=names)
    map_classes()
    sql = make_engine(f"sqlite:///{private / 'galeria.db'}")
    migrate(sql)
    database = SqlDatabase(sql)
    stores = _stores(data, settings, installation, DatabaseChunkIndex(sql))
    uploads = DirectoryUploads(data / "uploads", open_image, margin=settings.disk_margin)
    disk_files = DirectoryPages(data / "disks", open_image, margin=settings.disk_margin)
    engine, cache = _machines(data, installation, settings, fake=fake)
    context = WorkflowContext(
        database=database,
        engine=engine,
        cache=cache,
        stores=stores,
        uploads=uploads,
        disk_files=disk_files,
        fetcher=HttpFetcher(allowed=import_hosts),
        inspector=FakeInspector() if fake else ApplianceInspector(),
        clock=clock,
        id_generator=id_generator,
        meter=DatabaseMeter(database, clock),
        settings=settings,
        disk_room=DataRoom(data=data, margin=settings.disk_margin),
    )
    return Container(
        data=data,
        settings=settings,
        installation=installation,
        sql=sql,
        database=database,
        stores=stores,
        uploads=uploads,
        disk_files=disk_files,
        clock=clock,
        id_generator=id_generator,
        secrets=ArgonSecretHasher(),
        engine=engine,
        audit_copy=FileAuditCopy(path=Path(settings.audit_copy or private / "activity.jsonl")),
        relay=RelayProcess(relay_folder(data)),
        context=context,
    )


def _read_settings(data: Path, import_hosts: frozenset[str], server: ServerSettings | None, *, fake: bool) -> Settings:
    settings = read_settings(data)
    starts = settings.starts
    if starts.memory_mib == 0 and not fake:
        starts = replace(starts, memory_mib=memory_for_machines())
    return replace(settings, import_hosts=import_hosts, server=server or settings.server, starts=starts)


def relay_folder(data: Path) -> Path:
    return data.resolve() / "private" / "relay"


def _stores(
    data: Path, settings: Settings, installation: Installation, index: DatabaseChunkIndex
) -> dict[str, ImageStore]:
    return {
        region.name: open_region(
            region.name,
            _bucket(data, region),
            work=data / "work",
            index=index,
            key=installation.manifest_key,
            margin=settings.disk_margin,
        )
        for region in settings.regions.all
    }


def _bucket(data: Path, region: Region) -> str:
    return region.bucket_url or f"file://{data.resolve() / 'regions' / region.name / 'store'}"


def _machines(data: Path, installation: Installation, settings: Settings, *, fake: bool) -> tuple[VmEngine, ImageCache]:
    if fake:
        return FakeEngine(data / "regions"), FakeImageCache(data / "regions")
    engine = LibvirtEngine(data, installation=installation.id, network=settings.network, accounts=settings.accounts)
    return engine, LocalImageCache(data, margin=settings.disk_margin)

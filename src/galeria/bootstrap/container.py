"""Create the adapters behind all ports for one data directory."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from galeria.actions.core.request_factory import RequestFactory
from galeria.adapters.db.database_files import STATE_FILE, WORK_FILE
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.leases import DatabaseLeases
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.processes import ProcessKind, RegisteredProcess
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.db.wrong_tries import DatabaseTries
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
from galeria.adapters.identity.memory_tries import MemoryTries
from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.adapters.inspection.inspector import ApplianceInspector
from galeria.adapters.reach.machine_computers import ProcessComputers
from galeria.adapters.reach.relay_process import RelayProcess
from galeria.adapters.routed_machines import RoutedCache, RoutedEngine
from galeria.adapters.settings_file import read_settings
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import open_region
from galeria.adapters.system import RandomIdGenerator, SystemClock
from galeria.bootstrap.answer_traffic import AnswerTraffic
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.regions import Region
from galeria.domain.settings import Settings
from galeria.ports.images import ImageStore
from galeria.ports.machines import ImageCache, VmEngine
from galeria.ports.work import WrongTries
from galeria.workflows.context import WorkflowContext
from galeria.workflows.operation_steps import DatabaseMeter


@dataclass(frozen=True, kw_only=True)
class State:
    """The database, and what is tied to the process that works on it."""

    sql: sa.Engine
    database: SqlDatabase
    index: DatabaseChunkIndex
    process: RegisteredProcess | None = None
    leases: DatabaseLeases | None = None


@dataclass(frozen=True, kw_only=True)
class Container:
    """The adapters of one data directory, for the server, the worker and commands on the host."""

    data: Path
    settings: Settings
    installation: Installation
    state: State
    uploads: DirectoryUploads
    disk_files: DirectoryPages
    clock: SystemClock
    id_generator: RandomIdGenerator
    secrets: ArgonSecretHasher
    wrong_tries: WrongTries
    engine: VmEngine
    audit_copy: FileAuditCopy
    relay: RelayProcess
    traffic: AnswerTraffic
    context: WorkflowContext

    @property
    def sql(self) -> sa.Engine:
        return self.state.sql

    @property
    def database(self) -> SqlDatabase:
        return self.state.database

    @property
    def process(self) -> RegisteredProcess | None:
        """This process among those that share the database; None where it is a file of this computer."""
        return self.state.process

    @property
    def leases(self) -> DatabaseLeases | None:
        return self.state.leases

    @property
    def stores(self) -> Mapping[str, ImageStore]:
        return self.context.stores

    @property
    def computers(self) -> ProcessComputers | None:
        """Which computer has which machines; None where there is one."""
        clouds = self.settings.regions.in_clouds()
        return ProcessComputers(self.process, in_clouds=clouds) if self.process else None

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
        """The URL of the database of finished steps.

        A file of its own, because it is written often and by one process only; or a schema of the shared database.
        """
        if self.process:
            return self.settings.database.url
        return f"sqlite:///{self.data / 'private' / WORK_FILE}"

    def close(self) -> None:
        if self.process:
            self.process.stop()
        self.sql.dispose()


def open_container(
    data: Path,
    *,
    names: tuple[str, ...] | None = None,
    fake: bool = False,
    import_hosts: frozenset[str] = frozenset(),
    server: ServerSettings | None = None,
    kind: ProcessKind = ProcessKind.COMMAND,
    regions: frozenset[str] | None = None,
    traffic: AnswerTraffic | None = None,
) -> Container:
    """Open everything under `data`, and create what is missing.

    A server gives its `names`, for its certificate. `server` is what one start has instead of the settings file's part. With
    `fake` there are no virtual machines; everything else is real. Processes that share a database know this one as one of
    that `kind`, which does the work of these `regions`, or of all; forks share its `traffic`. Raises Invalid, and Unavailable.
    """
    private = _private_folder(data)
    settings, clock = _read_settings(data, import_hosts, server, fake=fake), SystemClock()
    traffic, id_generator = traffic or AnswerTraffic(), RandomIdGenerator()
    installation = ensure_installation(private / "identity", clock=clock, names=names)
    served = frozenset(settings.regions.get(each).name for each in regions) if regions else None
    state = _open_state(private, settings, installation, kind, served)
    uploads = DirectoryUploads(data / "uploads", open_image, margin=settings.disk_margin)
    disk_files = DirectoryPages(data / "disks", open_image, margin=settings.disk_margin)
    engine, cache = _machines(data, installation, settings, fake=fake)
    context = WorkflowContext(
        database=state.database,
        engine=engine,
        cache=cache,
        stores=_stores(data, settings, installation, state),
        uploads=uploads,
        disk_files=disk_files,
        fetcher=HttpFetcher(allowed=import_hosts),
        inspector=FakeInspector() if fake else ApplianceInspector(),
        clock=clock,
        id_generator=id_generator,
        meter=DatabaseMeter(state.database, clock),
        settings=settings,
        disk_room=DataRoom(data=data, margin=settings.disk_margin),
        regions=served,
        traffic=traffic,
    )
    return Container(
        data=data,
        settings=settings,
        installation=installation,
        state=state,
        uploads=uploads,
        disk_files=disk_files,
        clock=clock,
        id_generator=id_generator,
        secrets=ArgonSecretHasher(),
        wrong_tries=DatabaseTries(state.sql, installation.tries_key) if state.process else MemoryTries(clock),
        engine=engine,
        audit_copy=FileAuditCopy(path=Path(settings.audit_copy or private / "activity.jsonl")),
        relay=RelayProcess(relay_folder(data)),
        traffic=traffic,
        context=context,
    )


def _private_folder(data: Path) -> Path:
    # Virtual machines run as another user: the folders above their disks must be passable; secrets have folders of their own.
    data.mkdir(parents=True, exist_ok=True, mode=0o755)
    private = data / "private"
    private.mkdir(exist_ok=True, mode=0o700)
    return private


def _open_state(
    private: Path, settings: Settings, installation: Installation, kind: ProcessKind, regions: frozenset[str] | None
) -> State:
    map_classes()
    file = private / STATE_FILE
    sql = make_engine(settings.database.url or f"sqlite:///{file}")
    migrate(sql)
    if not settings.database.is_shared:
        return State(sql=sql, database=SqlDatabase(sql), index=DatabaseChunkIndex(sql))
    _require_own(sql, installation, file)
    process = _registered(settings, kind, regions)
    return State(
        sql=sql,
        database=SqlDatabase(sql, process.fence),
        index=DatabaseChunkIndex(sql, process.fence),
        process=process,
        leases=DatabaseLeases(sql, process.fence),
    )


def _require_own(sql: sa.Engine, installation: Installation, file: Path) -> None:
    """Raise Invalid where the database is another installation's, or empty while this one's state is still in its file."""
    with SqlDatabase(sql)(reading=True) as uow:
        known = {each.id for each in uow.subscriptions()}
    if known and installation.subscription_id not in known:
        raise Invalid(
            Message("The database of the settings belongs to another installation."),
            hint=Message(
                "Copy 'private/identity' from the data directory of the computer that began it, or name another database."
            ),
        )
    if not known and file.exists():
        raise Invalid(
            Message("The database of the settings is empty, and what there is lies in {file}.", file=str(file)),
            hint=Message("Move it with 'galeria database move', or take the part [database] out of the settings."),
        )


def _registered(settings: Settings, kind: ProcessKind, regions: frozenset[str] | None) -> RegisteredProcess:
    """Register this process among those that share the database. Only those that do operations' work have regions."""
    served = regions or {each.name for each in settings.regions.all}
    url = sa.make_url(settings.database.url)
    process = RegisteredProcess(url, kind=kind, regions=served if kind.does_work else ())
    process.start()
    return process


def _read_settings(data: Path, import_hosts: frozenset[str], server: ServerSettings | None, *, fake: bool) -> Settings:
    settings = read_settings(data)
    starts = settings.starts
    if starts.memory_mib == 0 and not fake:
        starts = replace(starts, memory_mib=memory_for_machines())
    return replace(settings, import_hosts=import_hosts, server=server or settings.server, starts=starts)


def relay_folder(data: Path) -> Path:
    return data.resolve() / "private" / "relay"


def _stores(data: Path, settings: Settings, installation: Installation, state: State) -> dict[str, ImageStore]:
    return {
        region.name: open_region(
            region.name,
            _bucket(data, region),
            work=data / "work",
            index=state.index,
            key=installation.manifest_key,
            leases=state.leases,
            margin=settings.disk_margin,
            access=region.store,
        )
        for region in settings.regions.all
    }


def _bucket(data: Path, region: Region) -> str:
    return region.bucket_url or f"file://{data.resolve() / 'regions' / region.name / 'store'}"


def _machines(data: Path, installation: Installation, settings: Settings, *, fake: bool) -> tuple[VmEngine, ImageCache]:
    if fake:
        return FakeEngine(data / "regions"), FakeImageCache(data / "regions")
    engine = LibvirtEngine(data, installation=installation.id, network=settings.network, accounts=settings.accounts)
    cache = LocalImageCache(data, margin=settings.disk_margin)
    clouds = settings.regions.in_clouds()
    if not clouds:
        return engine, cache
    # What talks to clouds is loaded only where there are any.
    adapter = importlib.import_module("galeria.adapters.openstack.machines")
    opened: dict[str, tuple[VmEngine, ImageCache]] = {
        name: adapter.open_cloud(
            name,
            access,
            installation=installation.id,
            data=data,
            margin=settings.disk_margin,
            exceptions=settings.network.exceptions,
        )
        for name, access in clouds.items()
    }
    return (
        RoutedEngine(engine, {name: machines for name, (machines, _) in opened.items()}),
        RoutedCache(cache, {name: bases for name, (_, bases) in opened.items()}),
    )

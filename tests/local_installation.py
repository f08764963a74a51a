"""A whole installation without virtual machines: real database, real stores, a fake engine, and three people."""

import shutil
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.actions.core.caller import Caller
from galeria.actions.core.groups import put_group
from galeria.actions.core.request import Request, with_caller
from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.galleries.definitions import DefinitionRequest, put_definition
from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.actions.labs.labs import LabRequest, create_lab
from galeria.actions.labs.machines import start_machine, stop_machine
from galeria.actions.versions.exports import ExportRequest, export_template
from galeria.actions.versions.versions import VersionRequest, put_version
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.fakes.engine import FakeEngine
from galeria.adapters.fakes.image_cache import FakeImageCache
from galeria.adapters.fakes.inspector import FakeInspector
from galeria.adapters.fetching import HttpFetcher
from galeria.adapters.files.page_files import DirectoryPages
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import open_region
from galeria.adapters.system import RandomIdGenerator, SystemClock
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, Generation, OsState, OsType
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.labs.labs import LabMachine
from galeria.domain.operations import Operation, Upload
from galeria.domain.people.principals import Principal, PrincipalKind, RoleAssignment
from galeria.domain.resources import Subscription
from galeria.domain.settings import Settings
from galeria.ports.machines import Machine
from galeria.ports.work import Step
from galeria.workflows.context import WorkflowContext
from galeria.workflows.operation_steps import DatabaseMeter
from galeria.workflows.run_operation import run_operation
from tests.compiled_statements import make_test_engine
from tests.crashing import Steps

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = ResourceId(SUBSCRIPTION, "campus")
GALLERY = GROUP.resource("Microsoft.Compute", "galleries", "gal")
ACCOUNT = GROUP.resource("Microsoft.LabServices", "labPlans", "labs")
PASSWORD = "correct-Horse-7"
MIB = 1024 * 1024
SIGNING_KEY = b"only for tests: 32 bytes of key."


@dataclass(frozen=True, kw_only=True)
class LocalInstallation:
    context: WorkflowContext
    engine: FakeEngine
    people: dict[str, Principal]
    folder: Path

    @property
    def requests(self) -> RequestFactory:
        context = self.context
        return RequestFactory(
            database=context.database,
            clock=context.clock,
            id_generator=context.id_generator,
            settings=context.settings,
            disk_room=context.disk_room,
        )

    def with_settings(self, settings: Settings) -> "LocalInstallation":
        """The same installation, as if its administrator had other settings."""
        return replace(self, context=replace(self.context, settings=settings))

    @contextmanager
    def request(self, who: str = "admin") -> Iterator[Request]:
        with self.requests.anonymous_writing() as request:
            person = self.people[who]
            assignments, locks = request.uow.people.assignments(person.id), tuple(request.uow.locks.all())
            yield with_caller(request, Caller(principal=person, assignments=assignments, locks=locks))

    def run(self, operation: Operation | None, step: Step | None = None) -> Operation:
        """Run the operation's workflow to its end; returns the operation as it then is."""
        assert operation is not None
        run_operation(step or Steps(), self.context, operation.id)
        return self.operation(operation.id)

    def operation(self, id: str) -> Operation:
        with self.context.database(reading=True) as uow:
            return uow.operations.get(id)

    def begin_import(
        self, name: str, content: bytes, *, version: str = "1.0.0", regions: tuple[str, ...] = ("brazilsouth",)
    ) -> Operation:
        """A generalized definition and the operation that makes a version of it from an uploaded raw disk."""
        upload = self.upload(content)
        with self.request() as request:
            put_definition(request, GALLERY.child("images", name), definition(name))
        with self.request() as request:
            wanted = VersionRequest(
                location="brazilsouth",
                tags={},
                targets=tuple(ReplicationTarget(region=region) for region in regions),
                uploads={OS_DISK: upload},
            )
            _, _, operation = put_version(request, version_id(name, version), wanted)
        assert operation is not None
        return operation

    def upload(self, content: bytes) -> str:
        id = RandomIdGenerator().new_id()
        self.context.uploads.append(id, 0, [content], limit=len(content))
        with self.context.database() as uow:
            uow.uploads.add(
                Upload(
                    id=id,
                    owner_id=self.people["admin"].id,
                    file_name="disk.raw",
                    length=len(content),
                    created_at=self.context.clock.now(),
                )
            )
            uow.commit()
        return id

    def begin_lab(
        self,
        name: str,
        image: ResourceId,
        *,
        who: str = "educator",
        region: str = "brazilsouth",
        new_identity: bool = False,
    ) -> Operation:
        with self.request(who) as request:
            wanted = replace(lab_request(name, image, who=who, region=region), new_identity=new_identity)
            _, _, operation = create_lab(request, lab_id(name), wanted, secrets())
        assert operation is not None
        return operation

    def begin_start(self, lab: str, who: str = "educator") -> Operation:
        with self.request(who) as request:
            operation = start_machine(request, lab_id(lab), "template")
        assert operation is not None
        return operation

    def begin_stop(self, lab: str, who: str = "educator") -> Operation:
        with self.request(who) as request:
            operation = stop_machine(request, lab_id(lab), "template")
        assert operation is not None
        return operation

    def begin_export(self, lab: str, name: str, *, who: str = "educator", regions: tuple[str, ...] = ()) -> Operation:
        with self.request(who) as request:
            wanted = ExportRequest(lab=lab_id(lab), machine="template", name=name, regions=regions)
            return export_template(request, ACCOUNT, wanted)[2]

    def machine(self, lab: str) -> LabMachine:
        with self.context.database(reading=True) as uow:
            return uow.machines.of_lab(uow.labs.get_by_key(lab_id(lab).key).id)[0]

    def guest_of(self, lab: str) -> Machine:
        row = self.machine(lab)
        return Machine(id=row.id, region=row.region)


def version_id(image: str, version: str = "1.0.0") -> ResourceId:
    return GALLERY.child("images", image).child("versions", version)


def lab_id(name: str) -> ResourceId:
    return GROUP.resource("Microsoft.LabServices", "labs", name)


def lab_request(name: str, image: ResourceId, *, who: str = "educator", region: str = "brazilsouth") -> LabRequest:
    return LabRequest(
        location=region,
        tags={},
        account=ACCOUNT,
        title=name,
        description="",
        image=image,
        size="Tiny",
        user_name=who,
        password=PASSWORD,
    )


def definition(name: str, state: OsState = OsState.GENERALIZED) -> DefinitionRequest:
    return DefinitionRequest(
        location="brazilsouth",
        tags={},
        os_type=OsType.LINUX,
        os_state=state,
        generation=Generation.V1,
        publisher="campus",
        offer="linux",
        sku=name,
    )


def disk_bytes(size: int = 4 * MIB, seed: int = 1) -> bytes:
    """A raw disk with a boot sector's signature and some text in every other 64 KiB."""
    block = (f"galeria {seed} ".encode() * 8192)[: 64 * 1024]
    content = bytearray(size)
    for offset in range(0, size, 128 * 1024):
        content[offset : offset + len(block)] = offset.to_bytes(8, "big") + block[8:]
    content[446:510] = bytes(64)
    content[510:512] = b"\x55\xaa"
    return bytes(content)


def secrets() -> ArgonSecretHasher:
    return ArgonSecretHasher(passes=1, memory_kib=8, lanes=1)


def make_installation(folder: Path, empty_database: Path) -> tuple[LocalInstallation, Callable[[], None]]:
    """An installation with its people, from a migrated database file without rows. The second value closes it."""
    folder.mkdir(parents=True)
    shutil.copy(empty_database, folder / "galeria.db")
    context, dispose = _open_context(folder)
    _add_people(context)
    installation = _installation(context, folder)
    with installation.request() as request:
        put_group(request, GROUP, location="brazilsouth", tags={})
        request.uow.flush()
        put_gallery(request, GALLERY, location="brazilsouth", tags={}, description="")
        request.uow.flush()
        put_account(request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY))
    return installation, dispose


def open_installation(folder: Path) -> tuple[LocalInstallation, Callable[[], None]]:
    """One that was made before, perhaps by another process. The second value closes it."""
    context, dispose = _open_context(folder)
    return _installation(context, folder), dispose


def _installation(context: WorkflowContext, folder: Path) -> LocalInstallation:
    with context.database(reading=True) as uow:
        people = {person.name: person for person in uow.people.all()}
    assert isinstance(context.engine, FakeEngine)
    return LocalInstallation(context=context, engine=context.engine, people=people, folder=folder)


def _write_behind(connection: sqlite3.Connection, _entry: object) -> None:
    """An installation outlives a killed process, and need not outlive a power failure: nobody waits for the disk."""
    connection.execute("PRAGMA synchronous=OFF")


@cache
def _trusted() -> ssl.SSLContext:
    """Reading all certificates of this computer takes longer than opening the rest of an installation."""
    return ssl.create_default_context()


def _open_context(folder: Path) -> tuple[WorkflowContext, Callable[[], None]]:
    map_classes()
    engine = make_test_engine(f"sqlite:///{folder / 'galeria.db'}")
    sa.event.listen(engine, "connect", _write_behind)
    database, clock = SqlDatabase(engine), SystemClock()
    settings, index = Settings(), DatabaseChunkIndex(engine)
    key = Ed25519PrivateKey.from_private_bytes(SIGNING_KEY)
    context = WorkflowContext(
        database=database,
        engine=FakeEngine(folder / "regions"),
        cache=FakeImageCache(folder / "regions"),
        stores={
            region.name: open_region(
                region.name,
                f"file://{folder / 'regions' / region.name / 'store'}",
                work=folder / "work",
                index=index,
                key=key,
                margin=settings.disk_margin,
            )
            for region in settings.regions.all
        },
        uploads=DirectoryUploads(folder / "uploads", open_image, margin=settings.disk_margin),
        disk_files=DirectoryPages(folder / "disks", open_image, margin=settings.disk_margin),
        inspector=FakeInspector(),
        fetcher=HttpFetcher(allowed=settings.import_hosts, context=_trusted()),
        clock=clock,
        id_generator=RandomIdGenerator(),
        meter=DatabaseMeter(database, clock),
        settings=settings,
        disk_room=DataRoom(data=folder, margin=settings.disk_margin),
        poll_seconds=0.01,
    )
    return context, engine.dispose


def _add_people(context: WorkflowContext) -> None:
    id_generator, clock = RandomIdGenerator(), context.clock
    with context.database() as uow:
        uow.add_subscription(Subscription(id=SUBSCRIPTION, display_name="Test"))
        for name, role in (
            ("admin", "Owner"),
            ("educator", "Lab Creator"),
            ("colleague", "Lab Creator"),
            ("nobody", ""),
        ):
            person = Principal(
                id=id_generator.new_guid(),
                kind=PrincipalKind.USER,
                name=name,
                display_name=name.title(),
                secret_hash="",
                created_at=clock.now(),
            )
            uow.people.add(person)
            uow.flush()
            if role:
                uow.people.add_assignment(
                    RoleAssignment(
                        id=id_generator.new_guid(),
                        principal_id=person.id,
                        role=role,
                        scope=f"/subscriptions/{SUBSCRIPTION}",
                        created_at=clock.now(),
                        created_by=person.id,
                    )
                )
        uow.commit()

"""Commands that work on this host's data directory, without a server."""

import importlib
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType

from galeria.actions.core.audit_verification import verify_audit
from galeria.actions.versions.costs import live_digests
from galeria.adapters.backup.restoring import restore_backup
from galeria.adapters.backup.writing import write_backup
from galeria.adapters.db.copy_rows import copy_to_file
from galeria.adapters.engine.daemons import Hypervisor
from galeria.adapters.engine.host import LocalHost
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.adapters.reach.public_name import PublicName
from galeria.adapters.reach.relay_process import RelayProcess
from galeria.adapters.settings_file import read_settings
from galeria.adapters.system import SystemClock, installed_version
from galeria.bootstrap.container import Container, open_container, relay_folder
from galeria.bootstrap.database_move import move_database
from galeria.bootstrap.first_start import read_connect
from galeria.domain.audit import AuditHead, AuditVerified
from galeria.domain.images.import_addresses import allowed_hosts
from galeria.domain.images.upkeep import StoreUpkeep
from galeria.domain.reach.relay import RelayState
from galeria.domain.reach.server_settings import ServerOptions
from galeria.domain.serving.backups import Backup
from galeria.domain.settings import Settings
from galeria.ports.images import Collected, ImageStore, Verified
from galeria.ports.machines import HostCheck
from galeria.ports.progress import Progress
from galeria.programs import program_environment


class LocalHostCommands:
    """Implements `galeria.interfaces.cli.kit.host_commands.HostCommands`."""

    def serve(
        self,
        data: Path,
        options: ServerOptions,
        *,
        worker: bool,
        fake: bool,
        allow_import_from: tuple[str, ...] = (),
    ) -> None:
        hosts = allowed_hosts(allow_import_from)
        _loaded("galeria.bootstrap.server").serve(data, options, worker=worker, fake=fake, import_hosts=hosts)

    def worker(
        self,
        data: Path,
        *,
        regions: tuple[str, ...] = (),
        fake: bool = False,
        allow_import_from: tuple[str, ...] = (),
    ) -> None:
        hosts = allowed_hosts(allow_import_from)
        _loaded("galeria.bootstrap.worker").work(data, regions=frozenset(regions), fake=fake, import_hosts=hosts)

    def demo(self, data: Path | None, *, keep: bool) -> None:
        _loaded("galeria.bootstrap.demo_host").run_demo(data, keep=keep)

    def doctor(self, data: Path) -> list[HostCheck]:
        engine = LibvirtEngine(data, installation="doctor")
        settings = read_settings(data)
        host = LocalHost(data, Hypervisor(), engine.acceleration_finding, settings.network, accounts=settings.accounts)
        return host.checks() + PublicName(settings.server, data).checks() + _cloud_checks(settings)

    def relay_state(self, data: Path) -> RelayState:
        relay = RelayProcess(relay_folder(data))
        return relay.state() if relay.is_running() else RelayState()

    def stop_relay(self, data: Path) -> bool:
        return RelayProcess(relay_folder(data)).stop()

    def connect(self, data: Path) -> dict[str, str]:
        return read_connect(data)

    def backup(self, data: Path, target: Path) -> Backup:
        url = read_settings(data).database.url
        copy_state = partial(copy_to_file, url) if url else None
        return write_backup(data, target, now=SystemClock().now(), version=installed_version(), copy_state=copy_state)

    def restore(self, data: Path, file: Path) -> Backup:
        return restore_backup(file, data)

    def store_upkeep(self, data: Path) -> list[StoreUpkeep]:
        with closing(open_container(data)) as container, container.database(reading=True) as uow:
            return uow.store_upkeep.all()

    def verify_store(
        self, data: Path, region: str | None, progress: Callable[[str], Progress]
    ) -> list[tuple[str, Verified]]:
        with closing(open_container(data)) as container:
            return [
                (store.region, store.verify(None, progress=progress(store.region)))
                for store in _stores(container, region)
            ]

    def verify_audit(self, data: Path, noted: Sequence[AuditHead]) -> AuditVerified:
        with closing(open_container(data)) as container, container.requests.anonymous_reading() as request:
            return verify_audit(request, container.audit_copy, noted)

    def collect_store(self, data: Path, region: str | None, *, dry_run: bool) -> list[tuple[str, Collected]]:
        with closing(open_container(data)) as container:
            return [(store.region, _collect(container, store, dry_run=dry_run)) for store in _stores(container, region)]

    def move_database(self, data: Path, *, back: bool) -> list[tuple[str, int]]:
        return [(each.name, each.rows) for each in move_database(data, back=back)]

    def rebuild_index(self, data: Path, region: str | None) -> list[tuple[str, int]]:
        with closing(open_container(data)) as container:
            return [(store.region, store.rebuild_index()) for store in _stores(container, region)]


def _cloud_checks(settings: Settings) -> list[HostCheck]:
    clouds = settings.regions.in_clouds()
    if not clouds:
        return []
    check = _loaded("galeria.adapters.openstack.checks").check_cloud
    return [found for name, access in clouds.items() for found in check(name, access, settings.sizes)]


def _loaded(name: str) -> ModuleType:
    """Import a module that few commands need, with an environment without secrets, which is put back afterwards.

    Libraries run programs as they are imported: asyncssh a compiler that looks for libraries, croniter the program `file`.
    """
    whole = dict(os.environ)
    os.environ.clear()
    os.environ.update(program_environment())
    try:
        return importlib.import_module(name)
    finally:
        os.environ.clear()
        os.environ.update(whole)


def _collect(container: Container, store: ImageStore, *, dry_run: bool) -> Collected:
    def live() -> set[str]:
        with container.requests.anonymous_reading() as request:
            return live_digests(request, store.region)

    return store.collect(live, dry_run=dry_run)


def _stores(container: Container, region: str | None) -> list[ImageStore]:
    if region is None:
        return list(container.stores.values())
    return [container.stores[container.settings.regions.get(region).name]]

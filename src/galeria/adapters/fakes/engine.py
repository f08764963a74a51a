"""A `VmEngine` and an `ImageCache` without virtual machines, on plain files.

A machine's state is its machine.json, which is replaced as a whole, so that a killed process leaves no partial state.
"""

import json
import shutil
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from galeria.adapters.fakes.guest import (
    FakeGuest,
    changed_offline,
    first_booted,
    groups_of,
    height,
    with_hardware,
    with_rights,
)
from galeria.adapters.fakes.machine_files import LayeredDisk, blocks, join
from galeria.adapters.fakes.screen import FakeScreen
from galeria.adapters.fakes.screen_server import ScreenServer
from galeria.domain.errors import Conflict, GaleriaError, MachineFailed, NotFound, RootDiskNotFound
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.guest_network import OPEN, NetworkPolicy
from galeria.domain.labs.hardware import DiskBus, FirmwareVariable
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.messages import Message
from galeria.ports.disks import OpenDisk
from galeria.ports.images import Digest
from galeria.ports.machines import Acceleration, FirstBoot, Machine, MachineCredentials, MachineSpec, Observation, Power


class FakeEngine:
    """Machines as files.

    `fail_on` maps a method's name to the error that it raises; machines do not answer on the ways in `silent`, and show
    what is in `shown`; `driven` are the buses that their systems have drivers for, None for all. All may be changed at any
    time.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fail_on: dict[str, GaleriaError] | None = None,
        acceleration: Acceleration = Acceleration.TCG,
    ) -> None:
        self.fail_on = fail_on if fail_on is not None else {}
        self.silent: set[WayIn] = set()
        self.policies: dict[str, NetworkPolicy] = {}  # by the machine's id: what it was started with, or given since
        self.addresses: dict[str, str] = {}  # of machines in the machines' network
        self.spent: dict[str, float] = {}  # by the machine's id: seconds of processors
        self.shown = Observation()
        self.driven: frozenset[DiskBus] | None = None
        self._folder = folder
        self._acceleration = acceleration
        self._lock = threading.RLock()
        self._screens: dict[str, ScreenServer] = {}  # by the id of their running machine, once somebody has opened them

    def acceleration(self) -> Acceleration:
        return self._acceleration

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        with self._verb("ensure_machine"):
            if self._record(spec.machine).is_file():
                return
            if not self._base(spec.machine.region, spec.base).is_file():
                raise MachineFailed(
                    Message("The image is not in the cache of region {region}.", region=spec.machine.region),
                    hint=Message("Bring it there first."),
                )
            shutil.rmtree(self._machine(spec.machine), ignore_errors=True)
            self._layer(spec.machine, 0).mkdir(parents=True)
            seed = asdict(first_boot) if first_boot is not None else None
            guest = FakeGuest(base=spec.base, ssh_port=spec.ssh_port, seed=seed)
            self._store(spec.machine, with_hardware(guest, spec))

    def change_hardware(self, spec: MachineSpec) -> None:
        with self._verb("change_hardware"):
            guest = self.guest(spec.machine)
            if guest.is_running:
                raise MachineFailed(Message("The machine runs."), hint=Message("Stop it, then try again."))
            self._store(spec.machine, with_hardware(guest, spec))

    def firmware_variables(self, machine: Machine) -> tuple[FirmwareVariable, ...]:
        with self._verb("firmware_variables"):
            return tuple(FirmwareVariable(**each) for each in self.guest(machine).firmware_variables)

    def start(self, machine: Machine, *, ssh: bool, way: WayIn = WayIn.SSH, policy: NetworkPolicy = OPEN) -> None:
        with self._verb("start"):
            self.policies[machine.id] = policy
            guest = self.guest(machine)
            booted = first_booted(guest) if guest.seed is not None else guest
            self._store(machine, replace(booted, is_running=True, is_ssh_open=guest.is_ssh_open or ssh))

    def wait_ready(self, machine: Machine, *, way: WayIn, seconds: float) -> None:
        with self._verb("wait_ready"):
            guest = self._running(machine)
            if self.driven is not None and DiskBus(guest.disk_bus) not in self.driven:
                raise RootDiskNotFound(
                    Message("The system in the image found no root disk."), hint=Message("Add drivers to it.")
                )
            if way in self.silent:
                raise MachineFailed(Message("No answer by {way}.", way=way), hint=Message("Look at its screen."))

    def is_reachable(self, machine: Machine, way: WayIn) -> bool:
        with self._verb("is_reachable"):
            guest = self.guest(machine)
            return guest.is_running and way not in self.silent and (way.port is None or guest.is_ssh_open)

    def observe(self, machine: Machine) -> Observation:
        with self._verb("observe"):
            return self.shown if self.guest(machine).is_running else replace(self.shown, picture=b"")

    def open_ssh(self, machine: Machine, *, way: WayIn = WayIn.SSH) -> None:
        with self._verb("open_ssh"):
            self._store(machine, replace(self._running(machine), is_ssh_open=True))

    def address(self, machine: Machine) -> str:
        return self.addresses.get(machine.id, "")

    def follow_policies(self, policies: Mapping[Machine, NetworkPolicy]) -> None:
        with self._verb("follow_policies"):
            running = self.running()
            self.policies.update({each.id: policy for each, policy in policies.items() if each.id in running})

    def open_console(self, machine: Machine) -> socket.socket:
        with self._verb("open_console"):
            return self._screen_server(machine).open()

    def stop(self, machine: Machine, *, seconds: float) -> None:
        with self._verb("stop"):
            self._store(machine, replace(self.guest(machine), is_running=False, is_ssh_open=False, is_paused=False))
            self._switch_screen_off(machine)

    def power(self, machine: Machine) -> Power:
        with self._verb("power"):
            if not self._record(machine).is_file():
                return Power.ABSENT
            return Power.RUNNING if self.guest(machine).is_running else Power.STOPPED

    def running(self) -> set[str]:
        with self._verb("running"):
            return {each.id for each in self.machines() if self.power(each) is Power.RUNNING}

    def processor_seconds(self, machine: Machine) -> float:
        return self.spent.get(machine.id, 0.0)

    def pause(self, machine: Machine) -> None:
        with self._verb("pause"):
            guest = self.guest(machine)
            self._store(machine, replace(guest, is_paused=guest.is_running))

    def resume(self, machine: Machine) -> None:
        with self._verb("resume"):
            self._store(machine, replace(self.guest(machine), is_paused=False))

    def paused(self) -> set[str]:
        with self._verb("paused"):
            return {each.id for each in self.machines() if self.guest(each).is_paused}

    def has_agent(self, machine: Machine) -> bool:
        return self.power(machine) is Power.RUNNING and WayIn.AGENT not in self.silent

    def show_message(self, machine: Machine, text: str) -> None:
        guest = self._with_agent(machine)
        self._store(machine, replace(guest, messages=[*guest.messages, text]))

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        with self._verb("set_credentials"):
            guest = self._with_agent(machine)
            others = set(guest.passwords) if credentials.close_others else set(credentials.retire)
            retired = {user: "!" for user in others - set(credentials.keep) if user in guest.passwords}
            given = {credentials.user_name: credentials.password or credentials.password_hash}
            passwords = guest.passwords | retired | given
            admins = with_rights(guest, credentials.user_name, is_admin=credentials.is_admin)
            self._store(machine, replace(guest, passwords=passwords, admins=admins))

    def renew_identity(self, machine: Machine, *, host_name: str) -> None:
        with self._verb("renew_identity"):
            guest = self._with_agent(machine)
            self._store(machine, replace(guest, host_name=host_name, identity=guest.identity + 1))

    def change_disk(self, machine: Machine, changes: DiskChanges) -> tuple[str, ...]:
        with self._verb("change_disk"):
            guest = self.guest(machine)
            if guest.is_running:
                raise MachineFailed(Message("The machine runs."), hint=Message("Stop it, then try again."))
            changed, closed = changed_offline(guest, changes)
            self._store(machine, changed)
            return closed

    def seal_disk(self, machine: Machine, layer: str) -> None:
        with self._verb("seal_disk"):
            guest = self.guest(machine)
            if layer not in guest.layers:
                self._layer(machine, len(guest.layers) + 1).mkdir(exist_ok=True)
                self._store(machine, replace(guest, layers=(*guest.layers, layer)))

    def open_changes(self, machine: Machine, layer: str, *, since: str | None) -> OpenDisk:
        with self._verb("open_changes"):
            guest = self.guest(machine)
            top = height(guest, layer)
            below = height(guest, since)
            if below > top:
                raise NotFound(
                    Message("Layer '{since}' is not under layer '{layer}'.", since=str(since), layer=layer),
                    hint=Message("Seal the disk first."),
                )
            return self._opened(machine, guest, top, own=top - below)

    def changed_pieces(self, machine: Machine, *, since: str | None, piece: int) -> int:
        with self._verb("changed_pieces"):
            guest = self.guest(machine)
            above = range(height(guest, since), len(guest.layers) + 1)
            return len({offset // piece for number in above for offset in blocks(self._layer(machine, number))})

    def ensure_work_disk(self, spec: MachineSpec, disk: str, *, gib: int) -> None:
        with self._verb("ensure_work_disk"):
            guest, file = self.guest(spec.machine), self.work_file(spec.machine.region, disk)
            if guest.is_running:
                return
            file.parent.mkdir(exist_ok=True)
            file.touch()
            self._store(spec.machine, replace(guest, work_disk=disk))

    def remove_work_disk(self, region: str, disk: str) -> None:
        with self._verb("remove_work_disk"):
            self.work_file(region, disk).unlink(missing_ok=True)

    def work_disks(self) -> dict[tuple[str, str], int]:
        files = self._folder.glob("*/work/*")
        return {(file.parent.parent.name, file.name): file.stat().st_size for file in files}

    def work_file(self, region: str, disk: str) -> Path:
        """Return the file that stands for a work disk: what a test writes to it, its student finds there."""
        return self._folder / region / "work" / disk

    def has_layer(self, machine: Machine, layer: str) -> bool:
        return layer in self.guest(machine).layers

    def shorten_chain(self, machine: Machine, *, longest: int, needed: Callable[[], Collection[str]], rate: int) -> int:
        with self._verb("shorten_chain"):
            guest = self.guest(machine)
            if len(guest.layers) + 1 <= longest:
                return 0
            kept = {guest.layers[-1], *needed()}
            groups = groups_of(guest.layers, kept)
            for number, group in enumerate(groups):
                join(self._layer(machine, number), [self._layer(machine, each) for each in group])
            left = tuple(name for name in guest.layers if name in kept)
            self._store(machine, replace(guest, layers=left))
            return len(guest.layers) - len(left)

    def disk_bytes(self, machine: Machine) -> int:
        return sum(file.stat().st_blocks * 512 for file in self._machine(machine).rglob("*") if file.is_file())

    def set_aside(self, machine: Machine, kept: Machine) -> None:
        with self._verb("set_aside"):
            self._switch_screen_off(machine)
            if self._machine(machine).exists() and not self._machine(kept).exists():
                self._store(machine, replace(self.guest(machine), is_running=False, is_ssh_open=False))
                self._machine(machine).rename(self._machine(kept))

    def bring_back(self, spec: MachineSpec, kept: Machine) -> None:
        with self._verb("bring_back"):
            if self._record(spec.machine).is_file():
                return
            if not self._record(kept).is_file():
                raise MachineFailed(Message("What was kept is gone."), hint=Message("Make the machine anew."))
            self._machine(kept).rename(self._machine(spec.machine))

    def remove_machine(self, machine: Machine) -> None:
        with self._verb("remove_machine"):
            shutil.rmtree(self._machine(machine), ignore_errors=True)
            self._switch_screen_off(machine)

    def machines(self) -> list[Machine]:
        with self._verb("machines"):
            folders = sorted(self._folder.glob("*/machines/*"))
            return [Machine(id=folder.name, region=folder.parent.parent.name) for folder in folders]

    def guest(self, machine: Machine) -> FakeGuest:
        """Return the state of the machine. Raises NotFound."""
        try:
            record = json.loads(self._record(machine).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotFound(
                Message("The machine does not exist on this host."), hint=Message("Reload the page.")
            ) from error
        return FakeGuest(**{**record, "layers": tuple(record["layers"]), "admins": tuple(record["admins"])})

    def screen(self, machine: Machine) -> FakeScreen:
        """Return what a running machine shows, and which keys it has received."""
        with self._lock:
            return self._screen_server(machine).screen

    def cut(self, machine: Machine, text: str) -> None:
        """Copy text in the guest: everybody who watches the screen receives it."""
        with self._lock:
            server = self._screen_server(machine)
        server.cut(text)

    def write(self, machine: Machine, offset: int, data: bytes) -> None:
        """Write to the machine's disk as a running guest would."""
        with self._lock:
            self._disk(machine, self._running(machine)).write(offset, data)

    def read(self, machine: Machine, offset: int, length: int) -> bytes:
        """Read from the machine's disk as a guest would."""
        with self._lock:
            return self._disk(machine, self.guest(machine)).read(offset, length)

    @contextmanager
    def _verb(self, name: str) -> Iterator[None]:
        if name in self.fail_on:
            raise self.fail_on[name]
        with self._lock:
            yield

    @contextmanager
    def _opened(self, machine: Machine, guest: FakeGuest, top: int, *, own: int) -> Iterator[LayeredDisk]:
        layers = [self._layer(machine, number) for number in range(top)]
        disk = LayeredDisk(self._base(machine.region, guest.base), layers, own=own)
        try:
            yield disk
        finally:
            disk.close()

    def _disk(self, machine: Machine, guest: FakeGuest) -> LayeredDisk:
        layers = [self._layer(machine, number) for number in range(len(guest.layers) + 1)]
        return LayeredDisk(self._base(machine.region, guest.base), layers, own=0)

    def _running(self, machine: Machine) -> FakeGuest:
        guest = self.guest(machine)
        if not guest.is_running:
            raise MachineFailed(Message("The machine is off."), hint=Message("Start it, then try again."))
        return guest

    def _with_agent(self, machine: Machine) -> FakeGuest:
        guest = self._running(machine)
        if WayIn.AGENT in self.silent:
            raise MachineFailed(Message("The guest's agent does not answer."), hint=Message("Install it."))
        return guest

    def _screen_server(self, machine: Machine) -> ScreenServer:
        if not self.guest(machine).is_running:
            raise Conflict(Message("The machine is off."), hint=Message("Start it, then open its screen."))
        return self._screens.setdefault(machine.id, ScreenServer())

    def _switch_screen_off(self, machine: Machine) -> None:
        server = self._screens.pop(machine.id, None)
        if server is not None:
            server.close()

    def _store(self, machine: Machine, guest: FakeGuest) -> None:
        record = self._record(machine)
        unfinished = record.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(guest)), encoding="utf-8")
        unfinished.replace(record)

    def _base(self, region: str, digest: Digest) -> Path:
        return self._folder / region / "cache" / f"{digest}.raw"

    def _machine(self, machine: Machine) -> Path:
        return self._folder / machine.region / "machines" / machine.id

    def _record(self, machine: Machine) -> Path:
        return self._machine(machine) / "machine.json"

    def _layer(self, machine: Machine, number: int) -> Path:
        return self._machine(machine) / f"layer-{number}"

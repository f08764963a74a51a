"""Machines of several engines: each region has its own, and each request goes to that of its machine's region."""

import logging
import socket
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TypeVar

from galeria.domain.errors import Unavailable
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.guest_network import OPEN, NetworkPolicy
from galeria.domain.labs.hardware import FirmwareVariable
from galeria.domain.labs.ways_in import WayIn
from galeria.ports.disks import OpenDisk
from galeria.ports.images import Digest, ImageStore
from galeria.ports.machines import (
    Acceleration,
    Arrival,
    FirstBoot,
    ImageCache,
    Machine,
    MachineCredentials,
    MachineSpec,
    Observation,
    Power,
    VmEngine,
)
from galeria.ports.progress import Progress

log = logging.getLogger(__name__)

AWAY_SECONDS = 30.0  # without a question about all its machines, for a region that did not answer

Answer = TypeVar("Answer")


class RoutedEngine:
    """A `VmEngine` over that of this host and those of other regions.

    What is asked about all machines goes to every engine. A region that does not answer then has none that run: whoever acts
    on that asks for the one machine before.
    """

    def __init__(self, here: VmEngine, elsewhere: Mapping[str, VmEngine]) -> None:
        self._here, self._elsewhere = here, dict(elsewhere)
        self._away_until: dict[str, float] = {}  # moments of the monotonic clock

    def acceleration(self) -> Acceleration:
        return self._here.acceleration()

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        self._of(spec.machine).ensure_machine(spec, first_boot)

    def change_hardware(self, spec: MachineSpec) -> None:
        self._of(spec.machine).change_hardware(spec)

    def firmware_variables(self, machine: Machine) -> tuple[FirmwareVariable, ...]:
        return self._of(machine).firmware_variables(machine)

    def start(self, machine: Machine, *, ssh: bool, way: WayIn = WayIn.SSH, policy: NetworkPolicy = OPEN) -> None:
        self._of(machine).start(machine, ssh=ssh, way=way, policy=policy)

    def wait_ready(self, machine: Machine, *, way: WayIn, seconds: float) -> None:
        self._of(machine).wait_ready(machine, way=way, seconds=seconds)

    def is_reachable(self, machine: Machine, way: WayIn) -> bool:
        return self._of(machine).is_reachable(machine, way)

    def observe(self, machine: Machine) -> Observation:
        return self._of(machine).observe(machine)

    def open_ssh(self, machine: Machine, *, way: WayIn = WayIn.SSH) -> None:
        self._of(machine).open_ssh(machine, way=way)

    def address(self, machine: Machine) -> str:
        return self._of(machine).address(machine)

    def follow_policies(self, policies: Mapping[Machine, NetworkPolicy]) -> None:
        """A region that raises leaves no other without its policies; what it says is raised at the end."""
        failed: list[Unavailable] = []
        for region, engine in ((None, self._here), *self._elsewhere.items()):
            mine = {machine: policy for machine, policy in policies.items() if self._of(machine) is engine}
            if region is None or mine:
                try:
                    engine.follow_policies(mine)
                except Unavailable as error:
                    failed.append(error)
        if failed:
            raise failed[0]

    def open_console(self, machine: Machine) -> socket.socket:
        return self._of(machine).open_console(machine)

    def stop(self, machine: Machine, *, seconds: float) -> None:
        self._of(machine).stop(machine, seconds=seconds)

    def power(self, machine: Machine) -> Power:
        return self._of(machine).power(machine)

    def running(self) -> set[str]:
        return self._here.running().union(*self._answers(lambda engine: engine.running()))

    def processor_seconds(self, machine: Machine) -> float:
        return self._of(machine).processor_seconds(machine)

    def pause(self, machine: Machine) -> None:
        self._of(machine).pause(machine)

    def resume(self, machine: Machine) -> None:
        self._of(machine).resume(machine)

    def paused(self) -> set[str]:
        return self._here.paused().union(*self._answers(lambda engine: engine.paused()))

    def has_agent(self, machine: Machine) -> bool:
        return self._of(machine).has_agent(machine)

    def show_message(self, machine: Machine, text: str) -> None:
        self._of(machine).show_message(machine, text)

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        self._of(machine).set_credentials(machine, credentials)

    def renew_identity(self, machine: Machine, *, host_name: str) -> None:
        self._of(machine).renew_identity(machine, host_name=host_name)

    def change_disk(self, machine: Machine, changes: DiskChanges) -> tuple[str, ...]:
        return self._of(machine).change_disk(machine, changes)

    def seal_disk(self, machine: Machine, layer: str) -> None:
        self._of(machine).seal_disk(machine, layer)

    def open_changes(self, machine: Machine, layer: str, *, since: str | None) -> OpenDisk:
        return self._of(machine).open_changes(machine, layer, since=since)

    def changed_pieces(self, machine: Machine, *, since: str | None, piece: int) -> int:
        return self._of(machine).changed_pieces(machine, since=since, piece=piece)

    def has_layer(self, machine: Machine, layer: str) -> bool:
        return self._of(machine).has_layer(machine, layer)

    def shorten_chain(self, machine: Machine, *, longest: int, needed: Callable[[], Collection[str]], rate: int) -> int:
        return self._of(machine).shorten_chain(machine, longest=longest, needed=needed, rate=rate)

    def ensure_work_disk(self, spec: MachineSpec, disk: str, *, gib: int) -> None:
        self._of(spec.machine).ensure_work_disk(spec, disk, gib=gib)

    def remove_work_disk(self, region: str, disk: str) -> None:
        self._elsewhere.get(region, self._here).remove_work_disk(region, disk)

    def work_disks(self) -> dict[tuple[str, str], int]:
        found = [self._here.work_disks(), *self._answers(lambda engine: engine.work_disks())]
        return {disk: taken for part in found for disk, taken in part.items()}

    def set_aside(self, machine: Machine, kept: Machine) -> None:
        self._of(machine).set_aside(machine, kept)

    def bring_back(self, spec: MachineSpec, kept: Machine) -> None:
        self._of(spec.machine).bring_back(spec, kept)

    def disk_bytes(self, machine: Machine) -> int:
        return self._of(machine).disk_bytes(machine)

    def remove_machine(self, machine: Machine) -> None:
        self._of(machine).remove_machine(machine)

    def machines(self) -> list[Machine]:
        found = [self._here.machines(), *self._answers(lambda engine: engine.machines())]
        return [machine for part in found for machine in part]

    def _of(self, machine: Machine) -> VmEngine:
        return self._elsewhere.get(machine.region, self._here)

    def _answers(self, ask: Callable[[VmEngine], Answer]) -> list[Answer]:
        """Return what the other regions answer, without those that do not."""
        found = (self._find_answer(region, partial(ask, engine)) for region, engine in self._elsewhere.items())
        return [each for each in found if each is not None]

    def _find_answer(self, region: str, ask: Callable[[], Answer]) -> Answer | None:
        """Return None for a region that does not answer, and without asking for some time after: each try may take long."""
        if time.monotonic() < self._away_until.get(region, 0.0):
            return None
        try:
            return ask()
        except Unavailable as error:
            log.warning("the machines of region %s are not known now: %s", region, error)
            self._away_until[region] = time.monotonic() + AWAY_SECONDS
            return None


class RoutedCache:
    """An `ImageCache` over that of this host and those of other regions."""

    def __init__(self, here: ImageCache, elsewhere: Mapping[str, ImageCache]) -> None:
        self._here, self._elsewhere = here, dict(elsewhere)

    def has_base(self, region: str, digest: Digest) -> bool:
        return self._of(region).has_base(region, digest)

    def find_arrival(self, region: str, digest: Digest) -> Arrival | None:
        return self._of(region).find_arrival(region, digest)

    def arrivals(self) -> Mapping[tuple[str, Digest], Arrival]:
        found: dict[tuple[str, Digest], Arrival] = {}
        for cache in (self._here, *self._elsewhere.values()):
            found |= cache.arrivals()
        return found

    def keep_serving(self) -> None:
        for cache in (self._here, *self._elsewhere.values()):
            cache.keep_serving()

    def ensure_base(
        self, region: str, digest: Digest, store: ImageStore, *, progress: Progress, own: ImageStore | None = None
    ) -> None:
        self._of(region).ensure_base(region, digest, store, progress=progress, own=own)

    def remove_base(self, region: str, digest: Digest) -> None:
        self._of(region).remove_base(region, digest)

    def bases(self, region: str) -> list[Digest]:
        """Return none of a region that does not answer: what nobody needs there is removed some other time."""
        try:
            return self._of(region).bases(region)
        except Unavailable as error:
            if region not in self._elsewhere:
                raise
            log.warning("the bases of region %s are not known now: %s", region, error)
            return []

    def _of(self, region: str) -> ImageCache:
        return self._elsewhere.get(region, self._here)

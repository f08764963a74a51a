"""What network a machine starts with: the bridge where its rules hold, else one of QEMU's own without a way out."""

import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from galeria.adapters.engine.daemons import LOCAL, Hypervisor
from galeria.adapters.engine.network.bridge import Bridge
from galeria.adapters.engine.network.guard_process import GuardProcess
from galeria.adapters.engine.network.nft import PacketFilter, RulesRefusedError
from galeria.adapters.engine.network.plan import LAST_PORT, Names, address_of
from galeria.adapters.engine.network.table import Guest, GuestTable
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import NetworkPolicy, NetworkSettings
from galeria.programs import program_path

log = logging.getLogger(__name__)

START_SECONDS = 600.0  # that a machine may take from its entry until it runs, on a busy host
_PROBE = "galeria_probe_{process}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """Where a machine's card is connected."""

    network: str
    tap: str


@dataclass(frozen=True, kw_only=True)
class GuestNetwork:
    """The network of one installation's machines."""

    folder: Path
    hypervisor: Hypervisor
    installation: str
    settings: NetworkSettings = field(default_factory=NetworkSettings)
    uri: str = LOCAL

    def obstacle(self) -> str:
        """Return why there is no bridge for machines on this host; empty where there is one."""
        return find_obstacle(self.settings) if self.uri == LOCAL else "its libvirt is another host's"

    def enter(self, machine: str, *, mac: str, ssh_port: int, policy: NetworkPolicy) -> Lane | None:
        """Let a machine that is about to start into the network; None where it gets one of its own.

        Raises MachineFailed where the rules around the network do not hold.
        """
        obstacle = self.obstacle() or ("" if 1 < ssh_port <= LAST_PORT else f"port {ssh_port} has no address")
        if obstacle:
            log.warning("machine %s starts without a way to the internet: %s", machine, obstacle)
            return None
        with self._guard.changing():
            return self._enter(machine, mac, ssh_port, policy)

    def _enter(self, machine: str, mac: str, ssh_port: int, policy: NetworkPolicy) -> Lane | None:
        table = self._guard.table()
        network = self._bridge.ensure(table.network if table else None)
        others = tuple(each for each in (table.guests if table else ()) if each.machine != machine)
        if table and table.network != network:  # it was made anew elsewhere: nobody is in it yet
            others = ()
        if any(each.mac == mac for each in others):
            log.warning("machine %s starts without a way to the internet: another one has its card's address", machine)
            return None
        names = Names(self.installation)
        address = str(address_of(network, ssh_port))
        guest = Guest(
            machine=machine, tap=names.tap(machine), mac=mac, address=address, policy=policy, entered=time.time()
        )
        self._guard.load(
            GuestTable(
                installation=self.installation,
                network=network,
                guests=(*others, guest),
                exceptions=self.settings.exceptions,
                resolvers=self.settings.resolvers,
            )
        )
        self._bridge.admit(guest)
        return Lane(network=names.network, tap=guest.tap)

    def open(self, machine: str) -> None:
        """Let this host reach the machine's services."""
        self._change(machine, lambda guest: replace(guest, is_open=True))

    def leave(self, machine: str) -> None:
        """Take a machine that is off out of the network. May be repeated; `follow` does what does not succeed here."""
        guest = self._find(machine)
        if guest is None:
            return
        try:
            self._change(machine, lambda _: None)
            self._bridge.forget(guest)
        except MachineFailed as error:
            log.warning("machine %s could not be taken out of the network yet: %s", machine, error)

    def address(self, machine: str) -> str:
        """Return the machine's address in the network; empty where it is not in it."""
        guest = self._find(machine)
        return guest.address if guest else ""

    def follow(self, policies: Mapping[str, NetworkPolicy], running: set[str]) -> None:
        """Give running machines what their plans let now, take out those that are off, and see that the rules hold."""
        if not self.folder.is_dir() or self._guard.table() is None:
            return
        with self._guard.changing():
            table = self._guard.table()
            if table is None:
                return
            late = time.time() - START_SECONDS
            here = (each for each in table.guests if each.machine in running or each.entered > late)
            wanted = replace(
                table,
                guests=tuple(replace(each, policy=policies.get(each.machine, each.policy)) for each in here),
                exceptions=self.settings.exceptions,
                resolvers=self.settings.resolvers,
            )
            if wanted != table:
                self._guard.load(wanted)
            elif wanted.guests:
                self._guard.check()

    def remove(self, *, unless: Callable[[], bool] = lambda: False) -> None:
        """Remove network, rules and guard after the installation's last machine; not where `unless` says there is another.

        May be repeated.
        """
        if self.folder.is_dir():
            with self._guard.changing():
                if not unless():
                    self._guard.remove()

    def _find(self, machine: str) -> Guest | None:
        table = self._guard.table()
        return next((each for each in table.guests if each.machine == machine), None) if table else None

    def _change(self, machine: str, change: Callable[[Guest], Guest | None]) -> None:
        with self._guard.changing():
            table = self._guard.table()
            if table is None:
                return
            changed = (change(each) if each.machine == machine else each for each in table.guests)
            wanted = replace(table, guests=tuple(filter(None, changed)))
            if wanted != table:
                self._guard.load(wanted)

    @property
    def _guard(self) -> GuardProcess:
        return GuardProcess(self.folder)

    @property
    def _bridge(self) -> Bridge:
        return Bridge(self.hypervisor, Names(self.installation))


def find_obstacle(settings: NetworkSettings) -> str:
    """Return what this host lacks for a bridge with rules; empty where it has everything."""
    if not settings.is_bridged:
        return "the settings say so"
    if os.geteuid() != 0:
        return "only root may make one"
    missing = [package for program, package in (("dnsmasq", "dnsmasq-base"), ("ip", "iproute2")) if not _has(program)]
    if not Path("/dev/net/tun").exists():
        return "the host has no /dev/net/tun"
    try:
        filter = PacketFilter()
    except OSError:
        missing.append("nftables")
    if missing:
        return f"not installed: {' '.join(missing)}"
    probe = _PROBE.format(process=os.getpid())
    try:
        tables = ("inet", "bridge")
        flags = "{ flags owner; }"
        filter.run("\n".join(f"add table {family} {probe} {flags}" for family in tables))
        filter.run("\n".join(f"delete table {family} {probe}" for family in tables))
    except RulesRefusedError as error:
        return f"the packet filter takes no rules here: {error}"
    finally:
        filter.close()
    return ""


def _has(program: str) -> bool:
    return shutil.which(program, path=program_path()) is not None

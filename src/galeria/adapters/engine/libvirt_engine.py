"""The `VmEngine` of one libvirt host: QEMU machines whose disks are overlays over cached images."""

import logging
import socket
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import libvirt

from galeria.adapters.engine import agent, console, disks, domain_xml, identity, kvm_probe
from galeria.adapters.engine.chains.joining import join_layers
from galeria.adapters.engine.chains.turns import ChainTurns
from galeria.adapters.engine.confinement.accounts import Account
from galeria.adapters.engine.confinement.limits import limit
from galeria.adapters.engine.confinement.machine_accounts import MachineAccounts
from galeria.adapters.engine.credentials import set_credentials
from galeria.adapters.engine.daemons import (
    LOCAL,
    Hypervisor,
    change_pause,
    is_active,
    is_held,
    translated_errors,
)
from galeria.adapters.engine.hardware.declaration import declare_machine
from galeria.adapters.engine.hardware.nvram import read_variables
from galeria.adapters.engine.layers import Layers, top_of, with_base
from galeria.adapters.engine.layout import Layout, safe
from galeria.adapters.engine.network.card import card_of
from galeria.adapters.engine.network.guest_network import GuestNetwork, Lane
from galeria.adapters.engine.network.ssh_forward import ensure_forwards
from galeria.adapters.engine.offline.disk_changes import change_disk, finish_changes
from galeria.adapters.engine.offline.set_aside import find_top, move_files, note_top
from galeria.adapters.engine.offline.work_disks import make_work_disk, remove_work_disk
from galeria.adapters.engine.power import (
    is_on_bridge,
    power_off,
    processor_seconds,
    remove_logs,
    shut_down,
    ssh_port,
    stored_definition,
    switch_on,
    undefine,
)
from galeria.adapters.engine.readiness.wait import StartedMachine, is_reachable, wait_ready
from galeria.adapters.engine.screen import open_screen, take_picture
from galeria.adapters.engine.seed import write_seed
from galeria.adapters.engine.windows.answer_file import write_answer_disc
from galeria.adapters.engine.windows.credentials import set_windows_credentials
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.domain.errors import MachineFailed, NotFound
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.guest_network import OPEN as OPEN_POLICY
from galeria.domain.labs.guest_network import NetworkPolicy, NetworkSettings
from galeria.domain.labs.hardware import FirmwareVariable
from galeria.domain.labs.machine_accounts import AccountSettings
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.messages import Message
from galeria.ports.disks import OpenDisk
from galeria.ports.machines import Acceleration, FirstBoot, Machine, MachineCredentials, MachineSpec, Observation, Power

log = logging.getLogger(__name__)


class LibvirtEngine:
    """The machines of one installation on this host. `installation`, a few letters and digits, keeps several Galerias apart."""

    def __init__(
        self,
        data_dir: Path,
        *,
        installation: str,
        uri: str = LOCAL,
        probe_kernel: Path | None = None,
        changer: ApplianceDiskChanger | None = None,
        network: NetworkSettings | None = None,
        accounts: AccountSettings | None = None,
    ) -> None:
        self._layout = Layout(data_dir.resolve())
        self._installation = safe(installation)
        self._probe_kernel = probe_kernel
        self._probe_lock = threading.Lock()
        self._finding: kvm_probe.KvmProbeResult | None = None
        self._hypervisor = Hypervisor(uri)
        self._network = GuestNetwork(
            folder=self._layout.network(),
            hypervisor=self._hypervisor,
            installation=self._installation,
            settings=network or NetworkSettings(),
            uri=uri,
        )
        self._accounts = MachineAccounts(self._installation, accounts or AccountSettings(), uri=uri)
        self._layers = Layers(self._layout, self._hypervisor)
        self._turns = ChainTurns()
        self._changer = changer or ApplianceDiskChanger()

    def acceleration(self) -> Acceleration:
        return self.acceleration_finding().acceleration

    def acceleration_finding(self) -> kvm_probe.KvmProbeResult:
        """Return the acceleration together with the reason for it in words."""
        with self._probe_lock:
            if self._finding is None:
                self._finding = kvm_probe.find_acceleration(self._layout.probe(), kernel=self._probe_kernel)
            return self._finding

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        if self._hypervisor.find_domain(self._name(spec.machine)) is not None:
            return
        base = self._layout.base(spec.machine.region, spec.base)
        disks.require_base(base, spec.machine.region)
        self._layout.ensure_machine_folder(spec.machine)
        if first_boot is not None:
            write = write_answer_disc if spec.os_type is OsType.WINDOWS else write_seed
            write(self._layout.seed(spec.machine), first_boot)
        # Without a definition the machine never ran: a disk left by a crash holds no data.
        disks.create_first_disk(self._layout.first_disk(spec.machine), base)
        self._hypervisor.define(self._declared(spec, seeded=first_boot is not None))

    def change_hardware(self, spec: MachineSpec) -> None:
        domain = self.domain(spec.machine)
        if is_active(domain):
            raise MachineFailed(Message("The machine runs."), hint=Message("Stop it, then try again."))
        held = stored_definition(domain)
        declared = self._declared(spec, seeded=self._layout.seed(spec.machine).exists())
        wanted, work = domain_xml.with_disk(declared, domain_xml.disk_of(held)), domain_xml.find_work_disk(held)
        if work is not None:
            wanted = domain_xml.with_work_disk(wanted, work, spec.hardware.disk_bus)
        self._define(spec.machine, domain, wanted)

    def firmware_variables(self, machine: Machine) -> tuple[FirmwareVariable, ...]:
        return read_variables(self._layout.nvram(machine))

    def start(
        self, machine: Machine, *, ssh: bool, way: WayIn = WayIn.SSH, policy: NetworkPolicy = OPEN_POLICY
    ) -> None:
        with self._turns.in_front(machine):  # else QEMU would find the files locked while layers are joined
            self._ensure_on(machine, self.domain(machine), policy)
        if ssh:
            self.open_ssh(machine, way=way)

    def wait_ready(self, machine: Machine, *, way: WayIn, seconds: float) -> None:
        wait_ready(self._started(machine), way, seconds)
        self._layout.booted(machine).touch()

    def is_reachable(self, machine: Machine, way: WayIn) -> bool:
        return is_reachable(self._started(machine), way)

    def observe(self, machine: Machine) -> Observation:
        domain = self.domain(machine)
        lines, text = console.look(self._layout.serial(machine), domain)
        return Observation(console=lines or text, picture=take_picture(domain))

    def open_ssh(self, machine: Machine, *, way: WayIn = WayIn.SSH) -> None:
        domain = self._get_running(machine)
        # All of them, and not only the way in: a lab's profile may change while the machine runs, and others ask the relay.
        if is_on_bridge(domain):
            self._network.open(machine.id)
        else:
            ensure_forwards(domain, ssh_port(domain))

    def address(self, machine: Machine) -> str:
        domain = self._hypervisor.find_domain(self._name(machine))
        return self._network.address(machine.id) if domain and is_active(domain) and is_on_bridge(domain) else ""

    def follow_policies(self, policies: Mapping[Machine, NetworkPolicy]) -> None:
        self._network.follow({machine.id: policy for machine, policy in policies.items()}, self.running())

    def open_console(self, machine: Machine) -> socket.socket:
        return open_screen(self.domain(machine))

    def stop(self, machine: Machine, *, seconds: float) -> None:
        domain = self.domain(machine)
        change_pause(domain, paused=False)  # a paused machine hears neither its agent nor the power button
        shut_down(domain, machine.id, seconds)
        self._network.leave(machine.id)
        self._define(machine, domain, stored_definition(domain))

    def power(self, machine: Machine) -> Power:
        domain = self._hypervisor.find_domain(self._name(machine))
        if domain is None:
            return Power.ABSENT
        return Power.RUNNING if is_active(domain) else Power.STOPPED

    def running(self) -> set[str]:
        return self._ids(self._hypervisor.domains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE))

    def processor_seconds(self, machine: Machine) -> float:
        return processor_seconds(self._get_running(machine))

    def pause(self, machine: Machine) -> None:
        change_pause(self.domain(machine), paused=True)

    def resume(self, machine: Machine) -> None:
        change_pause(self.domain(machine), paused=False)

    def paused(self) -> set[str]:
        return self._ids(filter(is_held, self._hypervisor.domains(libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED)))

    def has_agent(self, machine: Machine) -> bool:
        domain = self._hypervisor.find_domain(self._name(machine))
        return domain is not None and agent.answers(domain)

    def show_message(self, machine: Machine, text: str) -> None:
        agent.show_message(self._get_running(machine), text)

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        domain = self._get_running(machine)
        is_windows = domain_xml.is_windows(stored_definition(domain))
        (set_windows_credentials if is_windows else set_credentials)(domain, credentials)

    def renew_identity(self, machine: Machine, *, host_name: str) -> None:
        identity.renew_identity(self._get_running(machine), host_name=host_name)

    def change_disk(self, machine: Machine, changes: DiskChanges) -> tuple[str, ...]:
        domain = self.domain(machine)
        if is_active(domain):
            raise MachineFailed(Message("The machine runs."), hint=Message("Stop it, then try again."))
        with self._turns.in_front(machine):
            return change_disk(self._layout.pending_changes(machine), top_of(domain), changes, self._changer)

    def seal_disk(self, machine: Machine, layer: str) -> None:
        domain = self.domain(machine)
        with self._turns.in_front(machine):
            finish_changes(self._layout.pending_changes(machine), top_of(domain))
            self._layers.seal(machine, layer, domain)

    def has_layer(self, machine: Machine, layer: str) -> bool:
        return self._layers.has(machine, layer, self.domain(machine))

    def shorten_chain(self, machine: Machine, *, longest: int, needed: Callable[[], Collection[str]], rate: int) -> int:
        with self._turns.in_background(machine) as is_wanted:
            if is_wanted is None:
                return 0
            return join_layers(
                self._layout,
                machine,
                self.domain(machine),
                longest=longest,
                needed=needed,
                rate=rate,
                is_wanted=is_wanted,
            )

    def open_changes(self, machine: Machine, layer: str, *, since: str | None) -> OpenDisk:
        return self._layers.open_changes(machine, layer, since, self.domain(machine))

    def changed_pieces(self, machine: Machine, *, since: str | None, piece: int) -> int:
        return self._layers.changed_pieces(machine, since, piece, self.domain(machine))

    def ensure_work_disk(self, spec: MachineSpec, disk: str, *, gib: int) -> None:
        domain, file = self.domain(spec.machine), self._layout.work_disk(spec.machine.region, disk)
        if is_active(domain):
            return  # it has it since its start
        self._layout.ensure_work_folder(spec.machine.region)
        make_work_disk(file, gib=gib, formatted=spec.os_type is not OsType.WINDOWS)
        wanted = domain_xml.with_work_disk(stored_definition(domain), file, spec.hardware.disk_bus)
        self._define(spec.machine, domain, wanted)

    def remove_work_disk(self, region: str, disk: str) -> None:
        remove_work_disk(self._layout.work_disk(region, disk))

    def work_disks(self) -> dict[tuple[str, str], int]:
        files = self._layout.regions().glob("*/work/*.qcow2")
        return {(file.parent.parent.name, file.stem): disks.allocated_bytes([file]) for file in files}

    def disk_bytes(self, machine: Machine) -> int:
        folder = self._layout.machine(machine)
        return disks.allocated_bytes(folder.iterdir()) if folder.is_dir() else 0

    def set_aside(self, machine: Machine, kept: Machine) -> None:
        domain = self._hypervisor.find_domain(self._name(machine))
        if domain is not None:
            power_off(domain)
            note_top(self._layout, machine, top_of(domain))
            undefine(domain, keeps_firmware=True)
        self._network.leave(machine.id)
        with self._turns.in_front(machine):
            move_files(self._layout, machine, kept)

    def bring_back(self, spec: MachineSpec, kept: Machine) -> None:
        machine = spec.machine
        if self._hypervisor.find_domain(self._name(machine)) is not None:
            return
        move_files(self._layout, kept, machine)
        declared = self._declared(spec, seeded=self._layout.seed(machine).exists())
        self._hypervisor.define(domain_xml.with_disk(declared, find_top(self._layout, machine)))

    def remove_machine(self, machine: Machine) -> None:
        domain = self._hypervisor.find_domain(self._name(machine))
        with self._turns.in_front(machine):
            if domain is not None:
                power_off(domain)
                undefine(domain)
            self._network.leave(machine.id)
            self._network.remove(unless=lambda: bool(self._ids(self._hypervisor.domains())))
            self._layout.remove_machine(machine)
        remove_logs(self._name(machine))

    def machines(self) -> list[Machine]:
        """Return the machines that are defined, and those of which a crash left only files."""
        found = {self._find_machine(domain) for domain in self._hypervisor.domains()}
        folders = self._layout.regions().glob("*/machines/*")
        found.update(Machine(id=folder.name, region=folder.parent.parent.name) for folder in folders)
        return sorted(filter(None, found), key=lambda machine: (machine.region, machine.id))

    def domain(self, machine: Machine) -> libvirt.virDomain:
        """Return libvirt's own object, for what the port does not cover. Raises NotFound."""
        return self._hypervisor.get_domain(self._name(machine))

    def close(self) -> None:
        self._hypervisor.close()

    def _name(self, machine: Machine) -> str:
        return self._prefix() + safe(machine.id)

    def _prefix(self) -> str:
        return f"galeria-{self._installation}-"

    def _find_machine(self, domain: libvirt.virDomain) -> Machine | None:
        """Return the machine; None where it belongs to another program or was removed meanwhile."""
        try:
            with translated_errors(Message("read a machine's definition")):
                return domain_xml.find_machine(domain.XMLDesc(), self._installation)
        except NotFound:
            return None

    def _get_running(self, machine: Machine) -> libvirt.virDomain:
        domain = self.domain(machine)
        if not is_active(domain):
            raise MachineFailed(Message("The machine is off."), hint=Message("Start it, then try again."))
        return domain

    def _ids(self, domains: Iterable[libvirt.virDomain]) -> set[str]:
        prefix = self._prefix()
        names = (domain.name() for domain in domains)
        return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}

    def _declared(self, spec: MachineSpec, *, seeded: bool) -> str:
        """Return the new definition, and write what its firmware is to know. Raises MachineFailed where the host lacks a
        part."""
        name = self._name(spec.machine)
        return declare_machine(self._layout, spec, name=name, installation=self._installation, seeded=seeded)

    def _refresh(self, machine: Machine, domain: libvirt.virDomain, lane: Lane | None, account: Account | None) -> None:
        """Update the definition before a start: acceleration, network and account of today, a screen, and no used seed.

        The seed holds a password's hash, and is still there where the machine went off by itself. Machines of earlier
        versions may have no screen.
        """
        self._layout.ensure_socket_folder(machine, account)
        wanted = domain_xml.with_acceleration(stored_definition(domain), self.acceleration())
        wanted = with_base(wanted, account)
        wanted = domain_xml.with_account(domain_xml.with_card(wanted, lane), account)
        self._define(machine, domain, domain_xml.with_screen(wanted, self._layout.vnc(machine)))

    def _define(self, machine: Machine, domain: libvirt.virDomain, wanted: str) -> None:
        """Give a machine that is off this definition, without its seed once that was used; the seed is then removed."""
        seed = self._layout.seed(machine)
        is_seed_over = self._layout.booted(machine).exists() and seed.exists()
        if is_seed_over:
            wanted = domain_xml.without_seed(wanted)
        if wanted != stored_definition(domain):
            self._hypervisor.define(wanted)
        if is_seed_over:
            seed.unlink()

    def _ensure_on(self, machine: Machine, domain: libvirt.virDomain, policy: NetworkPolicy) -> None:
        if is_active(domain):
            return
        finish_changes(self._layout.pending_changes(machine), top_of(domain))
        definition = stored_definition(domain)
        mac, port = card_of(definition).mac, domain_xml.ssh_port_of(definition)
        lane = self._network.enter(machine.id, mac=mac, ssh_port=port, policy=policy)
        account = self._accounts.find(port)
        self._refresh(machine, domain, lane, account)
        with self._accounts.starting(account, stored_definition(domain), self.acceleration()):
            switch_on(domain)
        limit(domain, account)

    def _started(self, machine: Machine) -> StartedMachine:
        domain = self.domain(machine)
        address, port = self.address(machine), ssh_port(domain)
        return StartedMachine(domain=domain, address=address, port=port, serial=self._layout.serial(machine))

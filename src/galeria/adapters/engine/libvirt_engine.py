"""The `VmEngine` of one libvirt host: QEMU machines whose disks are overlays over cached images."""

import logging
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import libvirt

from galeria.adapters.engine import agent, console, disks, domain_xml, identity, kvm_probe
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
from galeria.adapters.engine.hardware.firmware import find_firmware, has_tpm_emulator
from galeria.adapters.engine.hardware.nvram import read_variables, write_variables
from galeria.adapters.engine.layers import Layers, top_of
from galeria.adapters.engine.layout import Layout, safe
from galeria.adapters.engine.network.card import card_of, is_bridged
from galeria.adapters.engine.network.guest_network import GuestNetwork, Lane
from galeria.adapters.engine.network.ssh_forward import ensure_forwards
from galeria.adapters.engine.offline.disk_changes import change_disk, finish_changes
from galeria.adapters.engine.power import (
    is_off_by,
    power_off,
    processor_seconds,
    stored_definition,
    switch_on,
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

LIBVIRT_LOGS = Path("/var/log/libvirt/qemu")
LOGS = (  # of each machine, and of its TPM: libvirt never deletes them
    (LIBVIRT_LOGS, "{name}.log*"),
    (Path("/var/log/swtpm/libvirt/qemu"), "{name}-swtpm.log*"),
)
UNDEFINE = (
    libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
    | libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
)


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
        if not base.is_file():
            raise MachineFailed(
                Message("The image is not in the cache of region {region}.", region=spec.machine.region),
                hint=Message("Bring it there first, then retry."),
            )
        self._layout.ensure_machine_folder(spec.machine)
        if first_boot is not None:
            write = write_answer_disc if spec.os_type is OsType.WINDOWS else write_seed
            write(self._layout.seed(spec.machine), first_boot)
        # Without a definition the machine never ran: a disk left by a crash holds no data.
        disks.create_overlay(self._layout.first_disk(spec.machine), backing=base, backing_format="raw")
        self._hypervisor.define(self._declared(spec, seeded=first_boot is not None))

    def change_hardware(self, spec: MachineSpec) -> None:
        domain = self.domain(spec.machine)
        if is_active(domain):
            raise MachineFailed(Message("The machine runs."), hint=Message("Stop it, then try again."))
        top = domain_xml.disk_of(stored_definition(domain))
        declared = self._declared(spec, seeded=self._layout.seed(spec.machine).exists())
        self._define(spec.machine, domain, domain_xml.with_disk(declared, top))

    def firmware_variables(self, machine: Machine) -> tuple[FirmwareVariable, ...]:
        return read_variables(self._layout.nvram(machine))

    def start(
        self, machine: Machine, *, ssh: bool, way: WayIn = WayIn.SSH, policy: NetworkPolicy = OPEN_POLICY
    ) -> None:
        domain = self.domain(machine)
        if not is_active(domain):
            finish_changes(self._layout.pending_changes(machine), top_of(domain))
            definition = stored_definition(domain)
            mac, port = card_of(definition).mac, domain_xml.ssh_port_of(definition)
            lane = self._network.enter(machine.id, mac=mac, ssh_port=port, policy=policy)
            account = self._accounts.find(port)
            self._refresh(machine, domain, lane, account)
            with self._accounts.starting(account, stored_definition(domain), self.acceleration()):
                switch_on(domain)
            limit(domain, account)
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
        if _is_bridged(domain):
            self._network.open(machine.id)
        else:
            ensure_forwards(domain, _ssh_port(domain))

    def address(self, machine: Machine) -> str:
        domain = self._hypervisor.find_domain(self._name(machine))
        is_there = domain is not None and is_active(domain) and _is_bridged(domain)
        return self._network.address(machine.id) if is_there else ""

    def follow_policies(self, policies: Mapping[str, NetworkPolicy]) -> None:
        self._network.follow(policies, self.running())

    def open_console(self, machine: Machine) -> socket.socket:
        return open_screen(self.domain(machine))

    def stop(self, machine: Machine, *, seconds: float) -> None:
        """Shut the machine down, at last by cutting its power after `seconds`.

        The agent is asked first; the power button is pressed after half of the time, or at once without an agent.
        """
        domain = self.domain(machine)
        change_pause(domain, paused=False)  # a paused machine hears neither its agent nor the power button
        self._shut_down(machine, domain, seconds)
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
        return change_disk(self._layout.pending_changes(machine), top_of(domain), changes, self._changer)

    def seal_disk(self, machine: Machine, layer: str) -> None:
        finish_changes(self._layout.pending_changes(machine), top_of(self.domain(machine)))
        self._layers.seal(machine, layer, self.domain(machine))

    def open_changes(self, machine: Machine, layer: str, *, since: str | None) -> OpenDisk:
        return self._layers.open_changes(machine, layer, since, self.domain(machine))

    def changed_pieces(self, machine: Machine, *, since: str | None, piece: int) -> int:
        return self._layers.changed_pieces(machine, since, piece, self.domain(machine))

    def disk_bytes(self, machine: Machine) -> int:
        folder = self._layout.machine(machine)
        return disks.allocated_bytes(folder.iterdir()) if folder.is_dir() else 0

    def remove_machine(self, machine: Machine) -> None:
        domain = self._hypervisor.find_domain(self._name(machine))
        if domain is not None:
            power_off(domain)
            with translated_errors(Message("remove the machine's definition")):
                domain.undefineFlags(UNDEFINE)
        self._network.leave(machine.id)
        self._network.remove(unless=lambda: bool(self._ids(self._hypervisor.domains())))
        self._layout.remove_machine(machine)
        for folder, pattern in LOGS:
            for log_file in folder.glob(pattern.format(name=self._name(machine))):
                log_file.unlink(missing_ok=True)

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

    def _definition(self, spec: MachineSpec, *, seeded: bool) -> domain_xml.Definition:
        machine = spec.machine
        return domain_xml.Definition(
            name=self._name(machine),
            installation=self._installation,
            machine=machine,
            title=spec.title,
            generation=spec.generation,
            vcpus=spec.vcpus,
            memory_mib=spec.memory_mib,
            ssh_port=spec.ssh_port,
            card_address=spec.card_address,
            disk=self._layout.first_disk(machine),
            seed=self._layout.seed(machine) if seeded else None,
            serial=self._layout.serial(machine),
            vnc=self._layout.vnc(machine),
            nvram=self._layout.nvram(machine),
            firmware=find_firmware(secure=spec.hardware.secure_boot),
            hardware=spec.hardware,
            os_type=spec.os_type,
        )

    def _declared(self, spec: MachineSpec, *, seeded: bool) -> str:
        """Return the new definition, and write what its firmware is to know. Raises MachineFailed where the host lacks a
        part."""
        definition = self._definition(spec, seeded=seeded)
        xml = domain_xml.declare(definition)
        if spec.hardware.tpm and not has_tpm_emulator():
            raise MachineFailed(
                Message("This host has no TPM for machines, which the image asks for."),
                hint=Message("Run: apt-get install swtpm swtpm-tools"),
            )
        is_told = bool(spec.hardware.loader or spec.hardware.firmware_variables)
        if definition.firmware is not None and spec.generation == "V2" and is_told:
            write_variables(definition.nvram, template=Path(definition.firmware[1]), hardware=spec.hardware)
        return xml

    def _refresh(self, machine: Machine, domain: libvirt.virDomain, lane: Lane | None, account: Account | None) -> None:
        """Update the definition before a start: acceleration, network and account of today, a screen, and no used seed.

        The seed holds a password's hash, and is still there where the machine went off by itself. Machines of earlier
        versions may have no screen.
        """
        self._layout.ensure_socket_folder(machine, account)
        wanted = domain_xml.with_acceleration(stored_definition(domain), self.acceleration())
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

    def _shut_down(self, machine: Machine, domain: libvirt.virDomain, seconds: float) -> None:
        begin = time.monotonic()
        asked = agent.answers(domain) and self._request_shutdown(domain, libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
        if asked and is_off_by(domain, begin + seconds / 2):
            return
        self._request_shutdown(domain, libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
        if not is_off_by(domain, begin + seconds):
            log.warning("machine %s did not shut down within %s s: it is switched off", machine.id, seconds)
            power_off(domain)

    def _request_shutdown(self, domain: libvirt.virDomain, way: int) -> bool:
        """Return whether the machine took the request, or went off meanwhile."""
        try:
            domain.shutdownFlags(way)
        except libvirt.libvirtError as error:
            log.info("a shutdown request was not taken: %s", error)
            return False
        return True

    def _started(self, machine: Machine) -> StartedMachine:
        domain = self.domain(machine)
        address, port = self.address(machine), _ssh_port(domain)
        return StartedMachine(domain=domain, address=address, port=port, serial=self._layout.serial(machine))


def _is_bridged(domain: libvirt.virDomain) -> bool:
    with translated_errors(Message("read the machine's definition")):
        return is_bridged(domain.XMLDesc())


def _ssh_port(domain: libvirt.virDomain) -> int:
    with translated_errors(Message("read the machine's definition")):
        return domain_xml.ssh_port_of(domain.XMLDesc())

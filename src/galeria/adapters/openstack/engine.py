"""The `VmEngine` of one region in an OpenStack cloud.

A machine that never started is a small image in Glance that says what it is to be; its server is made at its first start,
because Nova starts what it makes. From then on the server is the machine. What Nova cannot do is refused in words.
"""

import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from galeria.adapters.engine.console import readable_lines
from galeria.adapters.engine.readiness.greetings import PortAnswer, ask_server, patient_client
from galeria.adapters.engine.seed import user_data
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.adapters.openstack import refusals
from galeria.adapters.openstack.cache import get_base
from galeria.adapters.openstack.console_watch import ConsoleWatch
from galeria.adapters.openstack.hardware import properties_of
from galeria.adapters.openstack.images import CloudImage, Kind
from galeria.adapters.openstack.making import (
    change_stopped,
    change_stopped_hardware,
    make_server,
    remove_plan,
    write_plan,
)
from galeria.adapters.openstack.plans import OWN_IDENTITY, MachinePlan, read_plan
from galeria.adapters.openstack.preparing import own_disks, prepare_disk
from galeria.adapters.openstack.region import CloudRegion
from galeria.adapters.openstack.screen import open_proxied
from galeria.adapters.openstack.servers import Server
from galeria.adapters.openstack.waiting import until
from galeria.domain.errors import Conflict, MachineFailed, NotFound
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.guest_network import OPEN, NetworkPolicy
from galeria.domain.labs.hardware import FirmwareVariable
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.messages import Message
from galeria.ports.disks import OpenDisk
from galeria.ports.images import Digest
from galeria.ports.machines import (
    NO_ADDRESS,
    Acceleration,
    FirstBoot,
    Machine,
    MachineCredentials,
    MachineSpec,
    Observation,
    Power,
)

STOP_SECONDS = 180.0  # that Nova has to cut the power, which it does by itself after its own `shutdown_timeout`
CONSOLE_LINES = 200
GREETING_SECONDS = 0.5


class OpenStackEngine:
    """The machines of one installation in one region."""

    def __init__(self, region: CloudRegion, changer: ApplianceDiskChanger | None = None) -> None:
        self._region = region
        self._images, self._servers, self._layers = region.images, region.servers, region.layers
        self._isolation = region.isolation
        self._changer = changer or ApplianceDiskChanger()

    def acceleration(self) -> Acceleration:
        """The cloud does not tell a member of a project; those that people work on have KVM."""
        return Acceleration.KVM

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        plan, id = MachinePlan.of(spec, user_data(first_boot) if first_boot else OWN_IDENTITY), spec.machine.id
        if self._find_plan_image(id) is not None or self._servers.find(id) is not None:
            return
        get_base(self._images, spec.base)
        write_plan(self._region, id, plan)

    def change_hardware(self, spec: MachineSpec) -> None:
        id, hardware = spec.machine.id, properties_of(spec)
        server, plan = self._servers.find(id), self._find_plan(id)
        if server is None and plan is None:
            raise _missing()
        if server is not None:
            change_stopped_hardware(self._region, self._require_off(server), hardware, plan)
        elif plan is not None:
            write_plan(self._region, id, replace(plan, hardware=hardware))

    def firmware_variables(self, machine: Machine) -> tuple[FirmwareVariable, ...]:
        return ()

    def start(self, machine: Machine, *, ssh: bool, way: WayIn = WayIn.SSH, policy: NetworkPolicy = OPEN) -> None:
        refusals.require_holdable(policy)
        server = self._servers.find(machine.id)
        if server is not None and server.status == "ERROR" and not server.has_run:
            self._servers.remove(server, STOP_SECONDS)  # there is nothing on its disk; what it is to be is still known
            server = None
        if server is None:
            if not ssh:
                raise refusals.open_accounts()
            server = self._start_first(machine, policy)
        elif server.status == "BUILD":  # whoever began to make it was cut off
            server = self._servers.wait_built(server.id)
        self._isolation.apply({server.id: policy})
        if server.status == "PAUSED":
            self.resume(machine)
        elif not server.is_on:
            self._servers.act(server, "os-start")
            self._servers.wait(server.id, lambda each: each.status == "ACTIVE", STOP_SECONDS)

    def wait_ready(self, machine: Machine, *, way: WayIn, seconds: float) -> None:
        server = self._get_running(machine)
        if way.port is None:
            raise refusals.no_agent()
        if not server.addresses:
            raise MachineFailed(
                Message("The machine has no address in the cloud's network."),
                hint=Message("Look whether the region's network has a subnet with free addresses."),
                code=NO_ADDRESS,
            )
        watch = ConsoleWatch(lambda: self.observe(machine).console)
        with patient_client(way.port, way, host=server.addresses[0]) as client:

            def greets() -> bool:
                self._require_on(machine)
                watch.require_going_on()
                return client.listen(GREETING_SECONDS) is PortAnswer.GREETS

            until(greets, seconds, Message("the start of a machine whose {way} server does not greet yet", way=way))
        remove_plan(self._images, machine.id)

    def is_reachable(self, machine: Machine, way: WayIn) -> bool:
        server = self._servers.find(machine.id)
        if server is None or not server.is_on or not server.addresses or way.port is None:
            return False
        return ask_server(way.port, way, host=server.addresses[0]) is PortAnswer.GREETS

    def observe(self, machine: Machine) -> Observation:
        """Nova keeps what the machine writes on its serial console, and gives no pictures of screens."""
        server = self._servers.find(machine.id)
        if server is None:
            return Observation()
        said = self._servers.act(server, "os-getConsoleOutput", length=CONSOLE_LINES)
        return Observation(console=readable_lines(str(said["output"] or "").encode()))

    def open_ssh(self, machine: Machine, *, way: WayIn = WayIn.SSH) -> None:
        """Its ports are those of its address: nothing forwards them."""
        self._get_running(machine)

    def address(self, machine: Machine) -> str:
        server = self._servers.find(machine.id)
        return server.addresses[0] if server is not None and server.is_on and server.addresses else ""

    def follow_policies(self, policies: Mapping[Machine, NetworkPolicy]) -> None:
        self._isolation.follow(
            {machine.id: policy for machine, policy in policies.items()},
            lambda: {server.machine: server.id for server in self._servers.all()},
        )

    def open_console(self, machine: Machine) -> socket.socket:
        server = self._get(machine)
        if not server.is_on:
            raise Conflict(Message("The machine is off."), hint=Message("Start it, then open its screen."))
        wanted = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
        said = self._region.cloud.compute("POST", f"/servers/{server.id}/remote-consoles", json=wanted)
        return open_proxied(said["remote_console"]["url"])

    def stop(self, machine: Machine, *, seconds: float) -> None:
        """Nova presses the power button, and cuts the power after a time of its own, `shutdown_timeout`."""
        server = self._servers.find(machine.id)
        if server is None:
            self._get_plan_image(machine)
            return
        if server.status == "PAUSED":
            self.resume(machine)
        if server.status != "SHUTOFF":
            self._servers.act(server, "os-stop")
            self._servers.wait(server.id, lambda each: each.status == "SHUTOFF", seconds + STOP_SECONDS)

    def power(self, machine: Machine) -> Power:
        server = self._servers.find(machine.id)
        if server is not None:
            return Power.RUNNING if server.is_on else Power.STOPPED
        return Power.ABSENT if self._find_plan_image(machine.id) is None else Power.STOPPED

    def running(self) -> set[str]:
        return {server.machine for server in self._servers.all() if server.is_on}

    def processor_seconds(self, machine: Machine) -> float:
        raise refusals.not_told()

    def pause(self, machine: Machine) -> None:
        server = self._get(machine)
        if server.status == "ACTIVE":
            self._servers.act(server, "pause")
            self._servers.wait(server.id, lambda each: each.status == "PAUSED", STOP_SECONDS)

    def resume(self, machine: Machine) -> None:
        server = self._get(machine)
        if server.status == "PAUSED":
            self._servers.act(server, "unpause")
            self._servers.wait(server.id, lambda each: each.status == "ACTIVE", STOP_SECONDS)

    def paused(self) -> set[str]:
        return {server.machine for server in self._servers.all() if server.status == "PAUSED"}

    def has_agent(self, machine: Machine) -> bool:
        return False

    def show_message(self, machine: Machine, text: str) -> None:
        raise refusals.no_agent()

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        raise refusals.no_agent()

    def renew_identity(self, machine: Machine, *, host_name: str) -> None:
        raise refusals.no_agent()

    def change_disk(self, machine: Machine, changes: DiskChanges) -> tuple[str, ...]:
        server = self._servers.find(machine.id)
        if server is not None:
            return change_stopped(self._region, self._require_off(server), changes, self._changer)
        source = self._disk_of(self._get_plan(machine), machine)
        return prepare_disk(self._images, source, machine.id, changes, work=self._region.work, changer=self._changer)

    def seal_disk(self, machine: Machine, layer: str) -> None:
        server = self._servers.find(machine.id)
        if server is not None:
            self._layers.seal(machine.id, layer, server)
        else:
            self._layers.seal_planned(machine.id, layer, self._disk_of(self._get_plan(machine), machine))

    def open_changes(self, machine: Machine, layer: str, *, since: str | None) -> OpenDisk:
        return self._layers.opened(machine.id, layer)

    def changed_pieces(self, machine: Machine, *, since: str | None, piece: int) -> int:
        """All of the disk: Nova does not tell what changed."""
        size = int(get_base(self._images, self._base_of(machine)).properties["galeria_size"])
        return -(-size // piece)

    def has_layer(self, machine: Machine, layer: str) -> bool:
        return self._layers.has(machine.id, layer)

    def shorten_chain(self, machine: Machine, *, longest: int, needed: Callable[[], Collection[str]], rate: int) -> int:
        """Snapshots make no chain: those that nobody needs by name are removed, however few there are."""
        return self._layers.drop(machine.id, needed)

    def ensure_work_disk(self, spec: MachineSpec, disk: str, *, gib: int) -> None:
        raise refusals.work_disk()

    def remove_work_disk(self, region: str, disk: str) -> None:
        """There is none."""

    def work_disks(self) -> dict[tuple[str, str], int]:
        return {}

    def set_aside(self, machine: Machine, kept: Machine) -> None:
        """Switch the server off and give it the other name; its images go with it."""
        server = self._servers.find(machine.id)
        if server is not None and server.is_on:
            self.stop(machine, seconds=0)
        self._rename(machine, kept)

    def bring_back(self, spec: MachineSpec, kept: Machine) -> None:
        if self.power(spec.machine) is not Power.ABSENT:
            return
        if self.power(kept) is Power.ABSENT:
            raise MachineFailed(
                Message("What was kept of the machine is gone."), hint=Message("Make the machine anew instead.")
            )
        self._rename(kept, spec.machine)

    def disk_bytes(self, machine: Machine) -> int:
        return 0  # none of this host

    def remove_machine(self, machine: Machine) -> None:
        server = self._servers.find(machine.id)
        if server is not None:
            self._servers.remove(server, STOP_SECONDS)
        for image in self._images.all(machine=machine.id):
            self._images.remove(image.id)
        if not self.machines():
            self._isolation.remove()

    def machines(self) -> list[Machine]:
        ids = {server.machine for server in self._servers.all()}
        ids |= {image.machine for image in self._images.all() if image.kind is not Kind.BASE}
        return [Machine(id=id, region=self._region.name) for id in sorted(ids - {""})]

    def _rename(self, machine: Machine, to: Machine) -> None:
        """May be repeated: the server comes last, because it is what is looked for."""
        for image in self._images.all(machine=machine.id):
            self._images.relabel(image, machine=to.id)
        server = self._servers.find(machine.id)
        if server is not None:
            self._servers.relabel(server, to.id)

    def _start_first(self, machine: Machine, policy: NetworkPolicy) -> Server:
        """Make the machine's server. What it was to be stays until it has been ready once: other hardware may be needed."""
        plan = self._get_plan(machine)
        image = self._disk_of(plan, machine)
        return make_server(self._region, machine.id, plan, image, groups=self._isolation.groups_of_new(policy))

    def _disk_of(self, plan: MachinePlan, machine: Machine) -> CloudImage:
        own = own_disks(self._images, machine.id)
        return own[-1] if own else get_base(self._images, plan.base)

    def _base_of(self, machine: Machine) -> Digest:
        server = self._servers.find(machine.id)
        return server.base if server is not None else self._get_plan(machine).base

    def _find_plan_image(self, id: str) -> CloudImage | None:
        return next((each for each in self._images.all(kind=Kind.MACHINE, machine=id) if each.is_whole), None)

    def _find_plan(self, id: str) -> MachinePlan | None:
        found = self._find_plan_image(id)
        return None if found is None else read_plan(self._images.content(found.id))

    def _get_plan(self, machine: Machine) -> MachinePlan:
        return read_plan(self._images.content(self._get_plan_image(machine).id))

    def _get_plan_image(self, machine: Machine) -> CloudImage:
        found = self._find_plan_image(machine.id)
        if found is None:
            raise _missing()
        return found

    def _get(self, machine: Machine) -> Server:
        server = self._servers.find(machine.id)
        if server is None:
            self._get_plan_image(machine)
            raise Conflict(Message("The machine is off."), hint=Message("Start it first."))
        return server

    def _get_running(self, machine: Machine) -> Server:
        server = self._servers.find(machine.id)
        if server is None or not server.is_on:
            raise MachineFailed(Message("The machine is off."), hint=Message("Start it, then try again."))
        return server

    def _require_off(self, server: Server) -> Server:
        if server.status != "SHUTOFF":
            raise refusals.disk_in_use()
        return server

    def _require_on(self, machine: Machine) -> None:
        if self.power(machine) is not Power.RUNNING:
            raise MachineFailed(
                Message("The machine went off while it was starting."),
                hint=Message("The page of this operation shows the end of the machine's console."),
            )


def _missing() -> NotFound:
    return NotFound(
        Message("The machine does not exist in the region's cloud."),
        hint=Message("Reload the page; somebody may have deleted it there."),
    )

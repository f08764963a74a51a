"""Virtual machines of a region, the cache of base images that their disks need, and the checks of the host."""

import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, Self

from galeria.domain.images.galleries import OsType
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.guest_network import OPEN, NetworkPolicy
from galeria.domain.labs.hardware import USUAL_HARDWARE, FirmwareVariable, Hardware
from galeria.domain.labs.ways_in import WayIn
from galeria.ports.disks import OpenDisk
from galeria.ports.images import Digest, ImageStore
from galeria.ports.progress import Progress

NO_ADDRESS = "MachineHasNoAddress"
"""The code of a MachineFailed whose reason is that nothing answers at the machine's address."""


class Power(Enum):
    """Whether a machine exists on the host and runs."""

    ABSENT = "absent"
    STOPPED = "stopped"
    RUNNING = "running"


class Acceleration(Enum):
    """How the host runs guest code: in hardware, or by software emulation."""

    KVM = "kvm"
    TCG = "tcg"  # software emulation


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The name of one machine. `id` is unique in the installation and safe in file names (a UUID's hex digits)."""

    id: str
    region: str

    @classmethod
    def of(cls, row: "OnHost") -> Self:
        """Returns the name of the machine that a row of the database is about."""
        return cls(id=row.id, region=row.region)


class OnHost(Protocol):
    """What has a machine of its own on a host: a lab's machine, or what is kept of one."""

    @property
    def id(self) -> str:
        """The machine's id."""
        ...

    @property
    def region(self) -> str:
        """The region whose host has it."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineSpec:
    """The virtual hardware of a machine and the image that its disk is based on."""

    machine: Machine
    base: Digest  # the image its disk is based on; must be in the region's cache
    generation: str  # "V1": BIOS, "V2": UEFI
    vcpus: int
    memory_mib: int
    ssh_port: int  # on the host's loopback addresses, forwarded to the guest's services once opened
    title: str = ""
    card_address: str = ""  # the hardware address of its network card; empty for one of its own
    os_type: OsType = OsType.LINUX
    hardware: Hardware = USUAL_HARDWARE


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstBoot:
    """The data that a generalized image gets at its first boot (cloud-init, NoCloud; an answer file for Windows)."""

    instance_id: str
    host_name: str
    user_name: str
    password_hash: str  # SHA-512 crypt, never the password
    ssh_keys: tuple[str, ...] = ()
    password: str = ""  # the password itself, for Windows only, which takes no hash
    locale: str = "en-US"  # of Windows
    plain_user: str = ""  # a second account, without administrator's rights; empty for none
    plain_hash: str = ""  # SHA-512 crypt of its password


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineCredentials:
    """The account and password that are set through the agent of a machine that has booted before."""

    user_name: str
    password_hash: str  # SHA-512 crypt
    password: str = ""  # the password itself, for Windows only
    retire: tuple[str, ...] = ()  # accounts whose passwords and keys must stop working; their files stay
    close_others: bool = False  # whether all others are retired, but those to keep
    keep: tuple[str, ...] = ()
    is_admin: bool = True  # whether the account gets administrator's rights; else it loses those that it had


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What a machine shows now: the last lines that it wrote, fit to be shown, and its screen."""

    console: str = ""  # lines
    picture: bytes = b""  # PNG; empty where the machine is off or has no screen


@dataclass(frozen=True, kw_only=True, slots=True)
class HostCheck:
    """The result of one check of the host: what was found, and what helps."""

    name: str
    ok: bool
    required: bool
    found: str
    cure: str = ""  # the command or step that helps


class VmEngine(Protocol):
    """Makes and runs virtual machines. Every method may be repeated and leaves alone what is already so.

    Layers: a machine's disk is a chain of files. `seal_disk` closes the writable top under a name and puts a new top on
    it; a sealed layer never changes again and can be read while the machine runs. All methods may raise MachineFailed,
    OutOfSpace, ToolFailed, and NotFound where a machine must exist and does not.
    """

    def acceleration(self) -> Acceleration:
        """Returns KVM only if a guest kernel really ran under it on this host; tried once per process."""
        ...

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        """Makes the machine's disk and definition and does not start it.

        Takes milliseconds and kilobytes for any image size.
        """
        ...

    def change_hardware(self, spec: MachineSpec) -> None:
        """Gives a machine that is off the hardware of `spec`; its disk with all layers, address and port stay.

        Raises MachineFailed where it runs, or the host lacks a part.
        """
        ...

    def firmware_variables(self, machine: Machine) -> tuple[FirmwareVariable, ...]:
        """Returns what the machine's firmware knows that another machine with this disk needs, such as boot entries.

        None before its first start, and with a BIOS.
        """
        ...

    def start(self, machine: Machine, *, ssh: bool, way: WayIn = WayIn.SSH, policy: NetworkPolicy = OPEN) -> None:
        """Starts the machine. With `ssh` its way in is reachable from this host at once, else only after `open_ssh`.

        `policy` says what it reaches of the internet and of its lab. Raises MachineFailed where it would reach more.
        """
        ...

    def wait_ready(self, machine: Machine, *, way: WayIn, seconds: float) -> None:
        """Waits until the machine can be used: its server greets at the forwarded port, or its agent answers.

        Raises MachineFailed, which says what is missing and its cure where the console tells: when the machine goes off,
        when its console has come to a known end, and after `seconds`, or later while its console still goes on.
        """
        ...

    def is_reachable(self, machine: Machine, way: WayIn) -> bool:
        """Tells whether the machine answers on its way in now; takes seconds at most. A port not forwarded is none."""
        ...

    def observe(self, machine: Machine) -> Observation:
        """Returns what the machine's console and screen show now, or at its end where it is off."""
        ...

    def open_ssh(self, machine: Machine, *, way: WayIn = WayIn.SSH) -> None:
        """Lets this host reach a running machine's services (`domain.reach.relay.service_address`), whatever its way in."""
        ...

    def address(self, machine: Machine) -> str:
        """Returns a running machine's address in the machines' network; empty where it has a network of its own."""
        ...

    def follow_policies(self, policies: Mapping[Machine, NetworkPolicy]) -> None:
        """Gives these machines, which run, what they may reach now, and sees that it holds for all.

        Raises MachineFailed where it does not.
        """
        ...

    def open_console(self, machine: Machine) -> socket.socket:
        """Returns a connected stream on which the machine's screen is served by RFB (RFC 6143).

        It asks for no password; several streams may be open at once. The stream ends when the machine stops; the caller
        closes it. Raises NotFound, and Conflict where the machine is off or was started before machines had a screen.
        """
        ...

    def stop(self, machine: Machine, *, seconds: float) -> None:
        """Shuts the machine down cleanly (agent, then power button) and cuts power after `seconds`.

        Returns when it is off.
        """
        ...

    def power(self, machine: Machine) -> Power:
        """Returns whether the machine exists on the host and runs."""
        ...

    def running(self) -> set[str]:
        """Returns the ids of the installation's machines that run now or are paused, with one request to the host."""
        ...

    def processor_seconds(self, machine: Machine) -> float:
        """Returns the seconds of processors that a running machine has taken since it was switched on."""
        ...

    def pause(self, machine: Machine) -> None:
        """Holds a running machine's processors, and with them what it writes; its memory stays.

        Leaves a machine alone that is off.
        """
        ...

    def resume(self, machine: Machine) -> None:
        """Lets a paused machine go on. Leaves alone one that runs or is off."""
        ...

    def paused(self) -> set[str]:
        """Returns the ids of the installation's machines that are paused, by `pause`, by hand, or by a disk that was full."""
        ...

    def has_agent(self, machine: Machine) -> bool:
        """Tells whether a running machine's agent answers now."""
        ...

    def show_message(self, machine: Machine, text: str) -> None:
        """Shows a line to whoever works in the machine, on all its terminals or in a window. Needs the agent."""
        ...

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        """Makes the account if needed, gives it the password and its rights, and disables the accounts to
        retire. Needs the agent."""
        ...

    def renew_identity(self, machine: Machine, *, host_name: str) -> None:
        """Gives the machine a new host name, machine-id and SSH host keys. Needs the agent."""
        ...

    def change_disk(self, machine: Machine, changes: DiskChanges) -> tuple[str, ...]:
        """Changes the disk of a machine that is off, wholly or not at all, and returns the accounts that this has closed.

        Nothing of the disk is run. Raises MachineFailed where the disk was left as it was, also for a machine that runs.
        """
        ...

    def seal_disk(self, machine: Machine, layer: str) -> None:
        """Closes the top layer as `layer`; file systems are frozen for that moment when the machine runs with an agent."""
        ...

    def open_changes(self, machine: Machine, layer: str, *, since: str | None) -> OpenDisk:
        """Opens the disk as of sealed `layer`.

        Stretches unchanged since layer `since` (None: since the base image) are PARENT.
        """
        ...

    def changed_pieces(self, machine: Machine, *, since: str | None, piece: int) -> int:
        """Returns how many pieces of `piece` bytes an export would read now, at most.

        Those are counted in which something changed since layer `since` (None: since the base image).
        """
        ...

    def ensure_work_disk(self, spec: MachineSpec, disk: str, *, gib: int) -> None:
        """Makes the work disk with this id where it is missing, and gives it to the machine, which keeps its own disk.

        A new one for Linux has an empty file system (`domain.classes.work_disks`), for Windows none. A machine that runs
        already stays as it is.
        """
        ...

    def remove_work_disk(self, region: str, disk: str) -> None:
        """Deletes a work disk with all that is on it; a missing one is no error. No machine may have it any more."""
        ...

    def work_disks(self) -> dict[tuple[str, str], int]:
        """Returns region and id of every work disk on the host, with the bytes that it occupies, whatever the database says."""
        ...

    def has_layer(self, machine: Machine, layer: str) -> bool:
        """Tells whether the machine's disk has that sealed layer, under that name."""
        ...

    def shorten_chain(self, machine: Machine, *, longest: int, needed: Callable[[], Collection[str]], rate: int) -> int:
        """Joins sealed layers where the machine's own files are more than `longest`; returns how many files that took away.

        The machine may run, start and be sealed meanwhile: that ends the joining, and the next call goes on. `needed` is
        asked, after the layers were looked at, for those that are still opened by name: they stay, and all others are
        not found any more. At most `rate` bytes are copied in a second; 0: any number.
        """
        ...

    def disk_bytes(self, machine: Machine) -> int:
        """Returns the bytes that the machine's own files occupy on the host, the shared base excluded."""
        ...

    def set_aside(self, machine: Machine, kept: Machine) -> None:
        """Powers the machine off and keeps its files under the name `kept`; the machine is then absent.

        Its work disk stays where it is. A missing machine is no error.
        """
        ...

    def bring_back(self, spec: MachineSpec, kept: Machine) -> None:
        """Makes the machine, which is absent, out of the files that were kept under that name; it is off.

        Raises MachineFailed where there are no such files.
        """
        ...

    def remove_machine(self, machine: Machine) -> None:
        """Powers the machine off and deletes its definition and files; a missing machine is no error."""
        ...

    def machines(self) -> list[Machine]:
        """Returns every machine of this installation that exists on the host, whatever the database says."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """How far an image's disk is that machines use while it arrives on their host."""

    present: int  # chunks with data
    total: int  # chunks with data
    problem: str = ""  # why the store did not give a chunk when it was last asked, in English; empty where it does

    @property
    def percent(self) -> int:
        """Whole percent, 99 at most: a whole disk arrives no more."""
        return min(99, 100 * self.present // self.total) if self.total else 0


class ImageCache(Protocol):
    """Raw disks of images on the host, per region, that machines' disks are based on."""

    def has_base(self, region: str, digest: Digest) -> bool:
        """Tells whether machines can be made from the image in the region: its disk is in the cache, or arriving there."""
        ...

    def find_arrival(self, region: str, digest: Digest) -> Arrival | None:
        """Returns how far an image's disk is that machines use while it arrives; None where it is whole, or not here."""
        ...

    def arrivals(self) -> Mapping[tuple[str, Digest], Arrival]:
        """Returns every image, by region and digest, of which `find_arrival` returns something."""
        ...

    def keep_serving(self) -> None:
        """Makes sure that disks which arrive can be read, whatever was killed meanwhile. Raises MachineFailed."""
        ...

    def ensure_base(
        self, region: str, digest: Digest, store: ImageStore, *, progress: Progress, own: ImageStore | None = None
    ) -> None:
        """Makes sure that machines can be made from the image's disk: it is in the cache, or arrives there from the store.

        `store` holds the image; `own` is the region's own store, where it may arrive meanwhile. Every byte is verified before a
        machine reads it. Raises OutOfSpace before it starts when there is not enough space.
        """
        ...

    def remove_base(self, region: str, digest: Digest) -> None:
        """Deletes the image's disk from the cache. The caller has made sure that no machine is based on it."""
        ...

    def bases(self, region: str) -> list[Digest]:
        """Returns the digests of the images in the region's cache."""
        ...


class Host(Protocol):
    """The computer that machines run on."""

    def checks(self) -> list[HostCheck]:
        """Checks what the host can do, such as run machines, and returns one result for each check."""
        ...

"""Virtual machines of a region, and the image cache that their disks stand on."""

import socket
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from galeria.ports.disks import OpenDisk
from galeria.ports.images import Digest, ImageStore
from galeria.ports.progress import Progress


class Power(Enum):
    ABSENT = "absent"
    STOPPED = "stopped"
    RUNNING = "running"


class Acceleration(Enum):
    KVM = "kvm"
    TCG = "tcg"  # software emulation


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """Names one machine. `id` is unique in the installation and safe in file names (a UUID's hex digits)."""

    id: str
    region: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineSpec:
    machine: Machine
    base: Digest  # the image its disk stands on; must be in the region's cache
    generation: str  # "V1": BIOS, "V2": UEFI
    vcpus: int
    memory_mib: int
    ssh_port: int  # on the host's loopback address, forwarded to the guest's port 22 once opened
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstBoot:
    """What a generalized image is told at its first boot (cloud-init, NoCloud)."""

    instance_id: str
    host_name: str
    user_name: str
    password_hash: str  # SHA-512 crypt, never the password
    ssh_keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineCredentials:
    """What is set in a machine that is already somebody's, through its agent."""

    user_name: str
    password_hash: str  # SHA-512 crypt
    retire: tuple[str, ...] = ()  # accounts whose passwords and keys must stop working; their files stay


@dataclass(frozen=True, kw_only=True, slots=True)
class HostCheck:
    """One line of what this host can do."""

    name: str
    ok: bool
    required: bool
    found: str
    cure: str = ""  # the command or step that mends it


class VmEngine(Protocol):
    """Makes and runs machines. Every verb may be repeated; what is already so is left so.

    Layers: a machine's disk is a chain of files. `seal_disk` closes the writable top under a name and puts a new top on it;
    a sealed layer never changes again and can be read while the machine runs.
    Raises MachineFailed, OutOfSpace, ToolFailed; NotFound where a machine must exist and does not.
    """

    def acceleration(self) -> Acceleration:
        """KVM only if a guest kernel really got going under it on this host; found out once per process."""
        ...

    def ensure_machine(self, spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        """Disk and definition exist; the machine is not started. Costs milliseconds and kilobytes for any image size."""
        ...

    def start(self, machine: Machine, *, ssh: bool) -> None:
        """The machine runs. With `ssh` its SSH port is reachable at once, else only after `open_ssh`."""
        ...

    def wait_ready(self, machine: Machine, *, seconds: float) -> None:
        """Returns when the guest's agent answers. Raises MachineFailed with the end of the console's text, else."""
        ...

    def open_ssh(self, machine: Machine) -> None:
        """Forward the SSH port of a running machine."""
        ...

    def open_console(self, machine: Machine) -> socket.socket:
        """A connected stream that speaks RFB (RFC 6143) as its server: what a running machine has on its screen.

        No password is asked for; several may look at once. The stream ends when the machine goes off; the caller closes it.
        Raises NotFound, and Conflict where the machine is off, or runs since a time when it had no screen.
        """
        ...

    def stop(self, machine: Machine, *, seconds: float) -> None:
        """Shut down cleanly (agent, then power button); after `seconds` pull the plug. Returns when it is off."""
        ...

    def power(self, machine: Machine) -> Power: ...

    def running(self) -> set[str]:
        """Ids of the installation's machines that run now: one question to the host for all of them."""
        ...

    def has_agent(self, machine: Machine) -> bool:
        """Whether a running machine's agent answers now."""
        ...

    def set_credentials(self, machine: Machine, credentials: MachineCredentials) -> None:
        """Make the account if needed, give it the password and administrator's rights, retire the others. Needs the agent."""
        ...

    def renew_identity(self, machine: Machine, *, host_name: str) -> None:
        """New host name, machine-id and SSH host keys. Needs the agent."""
        ...

    def seal_disk(self, machine: Machine, layer: str) -> None:
        """Close the top layer as `layer` (file systems frozen for the moment, when running with an agent)."""
        ...

    def open_changes(self, machine: Machine, layer: str, *, since: str | None) -> OpenDisk:
        """The disk as of sealed `layer`; what is unchanged since layer `since` (None: since the base image) is PARENT."""
        ...

    def changed_bytes(self, machine: Machine, *, since: str | None) -> int:
        """Upper bound, in bytes, of what an export would read now."""
        ...

    def disk_bytes(self, machine: Machine) -> int:
        """Bytes that the machine's own files occupy on the host, the shared base excluded."""
        ...

    def remove_machine(self, machine: Machine) -> None:
        """Power off, undefine, delete its files. Nothing left is not an error."""
        ...

    def machines(self) -> list[Machine]:
        """Every machine of this installation that the host knows, whatever the database says."""
        ...


class ImageCache(Protocol):
    """Raw disks on the host, ready to stand under machines, per region."""

    def has_base(self, region: str, digest: Digest) -> bool: ...

    def ensure_base(self, region: str, digest: Digest, store: ImageStore, *, progress: Progress) -> None:
        """Restored from the store and verified. Raises OutOfSpace before it starts when there is not room enough."""
        ...

    def remove_base(self, region: str, digest: Digest) -> None:
        """The caller knows that no machine stands on it."""
        ...

    def bases(self, region: str) -> list[Digest]: ...


class Host(Protocol):
    """What this computer can do."""

    def checks(self) -> list[HostCheck]: ...

"""The paths of machines and of the image cache under the data folder. Names from outside cannot lead out of it."""

import os
import pwd
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from galeria.adapters.engine.confinement.accounts import Account
from galeria.domain.errors import Invalid, MachineFailed
from galeria.domain.messages import Message
from galeria.ports.images import Digest
from galeria.ports.machines import Machine

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
DIGEST = re.compile(r"[0-9a-f]{64}")

# sun_path of unix(7) holds 108 bytes, the closing zero included.
SOCKET_PATH_LIMIT = 107


def safe(name: str) -> str:
    """Return `name` where it can be one part of a path. Raises Invalid."""
    if not SAFE_NAME.fullmatch(name):
        raise Invalid(
            Message("'{name}' cannot be used as a file name.", name=name),
            hint=Message("Use letters, digits, '.', '_' and '-', at most 120."),
        )
    return name


def find_qemu_user() -> str | None:
    """Return the account that libvirt runs machines under (the name of Debian and Ubuntu, or of Fedora), None without one."""
    known = {account.pw_name for account in pwd.getpwall()}
    return next((name for name in ("libvirt-qemu", "qemu") if name in known), None)


def give_to_qemu(folder: Path, account: Account | None) -> None:
    """Give the folder to the machine's account, or to QEMU's user, which creates a socket in it.

    Only root can enter it besides.
    """
    user = account.number if account else find_qemu_user()
    if user is not None and os.geteuid() == 0:
        shutil.chown(folder, user)
        folder.chmod(0o700)
    else:
        folder.chmod(0o1777)


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths under `data_dir`. Only the methods named `ensure_…` create anything."""

    data_dir: Path

    def regions(self) -> Path:
        return self.data_dir / "regions"

    def cache(self, region: str) -> Path:
        return self.regions() / safe(region) / "cache"

    def base(self, region: str, digest: Digest) -> Path:
        if not DIGEST.fullmatch(digest):
            raise Invalid(
                Message("'{digest}' does not name an image.", digest=digest),
                hint=Message("A digest has 64 hexadecimal digits."),
            )
        return self.cache(region) / f"{digest}.raw"

    def machines(self, region: str) -> Path:
        return self.regions() / safe(region) / "machines"

    def machine(self, machine: Machine) -> Path:
        return self.machines(machine.region) / safe(machine.id)

    def first_disk(self, machine: Machine) -> Path:
        return self.machine(machine) / "first.qcow2"

    def disk_after(self, machine: Machine, layer: str) -> Path:
        """Return the file over `layer`: layer L is the backing file of after-L.qcow2, so that no list is needed."""
        return self.machine(machine) / f"after-{safe(layer)}.qcow2"

    def work_disk(self, region: str, disk: str) -> Path:
        """Return the file of a work disk: beside the machines, since it stays when its machine is made anew."""
        return self.regions() / safe(region) / "work" / f"{safe(disk)}.qcow2"

    def count_of_layers(self, machine: Machine) -> int:
        """Return how many layers were sealed, of those that have not been joined with others since."""
        return sum(1 for _ in self.machine(machine).glob("after-*.qcow2"))

    def joined_files(self, machine: Machine) -> Path:
        """Return the file that names those that are being joined with others; it seldom exists."""
        return self.machine(machine) / "joined"

    def seed(self, machine: Machine) -> Path:
        return self.machine(machine) / "seed.iso"

    def booted(self, machine: Machine) -> Path:
        """Return the file that exists once the machine could be used, which means that its first boot is over."""
        return self.machine(machine) / "booted"

    def pending_changes(self, machine: Machine) -> Path:
        """Return the file that holds what is still to be written to the machine's disk; it seldom exists."""
        return self.machine(machine) / "changes"

    def serial(self, machine: Machine) -> Path:
        return self.machine(machine) / "serial.log"

    def nvram(self, machine: Machine) -> Path:
        return self.machine(machine) / "firmware.fd"

    def sockets(self) -> Path:
        """Return a short path for sockets: the kernel limits a UNIX socket's path to 107 bytes (unix(7))."""
        return self.data_dir / "vnc"

    def vnc(self, machine: Machine) -> Path:
        """Return the socket of the machine's screen, in a folder that its account alone may enter."""
        return self.sockets() / safe(machine.id) / "s"

    def network(self) -> Path:
        """Return the folder of the machines' network, for the service's own account only."""
        return self.data_dir / "private" / "network"

    def probe(self) -> Path:
        return self.data_dir / "acceleration.json"

    def ensure_machine_folder(self, machine: Machine) -> Path:
        """Create the machine's folder so that QEMU's user can enter it. Raises MachineFailed where that is impossible."""
        folder = self.machine(machine)
        self._ensure(folder)
        self.require_reachable()
        return folder

    def ensure_socket_folder(self, machine: Machine, account: Account | None) -> None:
        """Create the folder of the machine's screen; it belongs to its account, or to QEMU's user without one."""
        self._ensure(self.sockets())
        if os.geteuid() == 0:  # an earlier version gave it to QEMU's user, with the sockets themselves in it
            os.chown(self.sockets(), 0, 0)
            self.sockets().chmod(0o711)
        folder = self.vnc(machine).parent
        if folder.exists() and not folder.is_dir():
            folder.unlink()
        self._ensure(folder)
        give_to_qemu(folder, account)

    def remove_machine(self, machine: Machine) -> None:
        """Remove everything of the machine that is here. May be repeated. Raises MachineFailed."""
        remove_folder(self.machine(machine))
        screen = self.vnc(machine).parent
        if screen.exists() and not screen.is_dir():  # the socket of an earlier version
            screen.unlink()
        remove_folder(screen)

    def ensure_work_folder(self, region: str) -> None:
        self._ensure(self.regions() / safe(region) / "work")

    def ensure_cache_folder(self, region: str) -> Path:
        folder = self.cache(region)
        self._ensure(folder)
        return folder

    def _ensure(self, folder: Path) -> None:
        """Create the folder and those above it, up to the data folder: everybody may pass, only the owner may list."""
        if folder.is_dir():
            return
        if folder != self.data_dir:
            self._ensure(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)

    def find_closed_folder(self) -> Path | None:
        """Return the first folder above the data folder that other users, such as QEMU's, cannot pass; None without one."""
        way = [self.data_dir, *self.data_dir.parents]
        return next((step for step in reversed(way) if step.exists() and not step.stat().st_mode & 0o001), None)

    def require_reachable(self) -> None:
        """Raise MachineFailed where QEMU's user cannot reach the data folder, or a socket's path would be too long."""
        closed = self.find_closed_folder()
        if closed is not None:
            raise MachineFailed(
                Message("QEMU's own user cannot pass through {closed}.", closed=str(closed)),
                hint=Message("Run: chmod o+x {closed}", closed=str(closed)),
            )
        if len(str(self.sockets())) + 1 + 32 + 2 > SOCKET_PATH_LIMIT:
            raise MachineFailed(
                Message(
                    "The path of the data folder {data_dir} is too long for console sockets.",
                    data_dir=str(self.data_dir),
                ),
                hint=Message("Choose a data folder whose path has at most 68 characters."),
            )


def remove_folder(folder: Path) -> None:
    """Delete a folder with all that is in it; a missing one is no error. Raise MachineFailed where that is impossible."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise MachineFailed(
            Message("The machine's files could not be deleted: {reason}.", reason=str(error.strerror)),
            hint=Message("Delete {folder} by hand, then retry.", folder=str(folder)),
        ) from error

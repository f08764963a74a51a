"""A connection to libvirt that is there when asked for: its daemons are started where no systemd would do it."""

import grp
import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt

from galeria.domain.errors import GaleriaError, MachineFailed, NotFound, OutOfSpace
from galeria.domain.messages import Message
from galeria.programs import run

log = logging.getLogger(__name__)

LOCAL = "qemu:///system"
START_SECONDS = 20.0


@contextmanager
def translated(doing: Message) -> Iterator[None]:
    """libvirt's errors become sentences; `doing` completes "libvirt could not …"."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise sentence(doing, error) from error


def sentence(doing: Message, error: libvirt.libvirtError) -> GaleriaError:
    text = str(error).strip()
    if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
        return NotFound(
            Message("The machine does not exist on this host."),
            hint=Message("Reload the page; the machine may be deleted."),
        )
    if "No space left on device" in text:
        return OutOfSpace(
            Message("The disk is full: libvirt could not {doing}.", doing=doing),
            hint=Message("Free disk space, then try again."),
        )
    return MachineFailed(
        Message("libvirt could not {doing}: {text}.", doing=doing, text=text),
        hint=Message("Run 'galeria doctor' on the host, then try again."),
    )


def is_active(domain: libvirt.virDomain) -> bool:
    """Whether the machine is on, paused included."""
    with translated(Message("ask for the machine's state")):
        return bool(domain.isActive())


def has_systemd() -> bool:
    """The test of sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


def ensure_libvirt(uri: str = LOCAL) -> libvirt.virConnect:
    """Connect; where the local daemon does not run and no systemd would start it, start it first.

    Raises MachineFailed with the step that mends it.
    """
    try:
        return libvirt.open(uri)
    except libvirt.libvirtError as error:
        if uri != LOCAL or has_systemd():
            hint = (
                Message("Run: systemctl start libvirtd")
                if uri == LOCAL
                else Message("Check that {uri} can be reached.", uri=uri)
            )
            raise MachineFailed(Message("libvirt does not answer: {error}.", error=error), hint=hint) from error
        log.info("libvirt does not answer and there is no systemd: starting virtlogd and libvirtd")
    _start_daemons()
    return _wait_connection(uri)


def _start_daemons() -> None:
    open_kvm()
    for daemon in ("virtlogd", "libvirtd"):
        if not _is_running(daemon):
            run([daemon, "-d"], timeout=30)


def open_kvm(device: Path = Path("/dev/kvm")) -> None:
    """Give the device to the group `kvm`, as udev does where it runs (its rule: group kvm, mode 0660).

    Where root alone can open it, libvirt finds KVM when it asks QEMU and misses it when it looks as QEMU's user: it then
    asks QEMU anew before every start, which took 80 s and more (measured).
    """
    try:
        facts = device.stat()
        if stat.S_IMODE(facts.st_mode) & 0o077 == 0:
            os.chown(device, -1, grp.getgrnam("kvm").gr_gid)
            device.chmod(0o660)
    except (OSError, KeyError):  # no device, no such group, or not ours to give
        return


def _is_running(daemon: str) -> bool:
    """Whether the daemon's pid file names a living process of that name; starting a second one would fail."""
    try:
        pid = int(Path(f"/run/{daemon}.pid").read_text(encoding="ascii"))
        return Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == daemon
    except (OSError, ValueError):
        return False


def _wait_connection(uri: str) -> libvirt.virConnect:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return libvirt.open(uri)
        except libvirt.libvirtError as error:
            if time.monotonic() > deadline:
                raise MachineFailed(
                    Message("libvirt was started but does not answer: {error}.", error=error),
                    hint=Message("Run 'libvirtd' by hand and read it."),
                ) from error
        time.sleep(0.1)


def _unprinted(_context: object, _error: object) -> None:
    """libvirt prints every error on standard error unless told otherwise; the exceptions carry the same text."""


class Hypervisor:
    """One libvirt connection, shared by all threads and renewed when it died."""

    def __init__(self, uri: str = LOCAL) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        self._connection: libvirt.virConnect | None = None
        libvirt.registerErrorHandler(_unprinted, None)

    def connection(self) -> libvirt.virConnect:
        """Raises MachineFailed where libvirt cannot be reached."""
        with self._lock:
            if self._connection is None or not self._connection.isAlive():
                self._connection = ensure_libvirt(self._uri)
            return self._connection

    def find_domain(self, name: str) -> libvirt.virDomain | None:
        connection = self.connection()
        try:
            return connection.lookupByName(name)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise sentence(Message("look for a machine"), error) from error

    def get_domain(self, name: str) -> libvirt.virDomain:
        """Raises NotFound."""
        domain = self.find_domain(name)
        if domain is None:
            raise NotFound(
                Message("The machine does not exist on this host."),
                hint=Message("Reload the page; the machine may be deleted."),
            )
        return domain

    def domains(self, *, running: bool = False) -> list[libvirt.virDomain]:
        """All of this host, or only those that run."""
        with translated(Message("list the machines")):
            wanted = libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE if running else 0
            return list(self.connection().listAllDomains(wanted))

    def define(self, xml: str) -> libvirt.virDomain:
        with translated(Message("define a machine")):
            return self.connection().defineXML(xml)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

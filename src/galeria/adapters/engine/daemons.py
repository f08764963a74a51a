"""Connections to libvirt. Its daemons are started here where no systemd does it."""

import grp
import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import libvirt

from galeria.domain.errors import GaleriaError, MachineFailed, NotFound, OutOfSpace
from galeria.domain.messages import Message
from galeria.programs import run

log = logging.getLogger(__name__)

LOCAL = "qemu:///system"
START_SECONDS = 20.0


@contextmanager
def translated_errors(doing: Message) -> Iterator[None]:
    """Translate errors of libvirt into MachineFailed; `doing` completes the sentence "libvirt could not …"."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise libvirt_error(doing, error) from error


def libvirt_error(doing: Message, error: libvirt.libvirtError) -> GaleriaError:
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
    """Return whether the machine is on, paused machines included."""
    with translated_errors(Message("ask for the machine's state")):
        return bool(domain.isActive())


def is_held(domain: libvirt.virDomain) -> bool:
    """Return whether the machine was paused; libvirt calls one paused that it is just starting, too.

    One that was removed meanwhile is not.
    """
    with suppress(NotFound), translated_errors(Message("ask for the machine's state")):
        state, reason = domain.state()
        return bool(state == libvirt.VIR_DOMAIN_PAUSED and reason != libvirt.VIR_DOMAIN_PAUSED_STARTING_UP)
    return False


def change_pause(domain: libvirt.virDomain, *, paused: bool) -> None:
    """Hold the machine's processors, or let them go on. Leaves alone what is so already, and a machine that is off."""
    with translated_errors(Message("pause the machine") if paused else Message("let the machine go on")):
        if paused and domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING:
            domain.suspend()
        elif not paused and is_held(domain):
            domain.resume()


def has_systemd() -> bool:
    """Return whether systemd runs on this host, by the test of sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


def ensure_libvirt(uri: str = LOCAL) -> libvirt.virConnect:
    """Connect to libvirt, and start its local daemon first where it does not run and no systemd would start it.

    Raises MachineFailed with the command that repairs it.
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
    share_kvm()
    for daemon in ("virtlogd", "libvirtd"):
        if not _is_running(daemon):
            run([daemon, "-d"], timeout=30)


def share_kvm(device: Path = Path("/dev/kvm")) -> None:
    """Give the device to the group `kvm` with mode 0660, as udev's rule does where udev runs.

    Where only root can open it, libvirt finds KVM when it asks QEMU and misses it as QEMU's user: it then asks QEMU again
    before every start, which took 80 s and more (measured).
    """
    try:
        facts = device.stat()
        if stat.S_IMODE(facts.st_mode) & 0o077 == 0:
            os.chown(device, -1, grp.getgrnam("kvm").gr_gid)
            device.chmod(0o660)
    except (OSError, KeyError):  # no device, no such group, or no permission
        return


def _is_running(daemon: str) -> bool:
    """Return whether the daemon's pid file names a living process of that name; a second daemon would fail to start."""
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


def _ignore_error(_context: object, _error: object) -> None:
    """Discard an error: libvirt prints each one on standard error by default, and the exceptions carry the same text."""


class Hypervisor:
    """One libvirt connection, shared by all threads and renewed when it is lost."""

    def __init__(self, uri: str = LOCAL) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        self._connection: libvirt.virConnect | None = None
        libvirt.registerErrorHandler(_ignore_error, None)

    def connection(self) -> libvirt.virConnect:
        """Return the open connection. Raises MachineFailed where libvirt cannot be reached."""
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
            raise libvirt_error(Message("look for a machine"), error) from error

    def get_domain(self, name: str) -> libvirt.virDomain:
        """Return the machine of that name. Raises NotFound."""
        domain = self.find_domain(name)
        if domain is None:
            raise NotFound(
                Message("The machine does not exist on this host."),
                hint=Message("Reload the page; the machine may be deleted."),
            )
        return domain

    def domains(self, wanted: int = 0) -> list[libvirt.virDomain]:
        """Return all machines of this host, of any program, or only those that the flags of libvirt's list select."""
        with translated_errors(Message("list the machines")):
            return list(self.connection().listAllDomains(wanted))

    def define(self, xml: str) -> libvirt.virDomain:
        with translated_errors(Message("define a machine")):
            return self.connection().defineXML(xml)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

"""Whether a machine can be used: its SSH or remote-desktop server greets, or its agent answers; and what is in the way."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import libvirt

from galeria.adapters.engine import agent, console
from galeria.adapters.engine.daemons import is_active
from galeria.adapters.engine.readiness.failures import start_failure
from galeria.adapters.engine.readiness.greetings import PortAnswer, ask_server, patient_client
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.boot_diagnosis import WAITS_FOR_LOGIN, Diagnosis, find_diagnosis
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.messages import Message, join
from galeria.domain.reach.relay import service_address
from galeria.ports.machines import NO_ADDRESS

POLL_SECONDS = 0.2
LOOK_SECONDS = 2.0  # between two looks at the console
QUIET_SECONDS = 60.0  # without a sign of work, after which a machine is no longer taken to be starting
LONGEST = 3  # times the allowed seconds, however busy the machine is


@dataclass(frozen=True, kw_only=True, slots=True)
class StartedMachine:
    """A machine that was switched on, and where it is heard."""

    domain: libvirt.virDomain
    address: str  # in the machines' network; empty where it has a network of its own
    port: int  # on the host's loopback address, which is forwarded to the guest's in the latter case
    serial: Path


def wait_ready(machine: StartedMachine, way: WayIn, seconds: float) -> None:
    """Wait until the machine answers on the way in.

    A console that goes on and a disk that is read say that it is still starting, and prolong the wait. A console that
    ends with a known failure ends it. Raises MachineFailed.
    """
    begin = time.monotonic()
    watch = _StartWatch(machine, way, begin)
    with _asking(machine, way) as ask:
        while ask() is not PortAnswer.GREETS:
            _look_on(machine, way, watch, begin, seconds)
            time.sleep(POLL_SECONDS)


def _look_on(machine: StartedMachine, way: WayIn, watch: "_StartWatch", begin: float, seconds: float) -> None:
    """Raise MachineFailed where nothing is to be waited for any more."""
    if not is_active(machine.domain):
        raise start_failure(Message("The machine went off while it was starting."), _diagnose(machine))
    now = time.monotonic()
    watch.look(now)
    is_late = now > begin + seconds and now > watch.changed_at + min(QUIET_SECONDS, seconds)
    if watch.is_over or is_late or now > begin + LONGEST * seconds:
        answer = _ask(machine, way)  # once more, for what is to be said
        if answer is not PortAnswer.GREETS:
            raise _not_ready(machine, way, answer, now - begin)


def is_reachable(machine: StartedMachine, way: WayIn) -> bool:
    """Return whether the machine answers on the way in now."""
    return is_active(machine.domain) and _ask(machine, way) is PortAnswer.GREETS


def _ask(machine: StartedMachine, way: WayIn) -> PortAnswer:
    if way.service is None:
        return _ask_agent(machine)
    host, port = service_address(machine.address, machine.port, way.service)
    return ask_server(port, way, host=host)


def _ask_agent(machine: StartedMachine) -> PortAnswer:
    return PortAnswer.GREETS if agent.answers(machine.domain) else PortAnswer.SILENT


@contextmanager
def _asking(machine: StartedMachine, way: WayIn) -> Iterator[Callable[[], PortAnswer]]:
    """Yield what asks the machine again and again until the context ends."""
    if way.service is None:
        yield lambda: _ask_agent(machine)
        return
    host, port = service_address(machine.address, machine.port, way.service)
    with patient_client(port, way, host=host) as client:
        yield lambda: client.listen(POLL_SECONDS)


class _StartWatch:
    """Looks now and then whether the start goes on, at the console and the disk, and whether it has come to a known end."""

    def __init__(self, machine: StartedMachine, way: WayIn, begin: float) -> None:
        self._machine, self._way, self._looked_at = machine, way, begin
        self._seen: tuple[tuple[str, str], int] = (("", ""), 0)
        self.changed_at = begin
        self.is_over = False

    def look(self, now: float) -> None:
        if now < self._looked_at + LOOK_SECONDS:
            return
        domain = self._machine.domain
        written = console.look(self._machine.serial, domain)
        seen = written, _bytes_read(domain)
        if seen == self._seen:
            found = _find_diagnosis(written)
            self.is_over = found is not None and (found.is_final or self._has_no_agent(found, now))
        else:
            self.changed_at, self.is_over = now, False
        self._looked_at, self._seen = now, seen

    def _has_no_agent(self, found: Diagnosis, now: float) -> bool:
        """Agents start before a login is offered, and what comes later than the login is waited for some time."""
        is_quiet = now > self.changed_at + QUIET_SECONDS
        return self._way is WayIn.AGENT and found is WAITS_FOR_LOGIN and is_quiet


def _bytes_read(domain: libvirt.virDomain) -> int:
    """Return how much the machine has read from its disks since it was switched on: a kernel may start without a word."""
    try:
        return int(domain.blockStats("")[1])  # of all disks together
    except libvirt.libvirtError:  # it went off meanwhile
        return 0


def _find_diagnosis(seen: tuple[str, ...]) -> Diagnosis | None:
    return next(filter(None, map(find_diagnosis, seen)), None)


def _diagnose(machine: StartedMachine) -> Diagnosis | None:
    return _find_diagnosis(console.look(machine.serial, machine.domain))


def _not_ready(machine: StartedMachine, way: WayIn, answer: PortAnswer, seconds: float) -> MachineFailed:
    """Return the error: what the console says where that is the whole reason, else what is missing, and why."""
    found = _diagnose(machine)
    if found is not None and found.is_final:
        return start_failure(Message("The machine did not come up."), found)
    if way is WayIn.AGENT:
        late = Message("The machine's agent did not answer within {seconds:.0f} seconds.", seconds=seconds)
        cure = Message("Install qemu-guest-agent where the image comes from, and import it again.")
        return start_failure(late, found, hint=cure)
    late = Message("No {way} server of the machine greeted within {seconds:.0f} seconds.", way=way, seconds=seconds)
    address = _find_address(machine)
    if address == "":
        reason = Message("Its agent answers and says that it has no address in the network.")
        cure = Message("Its network settings must ask for an address by DHCP, whatever the name of the network card.")
        return start_failure(join(late, reason), found, hint=cure, code=NO_ADDRESS)
    if answer is PortAnswer.REFUSES:
        reason = Message("The machine is in the network, but nothing listens on its port {port}.", port=way.port or 0)
        return start_failure(join(late, reason), found, hint=_install(way))
    if address is None:
        reason = Message("Nothing answers at its address: it has none, or a firewall in it drops everything.")
        cure = Message(
            "Open its screen. Where it has not booted: is the image of this generation (V1: BIOS, V2: UEFI)? Where it has: "
            "sign in and look whether it has an address (ip address)."
        )
        return start_failure(join(late, reason), found, hint=cure, code=NO_ADDRESS)
    reason = Message(
        "Its agent answers and says that its address is {address}; a firewall in it may drop what comes in.",
        address=address,
    )
    return start_failure(join(late, reason), found, hint=_install(way))


def _install(way: WayIn) -> Message:
    return Message("Look whether the {way} server is installed in it and allowed to start.", way=way)


def _find_address(machine: StartedMachine) -> str | None:
    """Return the machine's addresses as its agent says them, "" where it has none; None where no agent answers."""
    try:
        return ", ".join(agent.addresses(machine.domain))
    except MachineFailed:
        return None

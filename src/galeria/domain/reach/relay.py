"""What the relay is told and what it tells: which public port leads to which machine, who is connected, who was."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from galeria.domain.reach.server_settings import EVERY_ADDRESS, RelayLimits

SHORT_SECONDS = 10.0
"""A session of SSH that ends sooner, after as much was sent as a password needs, looks like a wrong one from outside."""

LEAST_ATTEMPT = 256
"""Bytes that a client sends at least until it has tried a password. Who only waits for the greeting sends less."""


class Service(StrEnum):
    """What of a machine is reached: a shell, or a remote desktop."""

    SSH = "SSH"
    RDP = "RDP"


GUEST_PORTS = {Service.SSH: 22, Service.RDP: 3389}
_LOOPBACKS = {Service.SSH: "127.0.0.1", Service.RDP: "127.0.0.2"}


def inner_address(ssh_port: int, service: Service) -> tuple[str, int]:
    """Return the address at which this host reaches a service of the machine that has the loopback port `ssh_port`.

    A machine has one loopback port; its services differ by the address, of which the loopback has many. It counts for
    machines with a network of their own; see `service_address`.
    """
    return _LOOPBACKS[service], ssh_port


def service_address(address: str, ssh_port: int, service: Service) -> tuple[str, int]:
    """Return where this host reaches a service of a machine: at its address in the machines' network, if it has one."""
    return (address, GUEST_PORTS[service]) if address else inner_address(ssh_port, service)


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayRoute:
    """One public port, and the machine's service behind it."""

    port: int
    host: str
    target: int  # the port on `host`
    service: Service
    machine: str  # its id
    scope: str  # the machine's resource id, for the activity log


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayTable:
    """Everything that the relay does. `recorded` are the ids of uses that it need not keep any more."""

    listen: str = EVERY_ADDRESS
    limits: RelayLimits = field(default_factory=RelayLimits)
    routes: tuple[RelayRoute, ...] = ()
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayConnection:
    """Somebody who is connected now."""

    machine: str
    scope: str
    service: Service
    address: str
    since: datetime
    sent: int = 0  # bytes to the machine, as of a minute ago at most


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayUse:
    """What one address did with one service of a machine, until nothing of it was open for a minute.

    Who that was TCP does not say. Refused are connections beyond the limits.
    """

    id: str
    machine: str
    scope: str
    service: Service
    address: str
    began: datetime
    ended: datetime
    connections: int
    short: int  # of them; see SHORT_SECONDS and LEAST_ATTEMPT
    refused: int
    received: int  # bytes from the machine
    sent: int  # bytes to the machine


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayState:
    """What the relay last said. `unusable` are public ports that it could not listen on, with the reason."""

    process: int = 0
    connections: tuple[RelayConnection, ...] = ()
    uses: tuple[RelayUse, ...] = ()
    unusable: tuple[tuple[int, str], ...] = ()
    lost: int = 0  # uses that it could not keep until they were recorded

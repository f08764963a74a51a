"""The names and addresses of one installation's network. All follow from the installation, so that two never meet."""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

SPACE = IPv4Network("100.64.0.0/10")
"""Addresses for use inside of providers (RFC 6598): neither the internet nor a campus has them."""

PREFIX = 16
LAST_PORT = 2**16 - 2  # the last address of a network of that size is for all of it


@dataclass(frozen=True, slots=True)
class Names:
    """What the network's parts are called. An interface's name has 15 characters at most."""

    installation: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.installation.encode()).hexdigest()

    @property
    def network(self) -> str:
        return f"galeria-{self.installation}"

    @property
    def bridge(self) -> str:
        return f"gb{self.digest[:8]}"

    @property
    def taps(self) -> str:
        """How the names of all machines' interfaces begin."""
        return f"g{self.digest[:6]}"

    def tap(self, machine: str) -> str:
        return self.taps + hashlib.sha256(machine.encode()).hexdigest()[:8]

    @property
    def table(self) -> str:
        return f"galeria_{self.digest[:8]}"

    @property
    def held_table(self) -> str:
        """The table that belongs to the guard's process, so that nobody else can empty it."""
        return f"{self.table}_held"


def candidates(names: Names) -> list[IPv4Network]:
    """Return the networks that an installation may take, in an order of its own."""
    every = list(SPACE.subnets(new_prefix=PREFIX))
    first = int(names.digest[:8], 16) % len(every)
    return every[first:] + every[:first]


def gateway(network: IPv4Network) -> IPv4Address:
    return network.network_address + 1


def address_of(network: IPv4Network, ssh_port: int) -> IPv4Address:
    """Return the address of the machine with this port on the loopback: one of its own, as the port is.

    Ports 0, 1 and 65535 would be the network, the gateway and everybody; none of them is given to a machine.
    """
    if not 1 < ssh_port <= LAST_PORT:
        raise ValueError(f"no machine has the port {ssh_port}")
    return network.network_address + ssh_port

"""Network namespaces as places of their own, each with one cable to a common bridge, to which this computer is joined, too.

Everything vanishes with the namespaces' first processes, however the tests end.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.adapters.engine.network.world import Space, alone, host, new_space

HERE = "198.18.77.1"
"""This computer's address, of those that are for tests of networks (RFC 2544)."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place with an address. `bridge` is where its cable ends."""

    name: str
    address: str
    space: Space
    bridge: Space

    @property
    def inside(self) -> list[str]:
        """The words before a command that runs there."""
        return self.space.inside

    def pull_cable(self) -> None:
        """Both ends see that the line is dead."""
        self.bridge.run("ip", "link", "set", self.name, "down")

    def lose_packets(self) -> None:
        """The line is up, and nothing that is sent arrives. Nobody is told."""
        self.bridge.run("ip", "link", "set", self.name, "nomaster")

    def reconnect(self) -> None:
        """Whatever was done to the line is undone. May be repeated."""
        self.bridge.run("tc", "qdisc", "del", "dev", self.name, "root", check=False)
        _plug(self.bridge, self.name)

    def slow_down(self, mbit: int) -> None:
        """The place receives no more than so many megabits in a second."""
        limit = ["rate", f"{mbit}mbit", "burst", "64kb", "latency", "200ms"]
        self.bridge.run("tc", "qdisc", "add", "dev", self.name, "root", "tbf", *limit)


@contextmanager
def joined(*names: str) -> Iterator[list[Site]]:
    """Places that reach this computer and each other."""
    cable = f"gsite{os.getpid()}"[:15]
    with alone(Path(__file__).parent), ExitStack() as stack:
        bridge = stack.enter_context(new_space())
        bridge.run("ip", "link", "add", "bridge", "type", "bridge")
        bridge.run("ip", "link", "set", "bridge", "up")
        host("ip", "link", "add", cable, "type", "veth", "peer", "name", "here", "netns", str(bridge.process))
        # The kernel takes its time to remove what is in a namespace that ended, and the next one has the same address.
        stack.callback(subprocess.run, ["ip", "link", "del", cable], check=False)
        host("ip", "address", "add", f"{HERE}/24", "dev", cable)
        host("ip", "link", "set", cable, "up")
        _plug(bridge, "here")
        yield [_added(stack.enter_context(new_space()), bridge, name, 2 + n) for n, name in enumerate(names)]


def _added(space: Space, bridge: Space, name: str, number: int) -> Site:
    address = f"{HERE.rpartition('.')[0]}.{number}"
    bridge.run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(space.process))
    space.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
    space.run("ip", "link", "set", "eth0", "up")
    _plug(bridge, name)
    return Site(name=name, address=address, space=space, bridge=bridge)


def _plug(bridge: Space, name: str) -> None:
    bridge.run("ip", "link", "set", name, "master", "bridge")
    bridge.run("ip", "link", "set", name, "up")

"""A network of machines of its own for each test that asks, with its guard, and nothing left of it."""

import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from galeria.adapters.engine.daemons import Hypervisor
from galeria.adapters.engine.network import guest_network
from galeria.adapters.engine.network.guest_network import GuestNetwork
from galeria.adapters.engine.network.plan import Names
from galeria.domain.labs.guest_network import OPEN, NetworkPolicy, NetworkSettings
from tests.adapters.engine.network.world import INTERNET, Space, StandIn, internet, stand_in

PORT = 21000


@dataclass
class Campus:
    """One installation's network, with stand-ins for machines in it."""

    network: GuestNetwork
    names: Names
    undo: ExitStack
    ports: Iterator[int] = field(default_factory=lambda: iter(range(PORT, PORT + 100)))

    def enter(self, policy: NetworkPolicy = OPEN, *, mac: str = "") -> StandIn:
        port = next(self.ports)
        machine = f"machine{port}"
        own = mac or f"52:54:00:00:{port >> 8:02x}:{port & 255:02x}"
        lane = self.network.enter(machine, mac=own, ssh_port=port, policy=policy)
        assert lane is not None
        address = self.network.address(machine)
        gateway = ".".join([*address.split(".")[:2], "0", "1"])
        place = {"bridge": self.names.bridge, "tap": lane.tap, "mac": own, "address": address, "gateway": gateway}
        return self.undo.enter_context(stand_in(**place))

    @contextmanager
    def at_later(self, *, seconds: float) -> Iterator[None]:
        """As if so many seconds had gone by since everybody entered."""
        now = time.time()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(guest_network, "time", SimpleNamespace(time=lambda: now + seconds))
            yield


NewCampus = Callable[[NetworkSettings], Campus]


@pytest.fixture(scope="module")
def outside() -> Iterator[Space]:
    with internet() as space:
        yield space


@pytest.fixture
def new_campus() -> Iterator[NewCampus]:
    folder = Path(tempfile.mkdtemp(prefix="galeria-network-", dir="/var/tmp"))
    hypervisor = Hypervisor()
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        undo.callback(hypervisor.close)

        def make(settings: NetworkSettings) -> Campus:
            installation = f"test{uuid.uuid4().hex[:8]}"
            network = GuestNetwork(
                folder=folder / installation, hypervisor=hypervisor, installation=installation, settings=settings
            )
            undo.callback(network.remove)
            return Campus(network=network, names=Names(installation), undo=undo)

        yield make


@pytest.fixture
def campus(new_campus: NewCampus) -> Campus:
    """One whose name server is the internet's."""
    return new_campus(NetworkSettings(resolvers=(INTERNET,)))


def rules() -> str:
    return subprocess.run(["nft", "list", "ruleset"], check=True, capture_output=True, text=True).stdout

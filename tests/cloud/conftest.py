"""The servers of a cloud, started once for all tests that ask for them."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.cloud.servers.azurite import running_azurite
from tests.cloud.servers.ceph import running_ceph
from tests.cloud.servers.cloud_server import CloudServer
from tests.cloud.servers.swift import running_swift

BUCKET = "images"
SERVERS = {"ceph": running_ceph, "swift": running_swift, "azurite": running_azurite}

GetCloud = Callable[[str], CloudServer]


@pytest.fixture(scope="session", autouse=True)
def ended_in_order() -> Iterator[None]:
    """Tests that are told to end (SIGTERM) take away what they have started first, as after Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GetCloud]:
    """Object stores by name, each with the bucket `images`, started when they are asked for first."""
    running: dict[str, CloudServer] = {}
    with ExitStack() as stack:

        def get(name: str) -> CloudServer:
            if name not in running:
                running[name] = stack.enter_context(SERVERS[name](tmp_path_factory.mktemp(name)))
                running[name].make_bucket(BUCKET)
            return running[name]

        yield get


@pytest.fixture(params=SERVERS)
def cloud(request: pytest.FixtureRequest, clouds: GetCloud) -> CloudServer:
    return clouds(request.param)

"""One sign-in server for each file of tests: a real server, TLS with the installation's own certificates, real tokens."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.identity.keys import Installation, ensure_installation
from galeria.adapters.system import SystemClock
from galeria.interfaces.login.authority import Authority
from tests.identity_context import IdentityContext, first_start
from tests.interfaces.login.login_client import LoginClient, application, serving


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[IdentityContext]:
    path = tmp_path_factory.mktemp("login") / "galeria.db"
    shutil.copyfile(migrated_file, path)
    map_classes()
    engine = make_engine(f"sqlite:///{path}")
    yield first_start(SqlDatabase(engine))
    engine.dispose()


@pytest.fixture(scope="module")
def identity_files(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return ensure_installation(tmp_path_factory.mktemp("identity"), clock=SystemClock())


@pytest.fixture(scope="module")
def login_client(context: IdentityContext, identity_files: Installation) -> Iterator[LoginClient]:
    """One server for all tests: none of them may change the first two accounts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # asyncio does this only for sockets that it made itself; without it every answer waits 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        endpoint = f"https://localhost:{listener.getsockname()[1]}"
        authority = Authority(endpoint=endpoint, tenant_id=identity_files.tenant_id)
        trust = ssl.create_default_context(cafile=str(identity_files.ca))
        with (
            serving(application(context, identity_files, authority), identity_files, listener),
            httpx.Client(base_url=endpoint, verify=trust) as client,
        ):
            yield LoginClient(context=context, identity_files=identity_files, authority=authority, client=client)

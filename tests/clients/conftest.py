"""One server and one set of signed-in clients for all tests here. At the end: how much of the clients was used."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.clients.client_server import AWAY, HOME, ClientServer, living
from tests.clients.clients import Az, Sdk
from tests.clients.coverage import (
    COMPUTE_GROUPS,
    LAB_GROUPS,
    NPM_LAB_GROUPS,
    OLD_LAB_GROUPS,
    OUT_OF_SCOPE,
    Coverage,
)
from tests.clients.requests import definition_properties, finish, from_upload
from tests.clients.work_folder import WorkFolder
from tests.local_installation import disk_bytes

AZ = pytest.StashKey[Coverage]()
NEW = pytest.StashKey[Coverage]()
OLD = pytest.StashKey[Coverage]()
NPM = pytest.StashKey[Coverage]()
CLOUD = "Galeria"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[AZ] = Coverage(title="az sig commands")
    config.stash[NEW] = Coverage(title="SDK operations (new)")
    config.stash[OLD] = Coverage(title="SDK operations (old)")
    config.stash[NPM] = Coverage(title="SDK operations (npm)")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What one of several processes knows is said by the one that started them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["told"] = lines_of(session.config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in lines_of(config):
        terminalreporter.write_line(line)


def lines_of(config: pytest.Config) -> list[str]:
    used = [config.stash[key] for key in (AZ, NEW, OLD, NPM)]
    return [line for each in used if each.known for line in each.lines()]


@pytest.fixture(scope="session")
def client_server() -> Iterator[ClientServer]:
    folder = Path(tempfile.mkdtemp(prefix="galeria-clients-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        # With a worker beside it, as new installations of the package are.
        with living(folder, "--worker-process", "--allow-import-from", "127.0.0.1") as client_server:
            yield client_server
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def rest(client_server: ClientServer) -> Iterator[httpx.Client]:
    with client_server.rest() as client:
        yield client


@pytest.fixture(scope="session")
def az(client_server: ClientServer, request: pytest.FixtureRequest) -> Iterator[Az]:
    """Signed in as the first administrator's service principal, on a cloud that is registered as people do it."""
    environment = client_server.environment("az")
    work_folder = WorkFolder("az", "azure_cli", environment, client_server.folder / "az.log")
    coverage = request.config.stash[AZ]
    commands = work_folder.ask({"below": "sig"})["commands"]
    coverage.know(name for name in commands if not name.startswith(OUT_OF_SCOPE))
    az = Az(work_folder=work_folder, environment=environment, coverage=coverage)
    connect = client_server.connect
    az.program("cloud", "register", "-n", CLOUD, "--endpoint-resource-manager", client_server.endpoint)
    az("cloud", "set", "-n", CLOUD)
    secret = ("-u", connect["client_id"], "-p", connect["client_secret"])
    az("login", "--service-principal", *secret, "--tenant", connect["tenant_id"])
    yield az
    work_folder.close()


@pytest.fixture(scope="session")
def disk() -> bytes:
    """A small raw disk with some data on it."""
    return disk_bytes()


@pytest.fixture(scope="session")
def seed(client_server: ClientServer, rest: httpx.Client, disk: bytes) -> str:
    """The id of an image version, Linux, generalized, V1, in both regions: made from an upload, to be a source of others."""
    group = client_server.id("seeds")
    gallery = client_server.id("seeds", "Microsoft.Compute/galleries/seeds")
    definition, version = f"{gallery}/images/linux", f"{gallery}/images/linux/versions/1.0.0"
    for id in (group, gallery):
        rest.put(id, json={"location": HOME}).raise_for_status()
    rest.put(definition, json={"location": HOME, "properties": definition_properties("linux")}).raise_for_status()
    made = rest.put(version, json=from_upload(client_server.upload(rest, disk), HOME, AWAY)).raise_for_status()
    finish(rest, made)
    return version


@pytest.fixture(scope="session")
def new_sdk(client_server: ClientServer) -> Iterator[WorkFolder]:
    work_folder = WorkFolder(
        "sdk-new", "sdk_and_storage", client_server.environment("sdk-new"), client_server.folder / "sdk-new.log"
    )
    yield work_folder
    work_folder.close()


@pytest.fixture(scope="session")
def old_sdk(client_server: ClientServer) -> Iterator[WorkFolder]:
    work_folder = WorkFolder(
        "sdk-old", "sdk", client_server.environment("sdk-old"), client_server.folder / "sdk-old.log"
    )
    yield work_folder
    work_folder.close()


@pytest.fixture(scope="session")
def compute(client_server: ClientServer, new_sdk: WorkFolder, request: pytest.FixtureRequest) -> Sdk:
    sdk = Sdk(
        work_folder=new_sdk,
        age="new",
        client="compute",
        connect=client_server.connect,
        coverage=request.config.stash[NEW],
    )
    sdk.know(COMPUTE_GROUPS)
    return sdk


@pytest.fixture(scope="session")
def labs(client_server: ClientServer, new_sdk: WorkFolder, request: pytest.FixtureRequest) -> Sdk:
    sdk = Sdk(
        work_folder=new_sdk, age="new", client="labs", connect=client_server.connect, coverage=request.config.stash[NEW]
    )
    sdk.know(LAB_GROUPS)
    return sdk


@pytest.fixture(scope="session")
def old_compute(client_server: ClientServer, old_sdk: WorkFolder, request: pytest.FixtureRequest) -> Sdk:
    sdk = Sdk(
        work_folder=old_sdk,
        age="old",
        client="compute",
        connect=client_server.connect,
        coverage=request.config.stash[OLD],
    )
    sdk.know(COMPUTE_GROUPS)
    return sdk


@pytest.fixture(scope="session")
def old_labs(client_server: ClientServer, old_sdk: WorkFolder, request: pytest.FixtureRequest) -> Sdk:
    sdk = Sdk(
        work_folder=old_sdk, age="old", client="labs", connect=client_server.connect, coverage=request.config.stash[OLD]
    )
    sdk.know(OLD_LAB_GROUPS)
    return sdk


@pytest.fixture(scope="session")
def npm_labs(client_server: ClientServer, request: pytest.FixtureRequest) -> Iterator[Sdk]:
    """Lab Services through the SDK for Node.js, whose models have no `properties` around what they hold."""
    work_folder = WorkFolder("npm", "node_sdk.mjs", client_server.environment("npm"), client_server.folder / "npm.log")
    sdk = Sdk(
        work_folder=work_folder,
        age="npm",
        client="labs",
        connect=client_server.connect,
        coverage=request.config.stash[NPM],
    )
    sdk.know(NPM_LAB_GROUPS)
    yield sdk
    work_folder.close()


@pytest.fixture(params=["new", "old"])
def generation(request: pytest.FixtureRequest, compute: Sdk, old_compute: Sdk) -> Sdk:
    """The client for galleries and disks, once of today and once of former years."""
    return compute if request.param == "new" else old_compute

"""The people of the demonstration, each with credentials of their own, and the files that they use."""

from dataclasses import dataclass, field
from pathlib import Path

from galeria.interfaces.cli.kit.progress import ProgressFollower
from galeria.interfaces.client.connection import Json, ServerConnection
from galeria.interfaces.client.credentials import ClientCredentials, ClientSecret, Password
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.operations import OperationSnapshot, StartedWork
from galeria.interfaces.demo.shell import SshShell


@dataclass(frozen=True, kw_only=True)
class DemoFiles:
    """Disk files made at set-up. All of them contain the same small Linux."""

    qcow2: Path
    vhd: Path  # fixed size, what Azure users hold
    too_large: Path  # a QCOW2 of 130 GB, nearly all of it empty
    data_disk: Path


@dataclass(frozen=True, kw_only=True)
class DemoServer:
    """A running server, and how to reach it as its first administrator (the answer of `galeria connect`)."""

    connect: dict[str, str]
    files: DemoFiles
    folder: Path  # for the people's own files
    stores: dict[str, Path]  # the folder of each region's store, to check that freed bytes are really freed


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    name: str
    galeria: Galeria
    password: str = field(default="", repr=False)

    def wait(self, work: StartedWork, follower: ProgressFollower) -> OperationSnapshot:
        """Wait until the operation has succeeded, and raise its error otherwise."""
        snapshot = self.galeria.wait(work, watch=follower.watch)
        assert snapshot is not None, "this verb always takes time"
        return snapshot

    def shell(self, lab: str, *, user: str, password: str) -> SshShell:
        """Return a shell on the lab's template, at the address that the API answers."""
        machine: Json = self.galeria.machines.get(lab)
        host, _, port = str(machine["properties"]["connectionProfile"]["sshAuthority"]).rpartition(":")
        return SshShell(host=host, port=int(port), user=user, password=password)


def administrator(server: DemoServer) -> DemoPerson:
    credentials = ClientSecret(client_id=server.connect["client_id"], client_secret=server.connect["client_secret"])
    return DemoPerson(name="Administrator", galeria=_galeria(server, "administrator", credentials))


def person(server: DemoServer, title: str, user: str, password: str) -> DemoPerson:
    credentials = Password(user=user, password=password)
    return DemoPerson(name=title, galeria=_galeria(server, user, credentials), password=password)


def _galeria(server: DemoServer, user: str, credentials: ClientCredentials) -> Galeria:
    connection = ServerConnection(
        server.connect["endpoint"], credentials, ca_file=Path(server.connect["ca_file"]), patient=True
    )
    memory = server.folder / user
    memory.mkdir(exist_ok=True)
    return Galeria.open(connection, memory=memory)

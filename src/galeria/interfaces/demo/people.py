"""The three people, each signed in with credentials of their own, and what they work with."""

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
    """Files from outside any lab, made at set-up. All of them start as the same small Linux."""

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
    stores: dict[str, Path]  # region → where its image bytes lie, to see whether freed bytes are really freed


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    name: str
    galeria: Galeria
    password: str = field(default="", repr=False)

    def wait(self, work: StartedWork, follower: ProgressFollower) -> OperationSnapshot:
        """Follow an operation to its good end; raises what it failed with."""
        snapshot = self.galeria.wait(work, watch=follower.watch)
        assert snapshot is not None, "this verb always takes time"
        return snapshot

    def shell(self, lab: str, *, user: str, password: str) -> SshShell:
        """At the lab's template, as the API says it is reached."""
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

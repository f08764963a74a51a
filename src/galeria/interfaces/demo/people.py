"""The three people, each signed in with credentials of their own, and what they work with."""

from dataclasses import dataclass, field
from pathlib import Path

from galeria.interfaces.cli.kit.progress import Follower
from galeria.interfaces.client.connection import Connection, Json
from galeria.interfaces.client.credentials import ClientSecret, Credentials, Password
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.operations import Begun, Snapshot
from galeria.interfaces.demo.shell import Shell


@dataclass(frozen=True, kw_only=True)
class Material:
    """Files from outside any lab, made at set-up. All of them start as the same small Linux."""

    qcow2: Path
    vhd: Path  # fixed size, what Azure users hold
    too_large: Path  # a QCOW2 of 130 GB, nearly all of it empty
    data_disk: Path


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A running server, and how to reach it as its first administrator (the answer of `galeria connect`)."""

    connect: dict[str, str]
    material: Material
    folder: Path  # for the people's own files
    stores: dict[str, Path]  # region → where its image bytes lie, to see whether freed bytes are really freed


@dataclass(frozen=True, kw_only=True)
class Person:
    name: str
    galeria: Galeria
    password: str = field(default="", repr=False)

    def wait(self, work: Begun, follower: Follower) -> Snapshot:
        """Follow an operation to its good end; raises what it failed with."""
        snapshot = self.galeria.wait(work, watch=follower.watch)
        assert snapshot is not None, "this verb always takes time"
        return snapshot

    def shell(self, lab: str, *, user: str, password: str) -> Shell:
        """At the lab's template, as the API says it is reached."""
        machine: Json = self.galeria.machines.get(lab)
        host, _, port = str(machine["properties"]["connectionProfile"]["sshAuthority"]).rpartition(":")
        return Shell(host=host, port=int(port), user=user, password=password)


def administrator(stage: Stage) -> Person:
    credentials = ClientSecret(client_id=stage.connect["client_id"], client_secret=stage.connect["client_secret"])
    return Person(name="Administrator", galeria=_galeria(stage, "administrator", credentials))


def person(stage: Stage, title: str, user: str, password: str) -> Person:
    credentials = Password(user=user, password=password)
    return Person(name=title, galeria=_galeria(stage, user, credentials), password=password)


def _galeria(stage: Stage, user: str, credentials: Credentials) -> Galeria:
    connection = Connection(
        stage.connect["endpoint"], credentials, ca_file=Path(stage.connect["ca_file"]), patient=True
    )
    memory = stage.folder / user
    memory.mkdir(exist_ok=True)
    return Galeria.open(connection, memory=memory)

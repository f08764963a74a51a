"""A running Galeria for pages: everything real but the virtual machines, with people, a gallery and a lab in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from galeria.bootstrap.demo_host import running_server
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret, Password
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.labs import NewLab
from tests.local_installation import disk_bytes
from tests.system.server_process import begin_disks

HOME, AWAY = "brazilsouth", "brazilsoutheast"
GALLERY, IMAGE, LAB = "campus", "Linux for algebra", "algebra"
PASSWORD = "Correct-Horse-7"


@dataclass(frozen=True, kw_only=True)
class Person:
    name: str
    display_name: str
    role: str  # for everything below the subscription; empty: none
    password: str = field(default=PASSWORD, repr=False)


MARIA = Person(name="maria", display_name="Maria", role="Owner")
ANA = Person(name="ana", display_name="Ana", role="Lab Creator")
BIA = Person(name="bia", display_name="Bia", role="Lab Creator")
PEOPLE = (MARIA, ANA, BIA)
"""An administrator and two educators."""


@dataclass(frozen=True, kw_only=True)
class PortalServer:
    folder: Path
    connect: dict[str, str]
    galeria: Galeria  # signed in as the first administrator

    @property
    def endpoint(self) -> str:
        return self.connect["endpoint"]

    @property
    def subscription(self) -> str:
        return self.connect["subscription_id"]

    def add(self, person: Person) -> Person:
        """To be repeated with new names only."""
        self.galeria.people.create(person.name, display_name=person.display_name, password=person.password)
        if person.role:
            self.galeria.roles.give(person.name, person.role, f"/subscriptions/{self.subscription}")
        return person


@contextmanager
def running_portal(folder: Path, *, fake: bool = True) -> Iterator[PortalServer]:
    """A server with the people of PEOPLE and nothing else, until the block ends."""
    with running_server(folder / "data", fake=fake) as connect:
        secret = ClientSecret(client_id=connect["client_id"], client_secret=connect["client_secret"])
        connection = ServerConnection(connect["endpoint"], secret, ca_file=Path(connect["ca_file"]), patient=True)
        memory = folder / "administrator"
        memory.mkdir()
        with Galeria.open(connection, memory=memory) as galeria:
            portal_server = PortalServer(folder=folder, connect=connect, galeria=galeria)
            for person in PEOPLE:
                portal_server.add(person)
            yield portal_server


def add_content(portal_server: PortalServer) -> None:
    """A gallery that is attached, an image in two regions that makes labs, one that makes none, a lab, and a file of Maria's
    that is no image yet."""
    galeria, disk, second = portal_server.galeria, portal_server.folder / "disk.raw", portal_server.folder / "data.raw"
    disk.write_bytes(disk_bytes())
    second.write_bytes(disk_bytes(seed=2))
    galeria.wait(galeria.galleries.put(GALLERY, region=HOME, description="For every lab"))
    add_image(portal_server, IMAGE, disk, regions=(AWAY,))
    add_image(portal_server, "Two disks", disk, second)
    galeria.wait(galeria.accounts.attach(GALLERY))
    image = str(galeria.images.get(IMAGE)["properties"]["sharedGalleryId"])
    wanted = NewLab(image=image, user="ana", password=PASSWORD, region=HOME, title="Algebra", description="First term")
    galeria.wait(galeria.labs.create(LAB, wanted))
    send_file(portal_server, MARIA, disk)


def send_file(portal_server: PortalServer, person: Person, file: Path) -> None:
    credentials, memory = Password(user=person.name, password=person.password), portal_server.folder / person.name
    memory.mkdir()
    connection = ServerConnection(
        portal_server.endpoint, credentials, ca_file=Path(portal_server.connect["ca_file"]), patient=True
    )
    with Galeria.open(connection, memory=memory) as galeria:
        galeria.uploads.send(file)


def add_image(portal_server: PortalServer, name: str, *disks: Path, regions: tuple[str, ...] = ()) -> None:
    """Version 1.0.0, or the next one, of an image in the gallery."""
    portal_server.galeria.wait(begin_disks(portal_server.galeria, name, *disks, regions=regions).begun)

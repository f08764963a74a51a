"""Everything that a server offers, for Python scripts, the command line and the demonstration."""

from pathlib import Path
from types import TracebackType
from typing import Self

from galeria.domain.errors import Forbidden
from galeria.domain.messages import Message
from galeria.interfaces.client.accounts import AccountsClient, PlanImagesClient
from galeria.interfaces.client.compute import (
    GROUPS_API,
    DefinitionsClient,
    GalleriesClient,
    GroupsClient,
    VersionsClient,
)
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.lab_users import LabUsersClient
from galeria.interfaces.client.labs import ExportsClient, LabsClient, MachinesClient
from galeria.interfaces.client.operations import OperationsClient, OperationSnapshot, StartedWork, Watch
from galeria.interfaces.client.people import PeopleClient, RolesClient
from galeria.interfaces.client.schedules import SchedulesClient
from galeria.interfaces.client.secrets import SecretsClient
from galeria.interfaces.client.short_names import ShortNames
from galeria.interfaces.client.uploads import UploadsClient


class Galeria:
    """A client with a part for each noun: `client.labs.create(…)`. Resources are dicts in the form of the REST API.

    A whole id may replace any name. Methods that take time return `StartedWork`, which `wait` follows to its end.
    """

    def __init__(self, connection: ServerConnection, names: ShortNames, *, memory: Path) -> None:
        self.connection = connection
        self.names = names
        self.groups = GroupsClient(connection, names)
        self.galleries = GalleriesClient(connection, names)
        self.definitions = DefinitionsClient(connection, names)
        self.versions = VersionsClient(connection, names)
        self.accounts = AccountsClient(connection, names)
        self.images = PlanImagesClient(connection, names)
        self.labs = LabsClient(connection, names)
        self.machines = MachinesClient(connection, names)
        self.schedules = SchedulesClient(connection, names)
        self.lab_users = LabUsersClient(connection, names)
        self.exports = ExportsClient(connection, names)
        self.people = PeopleClient(connection, names)
        self.secrets = SecretsClient(connection, names)
        self.roles = RolesClient(connection)
        self.operations = OperationsClient(connection, names.subscription)
        self.uploads = UploadsClient(connection, memory)

    @classmethod
    def open(
        cls,
        connection: ServerConnection,
        *,
        memory: Path,
        subscription: str | None = None,
        group: str = "galeria",
        account: str = "labs",
    ) -> Self:
        """Open a client. `subscription` is by default the first one that the caller may read.

        `memory` is a folder of the person for the addresses of unfinished uploads.
        """
        subscription = subscription or first_subscription(connection)
        return cls(connection, ShortNames(subscription=subscription, group=group, account=account), memory=memory)

    def wait(
        self, work: "StartedWork | str", *, watch: Watch | None = None, seconds: float | None = None
    ) -> OperationSnapshot | None:
        """Return the operation at its end; None when there was nothing to wait for. Raises its error."""
        return self.operations.wait(work, watch=watch, seconds=seconds)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def first_subscription(connection: ServerConnection) -> str:
    """Return the first subscription. Raises Forbidden where the caller may read none."""
    found = connection.get_all("/subscriptions", **{"api-version": GROUPS_API})
    if not found:
        raise Forbidden(
            Message("You are signed in, but have no role anywhere here."),
            hint=Message("Ask an Owner to give you one: galeria role give."),
        )
    return str(found[0]["subscriptionId"])

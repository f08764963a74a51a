"""Everything that can be asked of a server, by name: what scripts in Python, the command line and the demonstration use."""

from pathlib import Path
from types import TracebackType
from typing import Self

from galeria.domain.errors import Forbidden
from galeria.interfaces.client.accounts import Accounts, Images
from galeria.interfaces.client.compute import GROUPS_API, Definitions, Galleries, Groups, Versions
from galeria.interfaces.client.connection import Connection
from galeria.interfaces.client.labs import Exports, Labs, Machines
from galeria.interfaces.client.operations import Begun, Operations, Snapshot, Watch
from galeria.interfaces.client.people import People, Roles
from galeria.interfaces.client.secrets import Secrets
from galeria.interfaces.client.short_names import Names
from galeria.interfaces.client.uploads import Uploads


class Galeria:
    """Verbs by noun: `galeria.labs.create(…)`. Resources are dicts in the shapes of the REST API.

    Every name may be a whole id instead. Verbs that take time return `Begun`; `wait` follows it to its end.
    """

    def __init__(self, connection: Connection, names: Names, *, memory: Path) -> None:
        self.connection = connection
        self.names = names
        self.groups = Groups(connection, names)
        self.galleries = Galleries(connection, names)
        self.definitions = Definitions(connection, names)
        self.versions = Versions(connection, names)
        self.accounts = Accounts(connection, names)
        self.images = Images(connection, names)
        self.labs = Labs(connection, names)
        self.machines = Machines(connection, names)
        self.exports = Exports(connection, names)
        self.people = People(connection, names)
        self.secrets = Secrets(connection, names)
        self.roles = Roles(connection)
        self.operations = Operations(connection, names.subscription)
        self.uploads = Uploads(connection, memory)

    @classmethod
    def open(
        cls,
        connection: Connection,
        *,
        memory: Path,
        subscription: str | None = None,
        group: str = "galeria",
        account: str = "labs",
    ) -> Self:
        """`subscription`: the first one that the caller may see, where none is named. `memory`: a folder of the
        person's own, for the addresses of unfinished uploads."""
        subscription = subscription or first_subscription(connection)
        return cls(connection, Names(subscription=subscription, group=group, account=account), memory=memory)

    def wait(self, work: "Begun | str", *, watch: Watch | None = None, seconds: float | None = None) -> Snapshot | None:
        """Until it has ended well; None when there was nothing to wait for. Raises what it failed with."""
        return self.operations.wait(work, watch=watch, seconds=seconds)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def first_subscription(connection: Connection) -> str:
    """Raises Forbidden where the caller may see none."""
    found = connection.get_all("/subscriptions", **{"api-version": GROUPS_API})
    if not found:
        raise Forbidden(
            "You are signed in, but have no role anywhere here.",
            hint="Ask an Owner to give you one: galeria role give.",
        )
    return str(found[0]["subscriptionId"])

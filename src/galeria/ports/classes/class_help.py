"""What the core asks of the database about messages to students, raised hands, and who watches machines."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from galeria.domain.classes.class_help import ClassMessage, MachineWatcher, RaisedHand
from galeria.ports.repository import Repository


class ClassMessageRepository(Repository[ClassMessage], Protocol):
    """The messages of educators to students."""

    def of_lab(self, lab_id: str, *, since: datetime) -> list[ClassMessage]:
        """Returns the lab's messages that were sent since then, the newest first."""
        ...

    def open_of(self, user_id: str, *, since: datetime) -> list[ClassMessage]:
        """Returns the messages to the user since then that were not closed yet, the oldest first."""
        ...

    def not_shown(self, *, since: datetime) -> list[ClassMessage]:
        """Returns the messages since then that nobody has tried to show in a machine, in all labs, the oldest first."""
        ...

    def forget(self, *, sent_before: datetime) -> None:
        """Deletes all messages that were sent before then."""
        ...


class RaisedHandRepository(Repository[RaisedHand], Protocol):
    """The hands of students, by the user's id."""

    def of_lab(self, lab_id: str) -> list[RaisedHand]:
        """Returns the lab's hands that nobody has answered, the first raised in front."""
        ...


class WatcherRepository(Repository[MachineWatcher], Protocol):
    """Who has the screens and terminals of students' machines open."""

    def of_machines(self, machine_ids: Collection[str]) -> list[MachineWatcher]:
        """Returns who watches one of the machines, by name."""
        ...


class HelpRepositories(Protocol):
    """The repositories of a class's help, as part of a unit of work."""

    @property
    def class_messages(self) -> ClassMessageRepository:
        """The messages of educators to students."""
        ...

    @property
    def raised_hands(self) -> RaisedHandRepository:
        """The hands of students."""
        ...

    @property
    def watchers(self) -> WatcherRepository:
        """Who has the screens and terminals of students' machines open."""
        ...

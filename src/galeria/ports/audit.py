"""The audit log: its repository in the database, and its copy outside."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from galeria.domain.audit import AuditEvent, AuditHead, AuditSearch


class AuditRepository(Protocol):
    """The audit log, whose entries are never changed or removed, but for the number and hash that each gets once."""

    def add(self, event: AuditEvent) -> None:
        """Adds an entry; it is kept when the unit of work is committed."""
        ...

    def find(self, id: str) -> AuditEvent | None:
        """Returns the entry with that id, or None."""
        ...

    def head(self) -> AuditHead:
        """Returns the last link of the chain; number 0 where there is none."""
        ...

    def chained(self, *, after: int, limit: int) -> list[AuditEvent]:
        """Returns the entries with a number greater than `after`, sorted by number."""
        ...

    def waiting(self, *, limit: int) -> list[AuditEvent]:
        """Returns the entries that have no number yet, oldest first."""
        ...

    def count_waiting(self) -> int:
        """Returns how many entries have no number yet."""
        ...

    def recent(self, *, below: str = "", limit: int = 100) -> list[AuditEvent]:
        """Returns the last entries, newest first; with the key `below`, those on that resource and on what lies below it."""
        ...

    def search(self, scopes: Sequence[str], search: AuditSearch, *, offset: int, limit: int) -> list[AuditEvent]:
        """Returns the entries that match the search, newest first.

        `scopes` are keys, of which none lies below another: only what was done to them or below them is found.
        """
        ...


class AuditCopy(Protocol):
    """A second copy of the chained audit log, to which entries are only added. One process writes it at a time.

    It shows what was changed or cut off in the database, and gives back the entries that a restored database lacks.
    """

    def head(self) -> AuditHead | None:
        """Returns the last link that was copied; None where there is no copy. Raises Unavailable where it cannot be read."""
        ...

    def entries(self, *, after: int = 0) -> Iterator[AuditEvent]:
        """Yields the copied entries with a number greater than `after`, in the order in which they were copied.

        Raises Corrupt at a line that is no entry, and Unavailable where the copy cannot be read.
        """
        ...

    def append(self, events: Sequence[AuditEvent]) -> None:
        """Adds chained entries; they are on disk afterwards. Raises OutOfSpace and Unavailable."""
        ...

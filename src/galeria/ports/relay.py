"""The relay: a process of its own through which others reach machines under the installation's public name."""

from typing import Protocol

from galeria.domain.reach.relay import RelayState, RelayTable


class Relay(Protocol):
    """Tells the relay what to do, and reads what it has seen. It goes on with what it was told last while nobody tells it."""

    def follow(self, table: RelayTable) -> None:
        """Tells the relay its table, and starts it where it does not run and has something to do."""
        ...

    def state(self) -> RelayState:
        """Returns what the relay last said; an empty state where it never ran."""
        ...

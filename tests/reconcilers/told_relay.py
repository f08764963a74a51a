"""A relay that keeps what it is told, and says what a test lets it say."""

from dataclasses import dataclass, field

from galeria.domain.reach.relay import RelayState, RelayTable


@dataclass
class ToldRelay:
    """Keeps what it is told; `seen` is what it says."""

    tables: list[RelayTable] = field(default_factory=list)
    seen: RelayState = field(default_factory=RelayState)

    def follow(self, table: RelayTable) -> None:
        self.tables.append(table)

    def state(self) -> RelayState:
        return self.seen

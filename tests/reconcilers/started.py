"""What was handed to a starter."""

from dataclasses import dataclass, field


@dataclass
class Started:
    """A starter that remembers."""

    ids: list[str] = field(default_factory=list)

    def start(self, operation_id: str) -> None:
        self.ids.append(operation_id)

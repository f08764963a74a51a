"""What a server needs to be of use, and whether it has it."""

from dataclasses import dataclass

from galeria.domain.errors import GaleriaError


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a server needs, such as its database, and what is wrong with it; None where nothing is."""

    name: str
    fault: GaleriaError | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it can be used."""
        return self.fault is None

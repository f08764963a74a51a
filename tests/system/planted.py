"""What was planted, and where a secret of each kind may be found: the table of docs/secrets.md, read as the rule that it is."""

import fnmatch
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.secret_search import Hit

TABLE = Path(__file__).parents[2] / "docs" / "secrets.md"
HASH = "hash of "


@dataclass(frozen=True, kw_only=True)
class Row:
    """Where a kind of secret may be in the clear, and where its hash: patterns of paths below the data directory, or of
    variables with '$' in front."""

    clear: tuple[str, ...]
    hashed: tuple[str, ...]


def read_table(text: str) -> dict[str, Row]:
    """The rows of the table by kind."""
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 7 and re.fullmatch(r"[a-z][a-z-]+", cells[0]) and cells[0] != "kind":
            assert cells[0] not in rows, f"{cells[0]} has two rows"
            for cell in cells[2:4]:
                assert ("`" in cell) != (cell == "nowhere"), f"{cells[0]}: '{cell}' names no place"
            rows[cells[0]] = Row(clear=_named(cells[2]), hashed=_named(cells[3]))
    return rows


def _named(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


@dataclass
class Planted:
    """Secrets and hashes by name: the kind, '#', and a number; a hash has `HASH` in front."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, secret: str) -> str:
        """Remember a secret that was made elsewhere, and the hash that fingerprints would have of it."""
        if secret not in self.texts.values():
            name = f"{kind}#{sum(kind_of(each) == kind for each in self.texts)}"
            self.texts[name] = secret
            self.texts[HASH + name] = hashlib.sha256(secret.encode()).hexdigest()
        return secret

    def new(self, kind: str, pattern: str = "Zq7-{}-Plant") -> str:
        """A new secret that passes for a good password, unless `pattern` is something else."""
        return self.add(kind, pattern.format(secrets.token_hex(10)))

    def add_hash(self, kind: str, text: str) -> None:
        """Remember a salted hash, as the database has it."""
        if text not in self.texts.values():
            self.texts[f"{HASH}{kind}#h{len(self.texts)}"] = text

    def kinds(self) -> set[str]:
        return {kind_of(name) for name in self.texts}

    def of(self, kind: str) -> list[str]:
        """The secrets of a kind, the oldest first."""
        return [text for name, text in self.texts.items() if kind_of(name) == kind and not name.startswith(HASH)]


def kind_of(name: str) -> str:
    return name.removeprefix(HASH).partition("#")[0]


def is_allowed(hit: Hit, place: str, rows: dict[str, Row]) -> bool:
    """Whether the table names the place for this kind, in the clear or as a hash."""
    row = rows.get(kind_of(hit.secret))
    patterns = () if row is None else row.hashed if hit.secret.startswith(HASH) else row.clear
    return any(fnmatch.fnmatchcase(place, pattern) for pattern in patterns)


def misplaced(hits: Iterable[tuple[Hit, str]], rows: dict[str, Row]) -> list[str]:
    """The hits where the table allows none, in words without the secret."""
    return sorted(f"{hit.secret} is at {place} ({hit.form})" for hit, place in hits if not is_allowed(hit, place, rows))

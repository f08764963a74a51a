"""The two files between Galeria and the relay: `table.json` tells it what to do, `state.json` what it has seen.

Each is replaced as a whole, so that a reader finds one or the other and never half of one.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from galeria.domain.reach.relay import RelayConnection, RelayRoute, RelayState, RelayTable, RelayUse, Service
from galeria.domain.reach.server_settings import RelayLimits

LOCK = "relay.lock"
TABLE = "table.json"
STATE = "state.json"


def write_table(folder: Path, table: RelayTable) -> None:
    """Write the table."""
    _replace(folder / TABLE, asdict(table))


def find_table(folder: Path) -> RelayTable | None:
    """Return the table, None where there is none. Raises ValueError where it cannot be read."""
    found = _find(folder / TABLE)
    if found is None:
        return None
    try:
        routes = tuple(RelayRoute(**{**each, "service": Service(each["service"])}) for each in found["routes"])
        return RelayTable(
            listen=found["listen"],
            limits=RelayLimits(**found["limits"]),
            routes=routes,
            recorded=tuple(found["recorded"]),
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"{TABLE} is of another version: {error}") from error


def write_state(folder: Path, state: RelayState) -> None:
    """Write the state. Moments are seconds since 1970."""
    _replace(folder / STATE, asdict(state))


def find_state(folder: Path) -> RelayState | None:
    """Return the state, None where there is none. Raises ValueError where it cannot be read."""
    found = _find(folder / STATE)
    if found is None:
        return None
    try:
        return RelayState(
            process=found["process"],
            connections=tuple(RelayConnection(**_read(each)) for each in found["connections"]),
            uses=tuple(RelayUse(**_read(each)) for each in found["uses"]),
            unusable=tuple((port, reason) for port, reason in found["unusable"]),
            lost=found["lost"],
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"{STATE} is of another version: {error}") from error


def _read(fields: dict[str, Any]) -> dict[str, Any]:
    read = {**fields, "service": Service(fields["service"])}
    for name in ("since", "began", "ended"):
        if name in read:
            read[name] = datetime.fromtimestamp(read[name], UTC)
    return read


def _find(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is no object")
    return found


def _replace(path: Path, content: dict[str, Any]) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, default=datetime.timestamp), encoding="utf-8")
    new.replace(path)

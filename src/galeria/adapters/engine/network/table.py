"""What the guard is told: the network, who is in it, and what each may reach. A file, replaced as a whole."""

import json
import os
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from galeria.domain.labs.guest_network import Internet, NetworkException, NetworkPolicy

FILE = "table.json"
SOCKET = "socket"
LOCK = "lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest:
    """One running machine: the only hardware address and address that are let through its interface."""

    machine: str
    tap: str
    mac: str
    address: str
    policy: NetworkPolicy = field(default_factory=NetworkPolicy)
    is_open: bool = False  # whether this host reaches its services
    entered: float = 0.0  # seconds since 1970; what has just entered may not run yet


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestTable:
    """The whole network of one installation."""

    installation: str
    network: IPv4Network
    guests: tuple[Guest, ...] = ()
    exceptions: tuple[NetworkException, ...] = ()
    resolvers: tuple[str, ...] = ()  # name servers that machines' questions go to; none: those of the host


def write_table(folder: Path, table: GuestTable) -> None:
    draft = folder / f"{FILE}.new"
    draft.write_text(json.dumps(_as_json(table)), encoding="utf-8")
    draft.chmod(0o600)
    os.replace(draft, folder / FILE)


def find_table(folder: Path) -> GuestTable | None:
    """Return the table; None where none was written, or not by us. Whoever needs one then makes it anew."""
    try:
        return _from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _as_json(table: GuestTable) -> dict[str, object]:
    guests = [
        {
            "machine": each.machine,
            "tap": each.tap,
            "mac": each.mac,
            "address": each.address,
            "internet": each.policy.internet.value,
            "names": list(each.policy.names),
            "lab": each.policy.lab,
            "is_open": each.is_open,
            "entered": each.entered,
        }
        for each in table.guests
    ]
    exceptions = [[str(each.network), each.protocol, each.port] for each in table.exceptions]
    return {
        "installation": table.installation,
        "network": str(table.network),
        "guests": guests,
        "exceptions": exceptions,
        "resolvers": list(table.resolvers),
    }


def _from_json(found: dict[str, list[dict[str, str]]]) -> GuestTable:
    guests = tuple(
        Guest(
            machine=each["machine"],
            tap=each["tap"],
            mac=each["mac"],
            address=each["address"],
            # A table of an earlier version names no labs.
            policy=NetworkPolicy(
                internet=Internet(each["internet"]), names=tuple(each["names"]), lab=each.get("lab", "")
            ),
            is_open=bool(each["is_open"]),
            entered=float(each["entered"]),
        )
        for each in found["guests"]
    )
    exceptions = tuple(
        NetworkException(network=IPv4Network(network), protocol=protocol, port=int(port))
        for network, protocol, port in map(tuple, found["exceptions"])
    )
    return GuestTable(
        installation=str(found["installation"]),
        network=IPv4Network(found["network"]),
        guests=guests,
        exceptions=exceptions,
        resolvers=tuple(map(str, found["resolvers"])),
    )

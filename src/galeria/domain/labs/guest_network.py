"""What machines may reach from inside: the internet, names on a list, or nothing; and what an administrator lets besides.

Whatever a plan says, the host, machines of other labs and private networks around the host are closed to them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Any

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

MOST_NAMES = 200
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})+")
_LONGEST_NAME = 253

CLOSED_NETWORKS = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
)
"""What of IPv4 is no internet: private, shared by providers, link-local with the metadata address, multicast, reserved."""


class Internet(StrEnum):
    """What of the internet a plan's machines reach."""

    OPEN = "Open"
    NAMES = "Names"  # only the names on the plan's list
    CLOSED = "Closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkPolicy:
    """What a machine's plan lets it reach. A name that begins with "*." stands for all names below it.

    Machines with the same `lab` reach each other; where it is empty, the machine reaches none.
    """

    internet: Internet = Internet.OPEN
    names: tuple[str, ...] = ()
    lab: str = ""

    def allows_name(self, name: str) -> bool:
        """Returns whether machines may look up `name`, in lower case and without a dot at its end."""
        if self.internet is not Internet.NAMES:
            return self.internet is Internet.OPEN
        return any(name.endswith(each[1:]) if each.startswith("*.") else name == each for each in self.names)


PROFILE = "galeriaNetwork"
"""The name under which an account keeps its policy among its profiles: `internet`, `names`, and `common`."""


def policy_of(profiles: Mapping[str, Any], *, lab: str = "") -> NetworkPolicy:
    """Returns what an account with these profiles lets the machines of `lab`; where nothing was said, the internet is open."""
    said = profiles.get(PROFILE) or {}
    internet = Internet(said.get("internet", Internet.OPEN))
    own = lab if has_common_network(profiles) else ""
    return NetworkPolicy(internet=internet, names=tuple(said.get("names", ())), lab=own)


def has_common_network(profiles: Mapping[str, Any]) -> bool:
    """Returns whether machines of one lab have a network in common; where nothing was said, they have not."""
    return bool((profiles.get(PROFILE) or {}).get("common", False))


OPEN = NetworkPolicy()
CLOSED = NetworkPolicy(internet=Internet.CLOSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkException:
    """An address or a network that machines may reach although it is private, such as a licence server of the campus."""

    network: IPv4Network
    protocol: str = ""  # "tcp" or "udp"; empty: everything
    port: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSettings:
    """What the administrator chose for the machines' network."""

    is_bridged: bool = True  # where the host can; else each machine has a network of its own without a way out
    exceptions: tuple[NetworkException, ...] = ()
    resolvers: tuple[str, ...] = ()


def checked_profile(internet: Internet, names: list[str], target: str, *, common: bool = False) -> dict[str, Any]:
    """Returns what an account keeps as its policy. Raises Invalid, whose target names the list."""
    listed = checked_names(names, target)
    if internet is Internet.NAMES and not listed:
        raise Invalid(
            Message("The list of names is empty."),
            hint=Message("Write one name at least, or choose another way."),
            target=target,
        )
    return {"internet": internet.value, "names": listed, "common": common}


def checked_names(names: list[str], target: str) -> list[str]:
    """Returns the list of names in lower case, each once. Raises Invalid for what is no name, and for too many."""
    found = list(dict.fromkeys(each.strip().lower().rstrip(".") for each in names))
    wrong = [each for each in found if len(each) > _LONGEST_NAME or not _NAME.fullmatch(each)]
    if wrong:
        raise Invalid(
            Message("'{name}' is no name of the internet.", name=wrong[0]),
            hint=Message("Write names such as pypi.org, or *.debian.org for all names below debian.org."),
            target=target,
        )
    if len(found) > MOST_NAMES:
        raise Invalid(
            Message("The list has {count} names.", count=len(found)),
            hint=Message("At most {most} are possible; *.example.org stands for many.", most=MOST_NAMES),
            target=target,
        )
    return found

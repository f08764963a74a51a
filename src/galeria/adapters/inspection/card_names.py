"""Finds out by which name the network settings of a disk know the network card, where they take only that one.

A machine here has one card, whose name follows from its place: a file for the card `ens7` then is for none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from galeria.adapters.inspection.answers import Answer

# What udev calls the card of a machine here: that of V1, and that of V2. Whichever pattern fits both needs no help.
_OWN_NAMES = ("ens16", "enp0s16")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,14}")
_PATTERN = re.compile(r"[A-Za-z0-9_*?\[\]-]{1,40}")
_LONGEST_KEY = 200  # characters of a line that is looked at
# Cards that are no wired ones, or that a program makes.
_OTHERS = re.compile(
    r"lo|docker.*|(?:wl|ww|br|bond|team|veth|virbr|vnet|tun|tap|wg|vlan|dummy|ppp|sit|ib|usb|can|lxc)[a-z]*\d.*"
)
_YES = {"yes", "true", "on", "1", "ipv4", "dhcp", "both", "auto"}


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """What one file or block says of cards: the names that it takes, as shell patterns; any card where there are none."""

    names: tuple[str, ...] = ()
    has_dhcp: bool = False


def card_name(answer: Answer) -> str:
    """Return the name that the card needs so that the disk's network settings take it; empty where they take any name.

    Of several names one that asks for an address by DHCP comes first.
    """
    settings = [each for each in _settings(answer) if not each.names or _wired(each.names)]
    if any(not each.names or any(map(_fits_here, each.names)) for each in settings):
        return ""
    ranked = sorted(settings, key=lambda each: not each.has_dhcp)
    wanted = (_plain(name) for each in ranked for name in _wired(each.names))
    return next((name for name in wanted if _NAME.fullmatch(name)), "")


def _fits_here(pattern: str) -> bool:
    return all(fnmatchcase(name, pattern) for name in _OWN_NAMES)


def _wired(names: Iterable[str]) -> list[str]:
    return [name for name in names if _PATTERN.fullmatch(name) and not _OTHERS.fullmatch(name)]


def _plain(pattern: str) -> str:
    """A name that fits the pattern, for those that people write: `eth*` is met by `eth0`."""
    return re.sub(r"\[(.)[^\]]*\]", r"\1", pattern).replace("*", "0").replace("?", "0")


def _settings(answer: Answer) -> Iterator[_Setting]:
    for folder, pattern, read in _READERS:
        for name in answer.below(folder):
            if fnmatchcase(name, f"{folder}/{pattern}"):
                yield from read(name, _lines(answer, name))


def _lines(answer: Answer, name: str) -> list[str]:
    """The lines of a file without comments and empty ones."""
    lines = [line[:_LONGEST_KEY].rstrip() for line in answer.lines(name)]
    return [line for line in lines if line and not line.lstrip().startswith(("#", ";"))]


def _of_netplan(_: str, lines: list[str]) -> Iterator[_Setting]:
    """The blocks below `ethernets`, told by their indentation. One with `match` takes what that says."""
    for name, block in _blocks(_below(lines, "ethernets")):
        keys = dict(_key(line) for line in block)
        has_dhcp = keys.get("dhcp4", "") in _YES
        if any(line.strip().startswith("match:") for line in block):
            pattern = keys.get("name", "")
            yield _Setting(names=(pattern,) if pattern else (), has_dhcp=has_dhcp)
        else:
            yield _Setting(names=(name,), has_dhcp=has_dhcp)


def _below(lines: list[str], key: str) -> list[str]:
    """The lines that a key of YAML holds."""
    found: list[str] = []
    depth = -1
    for line in lines:
        indentation = len(line) - len(line.lstrip())
        if depth >= 0 and indentation > depth:
            found.append(line)
        elif line.strip() == f"{key}:":
            depth = indentation
        else:
            depth = -1
    return found


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    depth = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    name, block = "", list[str]()
    for line in lines:
        if len(line) - len(line.lstrip()) == depth:
            if name:
                yield name, block
            name, block = _key(line)[0], []
        else:
            block.append(line)
    if name:
        yield name, block


def _key(line: str) -> tuple[str, str]:
    key, _, value = line.strip().partition(":")
    return key.strip("\"' "), value.partition(" #")[0].strip("\"' ")


def _of_networkd(_: str, lines: list[str]) -> Iterator[_Setting]:
    match, rest = _section(lines, "Match"), _section(lines, "Network")
    others = set(match) - {"Name", "Type", "MACAddress", "PermanentMACAddress"}
    names = tuple(match.get("Name", "").split())
    if not rest or others or any(name.startswith("!") for name in names) or match.get("Type", "ether") != "ether":
        return
    yield _Setting(names=names, has_dhcp=rest.get("DHCP", "").lower() in _YES)


def _section(lines: list[str], wanted: str) -> dict[str, str]:
    """The settings of the sections of that name; the last one of a name counts."""
    found: dict[str, str] = {}
    inside = False
    for line in lines:
        if line.startswith("["):
            inside = line.strip() == f"[{wanted}]"
        elif inside:
            key, equals, value = line.partition("=")
            if equals:
                found[key.strip()] = value.strip()
    return found


def _of_ifupdown(_: str, lines: list[str]) -> Iterator[_Setting]:
    """What is brought up by itself, and the cards that a bridge or a bond holds."""
    for words in map(str.split, lines):
        if words[0] == "iface" and len(words) >= 4:
            yield _Setting(names=(words[1],), has_dhcp=words[3] == "dhcp")
        elif words[0] in ("bridge_ports", "bridge-ports", "bond-slaves", "bond_slaves"):
            yield from (_Setting(names=(name,)) for name in words[1:] if name != "none")


def _of_ifcfg(path: str, lines: list[str]) -> Iterator[_Setting]:
    keys = {key.strip(): value.strip("\"' ") for key, _, value in (line.partition("=") for line in lines)}
    name = keys.get("DEVICE") or path.rpartition("ifcfg-")[2]
    if keys.get("TYPE", "Ethernet") == "Ethernet":
        yield _Setting(names=(name,), has_dhcp=keys.get("BOOTPROTO", "").lower().startswith("dhcp"))


def _of_network_manager(_: str, lines: list[str]) -> Iterator[_Setting]:
    connection, match = _section(lines, "connection"), _section(lines, "match")
    if connection.get("type") not in ("ethernet", "802-3-ethernet"):
        return
    pattern = match.get("interface-name", "").replace(",", ";").strip(";")
    names = (
        (connection["interface-name"],) if "interface-name" in connection else tuple(filter(None, pattern.split(";")))
    )
    yield _Setting(names=names, has_dhcp=_section(lines, "ipv4").get("method") == "auto")


# Folders, the files in them that count, and what reads each.
_READERS = (
    ("etc/netplan", "*.yaml", _of_netplan),
    ("etc/systemd/network", "*.network", _of_networkd),
    ("etc/network", "interfaces", _of_ifupdown),
    ("etc/network/interfaces.d", "*", _of_ifupdown),
    ("etc/sysconfig/network-scripts", "ifcfg-*", _of_ifcfg),
    ("etc/sysconfig/network", "ifcfg-*", _of_ifcfg),
    ("etc/NetworkManager/system-connections", "*", _of_network_manager),
)

"""Finds the network settings that name a hardware address: they suit the machine that they were written on, and no other."""

import re

from galeria.adapters.inspection.answers import Answer
from galeria.domain.images.findings import MOST, NetworkFile, found_name

_FOLDERS = (
    *("etc/netplan", "etc/systemd/network", "etc/network/interfaces.d", "etc/NetworkManager/system-connections"),
    *("etc/sysconfig/network-scripts", "etc/sysconfig/network", "etc/udev/rules.d"),
)
_ADDRESS = re.compile(r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f:-])")
_COMMENTS = ("#", ";")
_NOBODY = {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"}


def network_files(answer: Answer) -> tuple[NetworkFile, ...]:
    """Return the files that name hardware addresses, by path; addresses in lower case with colons."""
    names = [*answer.below("etc/network")]
    for folder in _FOLDERS:
        names += answer.below(folder)
    found = []
    for name in sorted(set(names)):
        addresses = _addresses(answer.lines(name))
        if addresses:
            found.append(NetworkFile(path=found_name(f"/{name}"), addresses=tuple(addresses[:MOST])))
    return tuple(found[:MOST])


def _addresses(lines: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for line in lines:
        if not line.lstrip().startswith(_COMMENTS):
            for address in _ADDRESS.findall(line):
                found[address.lower().replace("-", ":")] = None
    return sorted(address for address in found if address not in _NOBODY)

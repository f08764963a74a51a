"""The account of each machine's process: a number of its own, for its user and its group."""

import hashlib
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.labs.machine_accounts import COUNT, AccountSettings

# Above the numbers of containers and below 2**31, which some programs read as negative ones: "UIDs and GIDs" of systemd's
# documentation calls them unused.
FIRST, LAST = 1_879_048_192, 2_147_483_647
MAPS = (Path("/proc/self/uid_map"), Path("/proc/self/gid_map"))


@dataclass(frozen=True, slots=True)
class Account:
    """One machine's. Nothing else on the host has this number."""

    number: int

    @property
    def label(self) -> str:
        """How libvirt writes it; the sign means that it is no name."""
        return f"+{self.number}:+{self.number}"


def first_number(installation: str, settings: AccountSettings) -> int:
    """Return the first number of the installation's machines; two installations on one host hardly ever share them."""
    blocks = (LAST + 1 - FIRST) // COUNT
    digest = int(hashlib.sha256(installation.encode()).hexdigest()[:8], 16)
    return settings.first or FIRST + digest % blocks * COUNT


def account_of(installation: str, settings: AccountSettings, ssh_port: int) -> Account:
    """Return the account of the machine with this port on the loopback: one of its own, as the port is."""
    if not 0 <= ssh_port < COUNT:
        raise ValueError(f"no machine has the port {ssh_port}")
    return Account(first_number(installation, settings) + ssh_port)


def find_obstacle(installation: str, settings: AccountSettings) -> str:
    """Return why machines of this host have no accounts of their own; empty where they have."""
    if not settings.is_own:
        return "the settings say so"
    if os.geteuid() != 0:
        return "only root may give them files"
    first = first_number(installation, settings)
    if not all(_holds(path.read_text(encoding="ascii"), first) for path in MAPS):
        return f"this container has no accounts with the numbers {first} to {first + COUNT - 1}"
    taken = [each.pw_name for each in pwd.getpwall() if first <= each.pw_uid < first + COUNT]
    return f"the account {taken[0]} has one of their numbers" if taken else ""


def _holds(map: str, first: int) -> bool:
    """Return whether the numbers exist in this user namespace (user_namespaces(7))."""
    ranges = (tuple(int(each) for each in line.split()) for line in map.splitlines())
    return any(inside <= first and first + COUNT <= inside + count for inside, _, count in ranges)


def give(files: Iterable[Path], account: Account) -> None:
    """Make the account the only one that can open the files, besides root."""
    for file in files:
        os.chown(file, account.number, account.number)
        file.chmod(0o600)

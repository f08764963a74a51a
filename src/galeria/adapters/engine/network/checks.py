"""What `galeria doctor` says of the machines' network: which way is in use, and what other rules of the host do to it."""

import re
from pathlib import Path

from galeria.adapters.engine.network.guard_process import GuardProcess
from galeria.adapters.engine.network.guest_network import find_obstacle
from galeria.adapters.engine.network.nft import PacketFilter, RulesRefusedError
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import NetworkSettings
from galeria.ports.machines import HostCheck

NAME = "machines' network"
BRIDGED = "a bridge: machines reach the internet and their lab as their plan lets them, and nothing of this host or other labs"
ALONE = "one for each machine, in which it reaches nothing, the internet neither"
_TABLE = re.compile(r"^table (\S+ \S+) \{")
_DROPS = re.compile(r"hook forward .*policy drop")


def network_checks(folder: Path, settings: NetworkSettings) -> list[HostCheck]:
    """Return one check of the way that is in use, and another where something stands in it."""
    obstacle = find_obstacle(settings)
    if obstacle:
        cure = "" if not settings.is_bridged else _cure(obstacle)
        return [HostCheck(name=NAME, ok=not cure, required=False, found=f"{ALONE}: {obstacle}", cure=cure)]
    return [HostCheck(name=NAME, ok=True, required=False, found=BRIDGED), *_rules(folder), *_other_rules()]


def _cure(obstacle: str) -> str:
    missing = obstacle.removeprefix("not installed: ")
    return f"apt-get install {missing}" if missing != obstacle else "docs/network.md says what it needs"


def _rules(folder: Path) -> list[HostCheck]:
    guard = GuardProcess(folder)
    if guard.table() is None:
        return []
    try:
        guard.check()
    except MachineFailed as error:
        return [HostCheck(name="rules around it", ok=False, required=False, found=error.message, cure=error.hint)]
    return [HostCheck(name="rules around it", ok=True, required=False, found="they hold, in both copies")]


def _other_rules() -> list[HostCheck]:
    """Another program's rules may drop what ours let through: no rule of ours can change that."""
    filter = PacketFilter()
    try:
        dropping = find_dropping(filter.run("list chains"))
    except RulesRefusedError:  # there is a table of a kind that this version of nft cannot show
        dropping = []
    finally:
        filter.close()
    if not dropping:
        return []
    tables = ", ".join(dropping)
    found = f"the tables {tables} drop what goes from one network to another, so that machines reach no internet"
    cure = "Let them forward what comes from and goes to interfaces whose names begin with gb, such as: " + (
        "iptables -I FORWARD -i gb+ -j ACCEPT; iptables -I FORWARD -o gb+ -j ACCEPT"
    )
    return [HostCheck(name="other rules", ok=False, required=False, found=found, cure=cure)]


def find_dropping(chains: str) -> list[str]:
    """Return the tables that forward nothing by default, out of what `nft list chains` prints."""
    table, found = "", []
    for line in chains.splitlines():
        begun = _TABLE.match(line)
        table = begun[1] if begun else table
        if _DROPS.search(line):
            found.append(table)
    return found

"""Security groups of Galeria's own in a project, and the ports that have them.

A group lets packets through and forbids none; a port without a group that lets something sends and gets nothing but DHCP's.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from galeria.adapters.openstack.cloud import Cloud, CloudConflict, listed
from galeria.domain.errors import NotFound

MEMBERS = "members"
"""The `peer` of a rule for those that have the group themselves."""

_IN_ORDER = {"sort_key": "id", "sort_dir": "asc"}
_RULES, _ENTRY = "/security-group-rules", "/security-groups"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What is let through: connections of IPv4 that begin at a port ("egress") or lead to it ("ingress")."""

    direction: str
    peer: str  # a network such as "10.3.0.20/32", or MEMBERS
    protocol: str = ""  # "tcp" or "udp"; empty: everything
    port: int = 0  # 0: all
    ethertype: str = "IPv4"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    id: str
    name: str
    rules: Mapping[Rule, str]  # with the id of each


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """Where a server is connected to a network."""

    id: str
    server: str
    groups: frozenset[str]
    is_secured: bool  # whether its groups count at all, and false addresses are stopped


class SecurityGroups:
    """The groups of one region of one installation, by a description that names both. In Neutron a name may occur twice."""

    def __init__(self, cloud: Cloud, *, installation: str, region: str) -> None:
        self._cloud = cloud
        self._description = f"Galeria: installation {installation}, region {region}"

    def all(self) -> list[Group]:
        """Return all of them. Of those with one name, the first is the one in use."""
        asked = {"description": self._description, **_IN_ORDER}
        return [_group(each) for each in listed(self._cloud.network, _ENTRY, "security_groups", asked)]

    def ensure(self, wanted: Mapping[str, Collection[Rule]]) -> dict[str, str]:
        """See that there are groups with these names that have these rules and no others; return their ids by name.

        Raises MachineFailed where one cannot be made so.
        """
        found = _by_name(self.all())
        missing = wanted.keys() - found.keys()
        for name in sorted(missing):
            made = {"name": name, "description": self._description}
            self._cloud.network("POST", _ENTRY, json={"security_group": made})
        if missing:  # another process may have made the same at the same moment
            found = _by_name(self.all())
        for name, rules in wanted.items():
            self._match(found[name], frozenset(rules))
        return {name: found[name].id for name in wanted}

    def remove(self, groups: Iterable[Group]) -> None:
        """Delete groups; one that is gone, or that a port has, is no error."""
        for each in groups:
            try:
                self._cloud.network("DELETE", f"{_ENTRY}/{each.id}")
            except (NotFound, CloudConflict):
                continue

    def ports(self, server: str = "") -> list[Port]:
        """Return the ports of one server, or all that the project has."""
        asked: dict[str, Any] = {"fields": ["id", "device_id", "security_groups", "port_security_enabled"], **_IN_ORDER}
        asked |= {"device_id": [server]} if server else {}
        return [_port(each) for each in listed(self._cloud.network, "/ports", "ports", asked)]

    def give(self, port: Port, groups: Collection[str]) -> None:
        """Let the port have these groups and no others."""
        self._cloud.network("PUT", f"/ports/{port.id}", json={"port": {"security_groups": sorted(groups)}})

    def _match(self, group: Group, wanted: frozenset[Rule]) -> None:
        """Take rules away that nobody asked for, such as those that Neutron gives a new group, and add what is missing."""
        for rule in group.rules.keys() - wanted:
            try:
                self._cloud.network("DELETE", f"{_RULES}/{group.rules[rule]}")
            except NotFound:
                continue
        missing = wanted - group.rules.keys()
        if not missing:
            return
        try:
            asked = [_asked(rule, group.id) for rule in sorted(missing, key=repr)]
            self._cloud.network("POST", _RULES, json={"security_group_rules": asked})
        except CloudConflict:
            # Another process may have added them; Neutron refuses the second ones, and with them all of the request.
            now = self._cloud.network("GET", f"{_ENTRY}/{group.id}")["security_group"]
            if _group(now).rules.keys() != wanted:
                raise


def _by_name(groups: Iterable[Group]) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for each in groups:
        found.setdefault(each.name, each)
    return found


def _asked(rule: Rule, group: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "security_group_id": group,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
    }
    if rule.protocol:
        said["protocol"] = rule.protocol
    if rule.port:
        said |= {"port_range_min": rule.port, "port_range_max": rule.port}
    return said | ({"remote_group_id": group} if rule.peer == MEMBERS else {"remote_ip_prefix": rule.peer})


def _group(said: dict[str, Any]) -> Group:
    rules = {_rule(each, said["id"]): str(each["id"]) for each in said["security_group_rules"]}
    return Group(id=said["id"], name=said["name"], rules=rules)


def _rule(said: dict[str, Any], group: str) -> Rule:
    """A rule that is none of ours differs in one field at least."""
    first, last = said["port_range_min"] or 0, said["port_range_max"] or 0
    others = said["remote_group_id"] or said.get("remote_address_group_id")
    return Rule(
        direction=said["direction"],
        peer=(MEMBERS if others == group else str(others)) if others else said["remote_ip_prefix"] or "",
        protocol=said["protocol"] or "",
        port=first if first == last else -1,
        ethertype=said["ethertype"],
    )


def _port(said: dict[str, Any]) -> Port:
    return Port(
        id=said["id"],
        server=said["device_id"],
        groups=frozenset(said["security_groups"]),
        # Where the cloud cannot switch it off it does not say so.
        is_secured=said.get("port_security_enabled", True),
    )

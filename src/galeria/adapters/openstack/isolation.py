"""What machines in a cloud reach, and who reaches them: the rules of a plan as security groups on each machine's port.

* "machines": this installation's hosts reach their services; they reach the exceptions of the settings, and nothing else.
* "internet": besides that all addresses that are the internet's, and who answers their questions for names.
* "lab-ID": besides that each other, for labs with a network in common.
"""

import socket
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

from galeria.adapters.openstack import refusals
from galeria.adapters.openstack.cloud import Cloud
from galeria.adapters.openstack.groups import MEMBERS, Port, Rule, SecurityGroups
from galeria.domain.errors import MachineFailed, NotFound
from galeria.domain.labs.guest_network import CLOSED_NETWORKS, Internet, NetworkException, NetworkPolicy
from galeria.domain.messages import Message
from galeria.domain.reach.relay import GUEST_PORTS

MACHINES, INTERNET, LAB = "machines", "internet", "lab-{lab}"
_LAB = LAB.format(lab="")
_SHARED = (MACHINES, INTERNET)
NAMES_PORT = 53
FRESH_SECONDS = 30.0
"""After which ports are looked at again although no plan has changed: somebody may have changed them."""


class Isolation:
    """The rules around one region's machines."""

    def __init__(self, cloud: Cloud, groups: SecurityGroups, *, exceptions: Iterable[NetworkException] = ()) -> None:
        self._cloud, self._groups, self._exceptions = cloud, groups, tuple(exceptions)
        self._followed: tuple[Mapping[str, NetworkPolicy], float] = ({}, float("-inf"))

    def hosts(self) -> tuple[str, ...]:
        """Return the networks that machines see Galeria's hosts in. Raises MachineFailed where they are not known."""
        return self._hosts(self._subnets(self._secured_network()))

    def groups_of_new(self, policy: NetworkPolicy) -> list[str]:
        """Return the ids of the groups that a machine's server is made with. Raises MachineFailed where groups do not count.

        The lab's own one is not among them: it may be removed meanwhile.
        """
        names = [each for each in _names(policy) if each in _SHARED]
        return list(self._groups.ensure(self._rules(names)).values())

    def apply(self, policies: Mapping[str, NetworkPolicy]) -> None:
        """Let the servers with these ids reach what is said, and nothing else.

        Raises MachineFailed where one reaches more.
        """
        if policies:
            only = next(iter(policies)) if len(policies) == 1 else ""
            self._give(policies, self._groups.ports(only))

    def follow(self, policies: Mapping[str, NetworkPolicy], servers: Callable[[], Mapping[str, str]]) -> None:
        """As `apply`, for all machines that run, by their ids, of which `servers` gives those of their servers.

        Asked again and again, it looks only where something changed, or some time has gone. Groups of labs that nobody
        needs any more are removed.
        """
        before, looked_at = self._followed
        if not policies or (policies == before and time.monotonic() < looked_at + FRESH_SECONDS):
            return
        self._followed = ({}, float("-inf"))
        ports = self._groups.ports()
        ids = servers()
        self._give({ids[machine]: policy for machine, policy in policies.items() if machine in ids}, ports)
        needed = {name for policy in policies.values() for name in _names(policy)}
        used = {group for port in ports for group in port.groups}
        self._groups.remove(
            each
            for each in self._groups.all()
            if each.name.startswith(_LAB) and each.name not in needed and each.id not in used
        )
        self._followed = (dict(policies), time.monotonic())

    def remove(self) -> None:
        """Remove all groups: no machine of the region is left. Those that a port still has stay."""
        self._groups.remove(self._groups.all())

    def _give(self, policies: Mapping[str, NetworkPolicy], ports: Iterable[Port]) -> None:
        names = {server: _names(policy) for server, policy in policies.items()}
        ids = self._groups.ensure(self._rules({name for each in names.values() for name in each}))
        for port in ports:
            if port.server not in names:
                continue
            if not port.is_secured:
                raise refusals.not_secured(self._cloud.access.network)
            wanted = {ids[name] for name in names[port.server]}
            if port.groups != wanted:
                self._change(port, wanted)

    def _change(self, port: Port, wanted: Collection[str]) -> None:
        try:
            self._groups.give(port, wanted)
        except NotFound:  # the machine was deleted meanwhile, or the lab's group, which the next look makes anew
            return

    def _rules(self, names: Collection[str]) -> dict[str, list[Rule]]:
        network = self._secured_network()
        subnets = self._subnets(network)
        hosts = self._hosts(subnets)
        made = {
            MACHINES: lambda: [*_ways_in(hosts), *map(_exception, self._exceptions)],
            INTERNET: lambda: [*_internet(subnets), *_resolvers(subnets)],
        }
        return {name: made[name]() if name in made else list(_MATES) for name in names}

    def _hosts(self, subnets: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        return self._cloud.access.reached_from or (_own_address(subnets),)

    def _secured_network(self) -> Mapping[str, Any]:
        network = self._cloud.get_network()
        if not network.get("port_security_enabled", True):
            raise refusals.not_secured(self._cloud.access.network)
        return network

    def _subnets(self, network: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = self._cloud.network("GET", "/subnets", params={"network_id": network["id"]})["subnets"]
        return [each for each in found if each["ip_version"] == 4]


_MATES = (Rule(direction="ingress", peer=MEMBERS), Rule(direction="egress", peer=MEMBERS))


def _names(policy: NetworkPolicy) -> tuple[str, ...]:
    """The groups of a machine. A list of names cannot be held: such a machine is closed."""
    internet = (INTERNET,) if policy.internet is Internet.OPEN else ()
    lab = (LAB.format(lab=policy.lab),) if policy.lab else ()
    return (MACHINES, *internet, *lab)


def _ways_in(hosts: Iterable[str]) -> list[Rule]:
    return [
        Rule(direction="ingress", peer=host, protocol="tcp", port=port)
        for host in hosts
        for port in sorted(GUEST_PORTS.values())
    ]


def _exception(each: NetworkException) -> Rule:
    return Rule(direction="egress", peer=str(each.network), protocol=each.protocol, port=each.port)


def _internet(subnets: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """All but private networks and the machines' own.

    A host of Galeria's that has an address in the internet is reached as from anywhere else: each single address that is left
    out takes up to 32 more rules, of the 100 that many projects have.
    """
    closed = [*CLOSED_NETWORKS, *(each["cidr"] for each in subnets)]
    return [Rule(direction="egress", peer=str(each)) for each in all_but(map(IPv4Network, closed))]


def _resolvers(subnets: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Who answers questions for names: the subnet's name servers, without any Neutron's DHCP servers, which are in it."""
    asked = {
        str(IPv4Network(place))
        for each in subnets
        for place in (each["dns_nameservers"] or [each["cidr"]])
        if ":" not in place
    }
    return [
        Rule(direction="egress", peer=peer, protocol=protocol, port=NAMES_PORT)
        for peer in sorted(asked)
        for protocol in ("tcp", "udp")
    ]


def all_but(closed: Iterable[IPv4Network]) -> list[IPv4Network]:
    """Return the fewest networks that hold every address of IPv4 but these."""
    left = [IPv4Network("0.0.0.0/0")]
    for each in collapse_addresses(closed):
        left = [part for whole in left for part in (whole.address_exclude(each) if each.subnet_of(whole) else (whole,))]
    return sorted(left)


def _own_address(subnets: Iterable[Mapping[str, Any]]) -> str:
    """Return this host's own address on its way to the first of these that it knows a way to. Nothing is sent."""
    for each in subnets:
        place = str(each["gateway_ip"] or IPv4Network(each["cidr"])[1])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((place, NAMES_PORT))
            except OSError:
                continue
            return f"{probe.getsockname()[0]}/32"
    raise MachineFailed(
        Message("This host knows no way to the network of the region's machines."),
        hint=Message("Make one, or write the addresses that machines see Galeria's hosts at under 'reached_from'."),
    )

"""The part `[network]` of the settings file: what the machines' network is, and what they reach besides the internet."""

from collections.abc import Mapping
from ipaddress import IPv4Network, ip_address
from typing import Any

from galeria.domain.labs.guest_network import NetworkException, NetworkSettings

WIDEST = 8  # bits of a network that is let; more addresses than that are no exception
LAST_PORT = 65535
_PROTOCOLS = ("tcp", "udp")


def read_network(table: Mapping[str, Any]) -> NetworkSettings:
    """Read the part. Raises ValueError with the fault in it."""
    unknown = table.keys() - {"bridged", "allow", "resolvers"}
    if unknown:
        raise ValueError(f"unknown setting '{sorted(unknown)[0]}'")
    bridged = table.get("bridged", True)
    if not isinstance(bridged, bool):
        raise ValueError("'bridged' is true or false")
    return NetworkSettings(
        is_bridged=bridged,
        exceptions=tuple(_exception(each) for each in _texts(table, "allow")),
        resolvers=tuple(str(ip_address(each)) for each in _texts(table, "resolvers")),
    )


def _exception(text: str) -> NetworkException:
    """Return what ADDRESS, NETWORK, ADDRESS:PORT or ADDRESS:PORT/udp stands for."""
    address, colon, port = text.partition(":")
    network = IPv4Network(address)
    if network.prefixlen < WIDEST:
        raise ValueError(f"'allow' names networks of {WIDEST} bits and more, and '{address}' is wider")
    if not colon:
        return NetworkException(network=network)
    number, _, protocol = port.partition("/")
    if not number.isdecimal() or not 0 < int(number) <= LAST_PORT or (protocol or "tcp") not in _PROTOCOLS:
        raise ValueError(f"'{text}' ends with no port such as 443 or 53/udp")
    return NetworkException(network=network, protocol=protocol or "tcp", port=int(number))


def _texts(table: Mapping[str, Any], name: str) -> list[str]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"'{name}' is a list of texts, such as [\"10.3.0.20\"]")
    return value

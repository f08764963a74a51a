"""The part `[network]` of the settings file: what the machines' network is, and what they reach besides the internet."""

from collections.abc import Mapping
from ipaddress import IPv4Network, ip_address
from typing import Any

from galeria.adapters.settings_values import LAST_PORT, flag_of, require_only, texts_of
from galeria.domain.labs.guest_network import NetworkException, NetworkSettings

WIDEST = 8  # bits of a network that is let; more addresses than that are no exception
EXAMPLE = "10.3.0.20"
_PROTOCOLS = ("tcp", "udp")


def read_network(table: Mapping[str, Any]) -> NetworkSettings:
    """Read the part. Raises ValueError with the fault in it."""
    require_only(table, {"bridged", "allow", "resolvers"})
    return NetworkSettings(
        is_bridged=flag_of(table, "bridged", default=True),
        exceptions=tuple(_exception(each) for each in texts_of(table, "allow", example=EXAMPLE)),
        resolvers=tuple(str(ip_address(each)) for each in texts_of(table, "resolvers", example=EXAMPLE)),
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

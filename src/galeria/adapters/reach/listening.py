"""Sockets that listen on one address or on every one, and the ports that the kernel gives to outgoing connections."""

import socket
from pathlib import Path

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.domain.reach.server_settings import EVERY_ADDRESS

EPHEMERAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
RESERVED_PORTS = Path("/proc/sys/net/ipv4/ip_local_reserved_ports")


def bound_sockets(address: str, port: int) -> list[socket.socket]:
    """Return sockets bound to a port, one for each family where `address` is every one; port 0 is any that is free.

    Raises Unavailable where another program has the port, or the address is not this host's.
    """
    if address != EVERY_ADDRESS:
        return [_bound(address, port)]
    first = _bound("0.0.0.0", port)  # every address is what was asked for
    if not _has_ipv6():
        return [first]
    try:
        return [first, _bound("::", first.getsockname()[1])]
    except Unavailable:
        first.close()
        raise


def ephemeral_ports(ranges: Path = EPHEMERAL_PORTS) -> range:
    """Return the ports that this host's kernel gives to outgoing connections; none where it does not say."""
    try:
        first, last = (int(each) for each in ranges.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return range(0)
    return range(first, last + 1)


def reserved_ports(file: Path = RESERVED_PORTS) -> set[int]:
    """Return the ports that an administrator has taken out of those for outgoing connections."""
    try:
        parts = file.read_text(encoding="ascii").strip().split(",")
    except OSError:
        return set()
    pairs = [part.partition("-") for part in parts if part]
    return {port for first, _, last in pairs for port in range(int(first), int(last or first) + 1)}


def is_own_address(address: str) -> bool:
    """Return whether a network interface of this host has the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((address, 0))
        except OSError:
            return False
    return True


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit the option. Without it an answer waits up to 40 ms for the client's acknowledgement (measured).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if family == socket.AF_INET6:
        # Callers over IPv4 would else be seen as ::ffff:192.0.2.1, and counted together.
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise Unavailable(
            Message(
                "Port {port} on {host} cannot be used: {reason}.", port=port, host=address, reason=str(error.strerror)
            ),
            hint=Message("Choose another one with --port."),
        ) from error
    return listener


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True

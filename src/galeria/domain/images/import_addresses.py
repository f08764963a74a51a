"""Which addresses image files may be fetched from: public ones, and hosts that the administrator allowed.

A person who imports an image must not reach through this server what only the server can reach: its own host, the campus
network, a cloud's metadata.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from galeria.domain.errors import Invalid
from galeria.domain.messages import EMPTY, Message

LONGEST = 4096  # characters
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?|[0-9A-Fa-f:.]{2,45}")
_HINT = Message(
    "Give the whole http or https address of a VHD that is reachable without a sign-in, such as one with a SAS."
)
# Azure's platform address for its machines' agents: it looks public and is not.
_PLATFORM = IPv4Address("168.63.129.16")
# All of IPv6 that is given out to the public internet (RFC 4291 §2.4, IANA's registry of global unicast addresses), but for
# blocks inside it that are documentation or lead elsewhere and that older tables of this language do not know.
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo and ORCHID among them (RFC 2928)
    IPv6Network("2001:db8::/32"),  # documentation (RFC 3849)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
    IPv6Network("3ffe::/16"),  # the experimental 6bone, given back (RFC 3701)
)
# Addresses that carry an IPv4 address, with the position of that in bits from the right.
_CARRIERS = (
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An http or https address taken apart. `host` is in lower case, without the brackets of IPv6."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, as they are sent

    @property
    def shown(self) -> str:
        """The address without its query, because queries carry secrets such as a SAS."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target.partition('?')[0]}"

    def is_among(self, allowed: frozenset[str]) -> bool:
        """Tells whether the address's host is allowed; `allowed` holds hosts, or hosts with a port, in lower case."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return bool({self.host, host, f"{host}:{self.port}"} & allowed)


def read_address(text: str) -> Address:
    """Takes an address apart by its form only; no name is looked up. Raises Invalid."""
    if len(text) > LONGEST or not text.isascii() or any(ord(char) <= 32 or ord(char) == 127 for char in text):
        raise _refused(Message("The address is too long or holds characters that no address has."))
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise _refused(Message("The address cannot be read.")) from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise _refused(
            Message("Only http and https addresses are fetched, not '{scheme}'.", scheme=scheme or text[:40])
        )
    if parts.username is not None or parts.password is not None:
        raise _refused(Message("The address holds a user name or a password."))
    is_bracketed = "[" in parts.netloc
    if not _HOST.fullmatch(host) or port == 0 or "\\" in text or is_bracketed != (":" in host):
        raise _refused(Message("The address names no host that can be asked."))
    return Address(scheme=scheme, host=host, port=port or _PORTS[scheme], target=_target(parts))


def require_public(ip: str, host: str) -> None:
    """Raises Invalid where `ip` is not an address of the public internet; `host` is the name that led to it."""
    reason = _reason(ip_address(ip.partition("%")[0]))
    if reason:
        raise Invalid(
            Message(
                "'{host}' leads to a {reason} address; images are not fetched from there.", host=host, reason=reason
            ),
            hint=Message(
                "Upload the file instead, or have the administrator start the server with 'galeria serve "
                "--allow-import-from {host}'.",
                host=host,
            ),
            code="ImportAddressRefused",
            target="uri",
        )


def require_public_literal(address: Address) -> None:
    """Raises Invalid where the host itself is an IP address that is not public. Host names are left for the look-up."""
    try:
        ip = str(ip_address(address.host))
    except ValueError:
        return
    require_public(ip, address.host)


def allowed_hosts(names: tuple[str, ...]) -> frozenset[str]:
    """Returns the administrator's HOST or HOST:PORT entries in lower case. Raises Invalid."""
    hosts = set()
    for name in names:
        found = urlsplit(f"//{name.strip()}")
        try:
            wrong = not found.hostname or found.path or found.username is not None or found.port == 0
        except ValueError:
            wrong = True
        if wrong:
            raise Invalid(
                Message("'{name}' is not a host.", name=name),
                hint=Message("Give HOST or HOST:PORT, such as files.example.org:8080."),
            )
        hosts.add(found.netloc.lower())
    return frozenset(hosts)


_PRIVATE = Message("private")


def _reason(ip: IPv4Address | IPv6Address) -> Message:
    """Returns why the address is not a public one; empty for a public one."""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return _reason(ip.ipv4_mapped)
        for network, shift in _CARRIERS:
            if ip in network:
                return _reason(IPv4Address((int(ip) >> shift) & 0xFFFFFFFF))
        if ip.teredo is not None or ip.is_site_local:
            return Message("private")
        is_unicast = not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_private or ip.is_unspecified)
        if is_unicast and (ip not in _PUBLIC_V6 or any(ip in network for network in _NOT_PUBLIC_V6)):
            return Message("non-public")
    kinds = {
        Message("loopback"): ip.is_loopback,
        Message("link-local"): ip.is_link_local,
        Message("multicast"): ip.is_multicast,
        Message("private"): ip.is_private or ip.is_unspecified,
        Message("reserved"): ip.is_reserved or ip == _PLATFORM,
        Message("non-public"): not ip.is_global,
    }
    return next((word for word, is_so in kinds.items() if is_so), EMPTY)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _refused(message: Message) -> Invalid:
    return Invalid(message, hint=_HINT, code="InvalidParameter", target="uri")

"""Which addresses a file may be fetched from: public ones, and those that the administrator named.

Whoever may import an image must not reach through this server what only this server can reach: its own host, the
campus network, a cloud's metadata.
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
# Azure answers its machines' agents there, though the address looks public.
_PLATFORM = IPv4Address("168.63.129.16")
# Addresses that carry an IPv4 address, with the position of that in bits from the right.
_CARRIERS = (
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One http(s) address taken apart. `host` is in lower case, without the brackets of IPv6."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, as they are sent

    @property
    def shown(self) -> str:
        """Without the query, which is where addresses carry their secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target.partition('?')[0]}"

    def is_among(self, allowed: frozenset[str]) -> bool:
        """`allowed` holds hosts, or hosts with a port, in lower case."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return bool({self.host, host, f"{host}:{self.port}"} & allowed)


def read_address(text: str) -> Address:
    """Judge the form only; nothing is looked up. Raises Invalid."""
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
    """Raises Invalid for every address that is not one of the public internet."""
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
    """The part of the rule that needs no look-up: a host that is an address itself. Raises Invalid."""
    try:
        ip = str(ip_address(address.host))
    except ValueError:
        return
    require_public(ip, address.host)


def allowed_hosts(names: tuple[str, ...]) -> frozenset[str]:
    """HOST or HOST:PORT as the administrator wrote them. Raises Invalid."""
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
    """Why the address is not a public one; empty for one that is."""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return _reason(ip.ipv4_mapped)
        for network, shift in _CARRIERS:
            if ip in network:
                return _reason(IPv4Address((int(ip) >> shift) & 0xFFFFFFFF))
        if ip.teredo is not None or ip.is_site_local:
            return _PRIVATE
    kinds = (
        (Message("loopback"), ip.is_loopback),
        (Message("link-local"), ip.is_link_local),
        (Message("multicast"), ip.is_multicast),
        (_PRIVATE, ip.is_private or ip.is_unspecified),
        (Message("reserved"), ip.is_reserved or ip == _PLATFORM),
        (Message("non-public"), not ip.is_global),
    )
    return next((word for word, is_so in kinds if is_so), EMPTY)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _refused(message: Message) -> Invalid:
    return Invalid(message, hint=_HINT, code="InvalidParameter", target="uri")

"""Which addresses image files may be fetched from: public ones, and hosts that the administrator allowed.

A person who imports an image must not reach through this server what only the server can reach: its own host, the campus
network, a cloud's metadata.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.network_addresses import non_public_kind

LONGEST = 4096  # characters
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?|[0-9A-Fa-f:.]{2,45}")
_DOTS_AT_END = re.compile(r"\.+(?=(:\d*)?$)")
_HINT = Message(
    "Give the whole http or https address of a VHD that is reachable without a sign-in, such as one with a SAS."
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


def require_public(host: str, reason: Message) -> None:
    """Raises Invalid where `host` leads to an address that is not public; `reason` says what it is, empty for a public one."""
    if reason:
        raise Invalid(
            Message(
                "'{host}' leads to a {reason} address; images are not fetched from there.", host=host, reason=reason
            ),
            hint=Message(
                "Upload the file instead; an administrator can start the server with 'galeria serve "
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
    require_public(address.host, non_public_kind(ip))


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
        hosts.add(_DOTS_AT_END.sub("", found.netloc.lower()))
    return frozenset(hosts)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _refused(message: Message) -> Invalid:
    return Invalid(message, hint=_HINT, code="InvalidParameter", target="uri")

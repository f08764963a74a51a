"""Where the server listens, the public name under which others reach it and its machines, and how often they may connect."""

import re
from collections.abc import Container
from dataclasses import asdict, dataclass, field, replace

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

EVERY_ADDRESS = "*"
"""Listen on every address of the host, IPv4 and IPv6."""

LOOPBACK = "127.0.0.1"
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")  # RFC 1123 §2.1
HTTPS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class RelayLimits:
    """How often one address (64 bits of IPv6) may connect to machines through the relay; 0 for any number.

    A session of SSH that ends within seconds is what a wrong password looks like from outside: TCP shows no more.
    """

    connections_per_minute: int = 300  # to all machines together: a classroom may share one address
    machine_connections_per_minute: int = 60  # to one machine
    short_sessions: int = 20  # of SSH to one machine in ten minutes; then none is taken for the rest of them


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The addresses, ports and certificate of one server. Without a public name it is reached from its own host."""

    listen: str = ""  # empty: the loopback, and every address where there is a public name
    port: int = 8443
    name: str = ""  # the host name by which others reach the server and the machines
    public_port: int = 0  # of the pages and the API under that name, where a proxy has another; 0: the port itself
    certificate: str = ""  # path of a PEM file, the chain included; empty: signed by the installation's authority
    key: str = ""  # path of its key, PEM, not encrypted
    machines_listen: str = EVERY_ADDRESS
    # Azure's 49152 to 65535 without the ports that Linux gives to outgoing connections, which end at 60999.
    first_machine_port: int = 61000
    last_machine_port: int = 65535
    worker_process: bool = False  # whether operations are worked on in a process of its own beside the server
    stop_seconds: float = 10  # how long a stop waits for requests and for steps of operations
    relay_limits: RelayLimits = field(default_factory=RelayLimits)

    @property
    def address(self) -> str:
        """The address to listen on; `EVERY_ADDRESS` for all."""
        return self.listen or (EVERY_ADDRESS if self.name else LOOPBACK)

    @property
    def machine_ports(self) -> range:
        """The ports on which machines are reached under the public name."""
        return range(self.first_machine_port, self.last_machine_port + 1)

    def public_endpoint(self, port: int) -> str:
        """Return the address of the server that listens on `port`, under its public name, without a slash at the end."""
        shown = self.public_port or port
        return f"https://{self.name}" + ("" if shown == HTTPS_PORT else f":{shown}")


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """What one start of the server has instead of the settings; None leaves a setting as it is."""

    listen: str | None = None
    port: int | None = None
    name: str | None = None
    certificate: str | None = None
    key: str | None = None
    worker_process: bool | None = None

    def applied(self, settings: ServerSettings) -> ServerSettings:
        """Return the settings with these options. Raises Invalid for a name that is none, or half of a certificate."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if "name" in given:
            given["name"] = given["name"].lower()
            if given["name"] and not is_public_name(given["name"]):
                raise Invalid(
                    Message("'{name}' is no host name.", name=given["name"]),
                    hint=Message("Give one that others can look up, such as labs.example.org."),
                )
        server = replace(settings, **given)
        if bool(server.certificate) is not bool(server.key):
            raise Invalid(
                Message("A certificate needs its key, and a key its certificate."),
                hint=Message("Give both --certificate and --key."),
            )
        return server


def is_public_name(name: str) -> bool:
    """Return whether `name` is a host name in lower case; addresses and names of the loopback are none."""
    labels = name.split(".")
    is_written_so = len(name) <= 253 and all(_LABEL.fullmatch(each) for each in labels)
    return is_written_so and not labels[-1].isdecimal() and labels[-1] != "localhost"


def require_free_ports(server: ServerSettings, ephemeral: range, *, reserved: Container[int] = ()) -> None:
    """Raises Invalid where the host gives ports of machines to outgoing connections: such a machine could not be reached.

    `reserved` are those that it keeps out of them.
    """
    lost = [port for port in server.machine_ports if port in ephemeral and port not in reserved]
    if server.name and lost:
        raise Invalid(
            Message(
                "The ports {first} to {last} are for machines, and this host gives them to outgoing connections.",
                first=lost[0],
                last=lost[-1],
            ),
            hint=Message(
                "Choose others ('first_machine_port' and 'last_machine_port' under [server] in galeria.toml), or keep "
                "them free: sysctl -w net.ipv4.ip_local_reserved_ports={range}",
                range=f"{server.first_machine_port}-{server.last_machine_port}",
            ),
        )

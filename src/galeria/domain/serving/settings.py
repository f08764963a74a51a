"""What an administrator wants of the log and of monitoring."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"  # for people
    JSON = "json"  # an object on each line, for programs that collect logs


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """The log of servers and workers, on standard error."""

    format: LogFormat = LogFormat.TEXT
    requests: bool = False  # a line for each request


@dataclass(frozen=True, kw_only=True)
class MonitoringSettings:
    """The address at which Prometheus reads figures, apart from that of pages and API."""

    listen: str = "127.0.0.1"
    port: int = 0  # of a server; 0: nobody listens
    worker_port: int = 0  # of a worker of its own
    token: str = field(default="", repr=False)  # what has to be sent with each request; empty: nothing

    @property
    def is_private(self) -> bool:
        """Whether only programs of this host, or who knows the token, can read."""
        return bool(self.token) or ip_address(self.listen).is_loopback

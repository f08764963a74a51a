"""The parts `[server]`, `[relay]`, `[logs]` and `[monitoring]` of the settings file."""

from collections.abc import Mapping
from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from galeria.adapters.settings_values import (
    flag_of,
    listening_address,
    path_of,
    port_number,
    port_range,
    require_only,
    seconds_of,
    secret_of,
    text_of,
    whole_numbers,
)
from galeria.domain.reach.server_settings import RelayLimits, ServerSettings, is_public_name
from galeria.domain.serving.settings import LogFormat, LogSettings, MonitoringSettings

SHORTEST_TOKEN = 16  # characters


def read_logs(table: Mapping[str, Any]) -> LogSettings:
    """Read the part. Raises ValueError with the fault in it."""
    require_only(table, {"format", "requests"})
    written = text_of(table, "format", LogFormat.TEXT.value)
    if written not in set(LogFormat):
        raise ValueError(f"'format' is one of {', '.join(LogFormat)}")
    return LogSettings(format=LogFormat(written), requests=flag_of(table, "requests", default=False))


def read_monitoring(table: Mapping[str, Any], data: Path) -> MonitoringSettings:
    """Read the part and its token's file. Raises ValueError with the fault in it, and OSError for a file that is not there."""
    require_only(table, {"listen", "port", "worker_port", "token_file"})
    token = secret_of(table, "token_file", data)
    if text_of(table, "token_file") and len(token) < SHORTEST_TOKEN:
        raise ValueError(f"'token_file' holds a token of at least {SHORTEST_TOKEN} characters")
    settings = MonitoringSettings(
        listen=str(ip_address(text_of(table, "listen", MonitoringSettings.listen))),
        port=port_number(table, "port", 0),
        worker_port=port_number(table, "worker_port", 0),
        token=token,
    )
    if not settings.is_private:
        raise ValueError("'listen' of [monitoring] is an address of the loopback, unless there is a 'token_file'")
    return settings


def read_server(table: Mapping[str, Any], relay: Mapping[str, Any]) -> ServerSettings:
    """Read `[server]` with `[relay]`. Raises ValueError with the fault in it."""
    defaults = ServerSettings()
    own = {each.name for each in fields(ServerSettings)} - {"relay_limits"}
    require_only(table, own | {"hosts", "trusted_proxies"})
    first, last = port_range(table, ("first_machine_port", "last_machine_port"), defaults)
    certificate, key = path_of(table, "certificate"), path_of(table, "key")
    if bool(certificate) is not bool(key):
        raise ValueError("'certificate' and 'key' belong together")
    name = text_of(table, "name").lower()
    if name and not is_public_name(name):
        raise ValueError(f"'name' is a host name such as labs.example.org, and '{name}' is none")
    return ServerSettings(
        listen=listening_address(table, "listen", defaults.listen),
        port=port_number(table, "port", defaults.port),
        name=name,
        public_port=port_number(table, "public_port", defaults.public_port),
        certificate=certificate,
        key=key,
        machines_listen=listening_address(table, "machines_listen", defaults.machines_listen),
        first_machine_port=first,
        last_machine_port=last,
        relay_limits=whole_numbers(relay, RelayLimits()),
        worker_process=flag_of(table, "worker_process", default=defaults.worker_process),
        stop_seconds=seconds_of(table, "stop_seconds", defaults.stop_seconds),
    )

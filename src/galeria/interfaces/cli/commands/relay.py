"""galeria relay list, stop: who is connected to machines through this host's relay, and its end."""

from datetime import datetime
from typing import Any

import typer
from rich.table import Table

from galeria.domain.reach.relay import RelayConnection
from galeria.interfaces.cli.kit.command import local, noun
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.host_commands import HostCommandsLoader
from galeria.interfaces.cli.kit.table import columns


def add_relay_commands(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    relay = noun(app, "relay", "The relay of this host, through which others reach machines under the public name.")

    @local(relay, "list")
    def list_connections(context: CliContext) -> None:
        """List who is connected to which machine, and since when."""
        state = host_commands().relay_state(context.data)
        context.show([_connection_json(each) for each in state.connections], lambda: _table(state.connections))
        for port, reason in state.unusable:
            context.remark(f"Nobody reaches the machine behind port {port}: {reason}")

    @local(relay, "stop")
    def stop(context: CliContext) -> None:
        """End the relay, and every connection through it. A server that runs starts it again."""
        ran = host_commands().stop_relay(context.data)
        context.done({"stopped": ran}, "The relay has ended." if ran else "No relay runs for this data directory.")


def _table(connections: tuple[RelayConnection, ...]) -> Table:
    rows = [(_machine(each), each.service.value, each.address, _moment(each.since)) for each in connections]
    return columns(["Machine", "By", "From", "Since"], rows)


def _connection_json(connection: RelayConnection) -> dict[str, Any]:
    return {
        "machine": connection.scope,
        "service": connection.service.value,
        "address": connection.address,
        "since": connection.since.isoformat(timespec="seconds"),
    }


def _machine(connection: RelayConnection) -> str:
    """Return the lab's name and the machine's."""
    parts = connection.scope.split("/")
    return f"{parts[-3]}/{parts[-1]}" if len(parts) > 2 else connection.scope


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"

"""galeria operation: show, follow, cancel and retry anything that takes time."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.interfaces.cli.kit.wait import Wait, wait_for
from galeria.interfaces.cli.kit.wording import console_lines, names_in, size
from galeria.interfaces.client.operations import OperationSnapshot, StartedWork, snapshot_of

Id = Annotated[str, typer.Argument(help="The operation's id.")]


def add_operation_commands(app: typer.Typer) -> None:
    operation = noun(app, "operation", "Anything that takes time: follow, cancel, retry.")

    @remote(operation, "list")
    def list_operations(
        context: CliContext,
        resource: Annotated[str, typer.Option(help="Only those on resources whose id starts so.")] = "",
    ) -> None:
        """List operations, newest first."""
        with context.galeria() as galeria:
            found = galeria.operations.list(resource)
        context.show(found, lambda: _table(found))

    @remote(operation, "show")
    def show(context: CliContext, id: Id) -> None:
        """One operation and its steps, as they stand now."""
        with context.galeria() as galeria:
            found = galeria.operations.get(id)
        context.show(found.raw, lambda: _facts(found))
        if not context.is_json:
            _print_details(context, found)

    @remote(operation, "follow")
    def follow(context: CliContext, id: Id) -> None:
        """Watch it to its end. Fails when it fails."""
        with context.galeria() as galeria:
            _settle(
                context, galeria.operations.get(id), wait_for(context, galeria, StartedWork(resource={}, operation=id))
            )

    @remote(operation, "cancel")
    def cancel(context: CliContext, id: Id) -> None:
        """Ask it to stop at the next moment that leaves everything whole."""
        with context.galeria() as galeria:
            galeria.operations.cancel(id)
            found = galeria.operations.get(id)
        context.done(found.raw, f"The operation was asked to stop. It is {found.status}.")

    @remote(operation, "retry")
    def retry(context: CliContext, id: Id, wait: Wait = True) -> None:
        """Let a failed or canceled operation continue: what was finished is kept."""
        with context.galeria() as galeria:
            begun = galeria.operations.retry(id)
            _settle(context, galeria.operations.get(id), wait_for(context, galeria, begun, wait=wait))


def _print_details(context: CliContext, found: OperationSnapshot) -> None:
    if found.steps:
        context.say("")
        context.out.print(steps_table(found))
    if found.console:
        context.say("")
    for line in console_lines(found.console):
        context.say(line)


def _settle(context: CliContext, before: OperationSnapshot, after: OperationSnapshot | None) -> None:
    found = after or before
    context.done(found.raw, f"The operation is {found.status}.")


def _table(operations: list[dict[str, Any]]) -> Table:
    rows = []
    for each in operations:
        found = snapshot_of(each)
        started = str(each.get("startTime") or "")[:16].replace("T", " ")
        rows.append((found.id, found.kind, found.status, f"{found.percent:.0f}%", names_in(found.resource_id), started))
    return columns(["Id", "Kind", "Status", "Done", "Resource", "Started"], rows, right=frozenset({3}))


def _facts(found: OperationSnapshot) -> Table:
    error = f"{found.error.get('code')}: {found.error.get('message')}" if found.error else None
    return facts(
        [
            ("Id", found.id),
            ("Kind", found.kind),
            ("Status", found.status),
            ("Done", f"{found.percent:.0f}%"),
            ("Attempt", found.attempt),
            ("Error", error),
            ("Resource", found.resource_id),
        ]
    )


def steps_table(found: OperationSnapshot) -> Table:
    rows = [
        (
            each.name,
            each.region,
            each.status,
            each.runs,
            f"{size(each.bytes_done)} of {size(each.bytes_total)}" if each.bytes_total else "",
        )
        for each in found.steps
    ]
    return columns(["Step", "Region", "Status", "Runs", "Bytes"], rows, right=frozenset({3}))

"""galeria schedule: when a lab's machines start and stop, and single classes that are cancelled or moved."""

from typing import Annotated, Any

import typer

from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns

Lab = Annotated[str, typer.Argument(help="The lab's name or id.")]
Name = Annotated[str, typer.Argument(help="The schedule's name.")]
When = Annotated[str, typer.Argument(help="When the class was planned to start, in local time: 2026-11-23T09:00.")]


def add_schedule_commands(app: typer.Typer) -> None:
    schedule = noun(app, "schedule", "When a lab's machines start and stop.")

    @remote(schedule, "list")
    def list_schedules(context: CliContext, lab: Lab) -> None:
        """The schedules of a lab."""
        with context.galeria() as galeria:
            found = galeria.schedules.list(lab)
        context.show(
            found, lambda: columns(["Name", "Start", "Stop", "Time zone", "Repeats", "Changed"], map(_row, found))
        )

    @remote(schedule, "cancel")
    def cancel(context: CliContext, lab: Lab, name: Name, when: When) -> None:
        """Let one class not take place."""
        with context.galeria() as galeria:
            found = galeria.schedules.change(lab, name, when)
        context.done(found, f"The class of {when} does not take place.")

    @remote(schedule, "move")
    def move(
        context: CliContext,
        lab: Lab,
        name: Name,
        when: When,
        start: Annotated[str, typer.Option(help="When it starts instead, in local time.")],
        stop: Annotated[str, typer.Option(help="When it stops.")],
    ) -> None:
        """Let one class take place at another time."""
        with context.galeria() as galeria:
            found = galeria.schedules.change(lab, name, when, start=start, stop=stop)
        context.done(found, f"The class of {when} takes place from {start} to {stop}.")

    @remote(schedule, "restore")
    def restore(context: CliContext, lab: Lab, name: Name, when: When) -> None:
        """Let one class take place as planned again."""
        with context.galeria() as galeria:
            found = galeria.schedules.restore(lab, name, when)
        context.done(found, f"The class of {when} takes place as planned.")


def _row(schedule: dict[str, Any]) -> list[str]:
    properties = schedule["properties"]
    pattern = properties.get("recurrencePattern") or {}
    repeats = " ".join([pattern.get("frequency", "Once"), *(day[:3] for day in pattern.get("weekDays", ()))])
    return [
        str(schedule["name"]),
        _local(properties.get("startAt")),
        _local(properties["stopAt"]),
        str(properties["timeZoneId"]),
        repeats,
        str(len((properties.get("galeria") or {}).get("changes", ()))),
    ]


def _local(text: str | None) -> str:
    return text[:16].replace("T", " ") if text else "-"

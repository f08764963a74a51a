"""galeria lab update, earlier, bring-back, kept-work, restore-work: students' work through new revisions and after."""

from typing import Annotated, Any

import typer

from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns
from galeria.interfaces.cli.kit.wait import Wait, wait_for

Lab = Annotated[str, typer.Argument(help="The lab's name or id.")]


Machine = Annotated[str, typer.Argument(help="The student's machine, such as student-7.")]


def add_work_commands(lab: typer.Typer) -> None:
    _add_update_commands(lab)

    @remote(lab, "kept-work")
    def kept_work(context: CliContext, name: Lab) -> None:
        """Work disks of people who left a lab, or whose lab was deleted, that could be given back to them in this lab."""
        with context.galeria() as galeria:
            found = galeria.labs.kept_work(name)
        context.show(found, lambda: columns(["Id", "Person", "From", "Until", "Machine"], map(_row, found)))

    @remote(lab, "restore-work")
    def restore_work(
        context: CliContext, name: Lab, id: Annotated[str, typer.Argument(help="The disk's id, as kept-work lists it.")]
    ) -> None:
        """Give a kept work disk to its person's machine in the lab, which is off. The work disk there is kept in its stead."""
        with context.galeria() as galeria:
            done = galeria.labs.restore_work(name, id)
        context.done(done, f"The work is in {done['machine']} from its next start on.")


def _add_update_commands(lab: typer.Typer) -> None:
    @remote(lab, "update")
    def update(
        context: CliContext,
        name: Lab,
        machine: Annotated[str, typer.Option(help="Only this one. [default: all on an earlier revision]")] = "",
        at_stop: Annotated[
            bool, typer.Option("--at-stop", help="Each once it is off, so that nobody is disturbed.")
        ] = False,
        wait: Wait = True,
    ) -> None:
        """Make students' machines anew from the lab's newest revision. What they were is kept for 14 days."""
        with context.galeria() as galeria:
            if not machine:
                done = galeria.machines.update_all(name, at_stop=at_stop)
                context.done(done, f"{done['begun']} are updated now, {done['later']} at their next stop.")
                return
            wait_for(context, galeria, galeria.machines.update(name, machine, at_stop=at_stop), wait=wait)
            found = galeria.machines.get(name, machine)
        later = found["properties"]["galeria"]["updatesAtStop"]
        context.done(found, "It is updated at its next stop." if later else "It was made anew, and is off.")

    @remote(lab, "earlier")
    def earlier(context: CliContext, name: Lab, machine: Machine) -> None:
        """What is kept of a student's machine from before it was made anew."""
        with context.galeria() as galeria:
            found = galeria.machines.earlier(name, machine)
        rows = [(each["id"], str(each["revision"]), each["keptAt"][:16], each["keptUntil"][:10]) for each in found]
        context.show(found, lambda: columns(["Id", "Revision", "Kept at", "Until"], rows))

    @remote(lab, "bring-back")
    def bring_back(
        context: CliContext,
        name: Lab,
        machine: Machine,
        id: Annotated[str, typer.Argument(help="The earlier machine's id, as earlier lists it.")],
        wait: Wait = True,
    ) -> None:
        """Put an earlier state of a student's machine in the place of the present one, which is kept in its stead."""
        with context.galeria() as galeria:
            wait_for(context, galeria, galeria.machines.bring_back(name, machine, id), wait=wait)
            found = galeria.machines.get(name, machine)
        context.done(
            found, f"The machine stands on revision {found['properties']['galeria']['revision']} again, and is off."
        )


def _row(kept: dict[str, Any]) -> tuple[str, ...]:
    return kept["id"], kept["email"], kept["lab"], kept["keptUntil"][:10], kept["whyNot"] or kept["machine"]

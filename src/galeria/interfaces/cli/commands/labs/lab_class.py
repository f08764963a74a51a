"""galeria lab publish, set: a lab's machines for students."""

from pathlib import Path
from typing import Annotated

import typer

from galeria.domain.durations import HOUR
from galeria.domain.errors import Invalid
from galeria.domain.labs.profiles import MAX_QUOTA
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.wait import Wait, wait_for

STUDENT_PASSWORD = "GALERIA_STUDENT_PASSWORD"

Lab = Annotated[str, typer.Argument(help="The lab's name or id.")]


def add_class_commands(lab: typer.Typer) -> None:
    @remote(lab, "publish")
    def publish(context: CliContext, name: Lab, wait: Wait = True) -> None:
        """Make machines for students, as many as the lab's capacity, from what its template holds now.

        The template is shut down for it. Machines that students hold stay as they are until they are reimaged.
        """
        with context.galeria() as galeria:
            wait_for(context, galeria, galeria.labs.publish(name), wait=wait)
            found = galeria.labs.get(name)
        count = found["properties"]["virtualMachineProfile"]["sku"]["capacity"]
        context.done(found, f"The lab is {found['properties']['state']}, for {count} students.")

    @remote(lab, "set")
    def change(
        context: CliContext,
        name: Lab,
        capacity: Annotated[int | None, typer.Option(help="Machines for students: 0 to 400.")] = None,
        shared_password: Annotated[
            bool | None,
            typer.Option("--shared-password/--own-passwords", help="One password for all, or everybody's own."),
        ] = None,
        open_access: Annotated[
            bool | None, typer.Option("--open/--listed", help="Everybody with the link may register, or the listed.")
        ] = None,
        work_disk: Annotated[
            int | None, typer.Option(help="The size in GiB of each student's work disk, which survives; 0 for none.")
        ] = None,
        hours: Annotated[
            float | None, typer.Option(help="Hours that each student may use theirs outside of classes: 0 to 9999.")
        ] = None,
        student: Annotated[
            str, typer.Option(help="The name of an account without administrator's rights, which students use.")
        ] = "",
        student_password_file: Annotated[
            Path | None, typer.Option(help=f"Read that account's password from here. [else {STUDENT_PASSWORD}]")
        ] = None,
        wait: Wait = True,
    ) -> None:
        """Change what a lab gives its students. A published lab gets more machines, or fewer that nobody holds."""
        if (capacity, shared_password, open_access, work_disk, hours) == (None,) * 5 and not student:
            raise Invalid(
                Message("There is nothing to change."), hint=Message("Name an option, such as --capacity 30.")
            )
        quota = None if hours is None else _seconds(hours)
        account = (student, _password(context, student, student_password_file)) if student else None
        with context.galeria() as galeria:
            work = galeria.labs.change(
                name,
                capacity=capacity,
                shared_password=shared_password,
                open_access=open_access,
                student=account,
                work_disk=work_disk,
                quota=quota,
            )
            wait_for(context, galeria, work, wait=wait)
            found = galeria.labs.get(name)
        context.done(found, f"The lab '{found['name']}' was changed.")


def _seconds(hours: float) -> int:
    if not 0 <= hours * HOUR <= MAX_QUOTA:  # neither is what `float` reads as infinite or as no number
        raise Invalid(Message("So many hours are not possible."), hint=Message("It is 0 to 9999 hours: --hours 20."))
    return round(hours * HOUR)


def _password(context: CliContext, student: str, file: Path | None) -> str:
    return context.secret(STUDENT_PASSWORD, file, f"Password for {student} in the machines")

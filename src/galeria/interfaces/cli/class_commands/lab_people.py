"""galeria lab people, add-people, invite, remove-person: who a lab is for."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from galeria.domain.errors import Invalid, NotFound
from galeria.domain.labs.addresses import address_key
from galeria.domain.messages import Message
from galeria.domain.rosters.reading import read_people
from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns

Lab = Annotated[str, typer.Argument(help="The lab's name or id.")]


def add_people_commands(lab: typer.Typer) -> None:
    _add_list_command(lab)
    _add_adding_command(lab)
    _add_inviting_command(lab)
    _add_removing_command(lab)


def _add_list_command(lab: typer.Typer) -> None:
    @remote(lab, "people")
    def people(context: CliContext, name: Lab) -> None:
        """Who is on a lab's list, who has registered, and whose invitation was sent."""
        with context.galeria() as galeria:
            found = galeria.lab_users.list(name)
        context.show(found, lambda: columns(["Address", "Name", "Registration", "Invitation"], map(_row, found)))


def _add_adding_command(lab: typer.Typer) -> None:
    @remote(lab, "add-people")
    def add_people(
        context: CliContext,
        name: Lab,
        file: Annotated[
            Path, typer.Argument(help="CSV, a text with addresses, or a OneRoster zip; '-': what is typed.")
        ],
        class_id: Annotated[str, typer.Option("--class", help="Only this class of a OneRoster export.")] = "",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    ) -> None:
        """Add everybody of a file to a lab's list. What is wrong with a line is told beside its number."""
        reading = read_people(_read(file), class_id=class_id)
        with context.galeria() as galeria:
            there = {address_key(each["properties"]["email"]) for each in galeria.lab_users.list(name)}
            new = [each for each in reading.entries if address_key(each.email) not in there]
            for each in () if dry_run else new:
                galeria.lab_users.add(name, each.email)
        result = {
            "added": [] if dry_run else [each.email for each in new],
            "new": [each.email for each in new],
            "known": len(reading.entries) - len(new),
            "faults": [{"line": each.line, "why": str(each.why)} for each in reading.faults],
        }
        told = [f"Line {each.line}: {each.why}" for each in reading.faults]
        done = "would be added" if dry_run else "were added"
        context.done(result, "\n".join([*told, f"{len(new)} {done}, {result['known']} were there already."]))


def _add_inviting_command(lab: typer.Typer) -> None:
    @remote(lab, "invite")
    def invite(
        context: CliContext,
        name: Lab,
        text: Annotated[str, typer.Option(help="Your words to them, above the link.")] = "",
        again: Annotated[bool, typer.Option("--again", help="Also who was invited before.")] = False,
    ) -> None:
        """Invite by mail everybody on a lab's list who has not registered."""
        waiting = {"NotSent", "Failed"} | ({"Sent"} if again else set())
        with context.galeria() as galeria:
            found = [
                each
                for each in galeria.lab_users.list(name)
                if each["properties"]["registrationState"] == "NotRegistered"
                and each["properties"]["invitationState"] in waiting
            ]
            for each in found:
                galeria.lab_users.invite(name, each["name"], text)
            names = {each["name"] for each in found}
            states = [each["properties"] for each in galeria.lab_users.list(name) if each["name"] in names]
        failed = [each["email"] for each in states if each["invitationState"] == "Failed"]
        told = f"{len(found) - len(failed)} are being invited."
        if failed:
            told += f" {len(failed)} could not be: the lab's page says why."
        context.done({"invited": [each["email"] for each in states], "failed": failed}, told)


def _add_removing_command(lab: typer.Typer) -> None:
    @remote(lab, "remove-person")
    def remove_person(
        context: CliContext, name: Lab, who: Annotated[str, typer.Argument(help="The address, or the user's name.")]
    ) -> None:
        """Remove somebody from a lab. The machine is made anew for somebody else, and what is in it is lost."""
        with context.galeria() as galeria:
            found = galeria.lab_users.find(name, who)
            if found is None:
                raise NotFound(
                    Message("Nobody on the list of '{lab}' is '{who}'.", lab=name, who=who),
                    hint=Message("See who is: galeria lab people {lab}.", lab=name),
                )
            galeria.lab_users.remove(name, found["name"])
        context.done(found, f"{found['properties']['email']} was removed.")


def _row(user: dict[str, Any]) -> tuple[Any, ...]:
    properties = user["properties"]
    return (
        properties["email"],
        properties.get("displayName"),
        properties.get("registrationState"),
        properties.get("invitationState"),
    )


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(
            Message("'{path}' cannot be read: {reason}.", path=str(file), reason=error.strerror or str(error)),
            hint=Message("Name a file that you may read."),
        ) from error

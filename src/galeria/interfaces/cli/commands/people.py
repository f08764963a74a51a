"""galeria person: people and programs that may sign in."""

from pathlib import Path
from typing import Annotated

import typer

from galeria.interfaces.cli.commands.person_secrets import add_secret_commands
from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns

PASSWORD = "GALERIA_PERSON_PASSWORD"
PasswordFile = Annotated[Path | None, typer.Option("--password-file", help=f"Read it from here. [else {PASSWORD}]")]


def add_person_commands(app: typer.Typer) -> None:
    person = noun(app, "person", "People and programs that may sign in. For Owners.")
    add_secret_commands(person)

    @remote(person, "create")
    def create(
        context: CliContext,
        name: Annotated[str, typer.Argument(help="What is typed at sign-in, such as ana.")],
        display_name: Annotated[str, typer.Option(help="What others see. [default: the name]")] = "",
        program: Annotated[bool, typer.Option("--program", help="A service principal, for scripts.")] = False,
        password_file: PasswordFile = None,
    ) -> None:
        """Add somebody, without any role yet. Where no password is given a new one is made and shown this once."""
        given = (
            context.secret(PASSWORD, password_file, "") if password_file or PASSWORD in context.environment else None
        )
        kind = "ServicePrincipal" if program else "User"
        with context.galeria() as galeria:
            made = galeria.people.create(name, display_name=display_name, password=given, kind=kind)
        shown = f" Shown this once, the secret: {made['secret']}" if made.get("secret") else ""
        sign_in = f"client id {made['name']}" if program else f"name {made['name']}"
        context.done(made, f"'{made.get('displayName') or made['name']}' can sign in with the {sign_in}.{shown}")

    @remote(person, "list")
    def list_people(context: CliContext) -> None:
        """Everybody who may sign in."""
        with context.galeria() as galeria:
            people = galeria.people.list()
        rows = [(each["name"], each.get("displayName"), each.get("kind"), each["id"]) for each in people]
        context.show(people, lambda: columns(["Name", "Display name", "Kind", "Id"], rows))

    @remote(person, "set-password")
    def set_password(
        context: CliContext, name: Annotated[str, typer.Argument(help="Whose.")], password_file: PasswordFile = None
    ) -> None:
        """Set a new password; all sign-ins of that person end. Your own needs GALERIA_PASSWORD to hold the old one."""
        new = context.secret(PASSWORD, password_file, f"New password for {name}")
        with context.galeria() as galeria:
            galeria.people.set_password(name, new=new, old=context.environment.get("GALERIA_PASSWORD"))
        context.done({"name": name}, f"'{name}' signs in with the new password now.")

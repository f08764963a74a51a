"""galeria person rotate, secrets, remove-secret, identity, revoke: secrets of programs, and the end of tokens."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns

Name = Annotated[str, typer.Argument(help="Whose: a client id or object id.")]
Days = Annotated[int | None, typer.Option("--days", help="It works for so many days. [else until removed]", min=1)]


def add_secret_commands(person: typer.Typer) -> None:
    _add_secrets(person)
    _add_ends(person)


def _add_secrets(person: typer.Typer) -> None:
    @remote(person, "rotate")
    def rotate(
        context: CliContext,
        name: Name,
        days: Days = None,
        keep_old: Annotated[
            int | None,
            typer.Option(help="Old secrets work for so many more days; 0: no more. [else until removed]", min=0),
        ] = None,
    ) -> None:
        """Make a new secret for a program, shown this once. The old one goes on working meanwhile."""
        with context.galeria() as galeria:
            made = galeria.secrets.rotate(name, expires_at=_in(days), old_until=_in(keep_old))
        context.done(made, f"The new secret of '{name}', shown this once: {made['secret']}")

    @remote(person, "secrets")
    def list_secrets(context: CliContext, name: Name) -> None:
        """The secrets of a program, without their values."""
        with context.galeria() as galeria:
            found = galeria.secrets.list(name)
        context.show(found, lambda: _table(found))

    @remote(person, "identity")
    def identity(context: CliContext, name: Name, days: Days = None) -> None:
        """Print what programs in a machine need for 'az login --identity' as this service principal, this once."""
        with context.galeria() as galeria:
            made = galeria.secrets.identify(name, expires_at=_in(days))
        # Plain lines for a shell or an environment file, without colours and wrapping.
        lines = f"export IDENTITY_ENDPOINT={made['endpoint']}\nexport IDENTITY_HEADER={made['secret']}\n"
        if context.is_json:
            context.say_json(made)
        else:
            context.out.file.write(lines)


def _add_ends(person: typer.Typer) -> None:
    @remote(person, "remove-secret")
    def remove_secret(
        context: CliContext,
        name: Name,
        id: Annotated[str, typer.Argument(help="As 'galeria person secrets' shows it.")],
    ) -> None:
        """Remove a secret or identity of a program; it stops working at once."""
        with context.galeria() as galeria:
            removed = galeria.secrets.remove(name, id)
        context.done({"removed": removed}, "The secret is removed." if removed else f"'{name}' has no secret '{id}'.")

    @remote(person, "revoke")
    def revoke(context: CliContext, name: Name) -> None:
        """Sign a person or program out everywhere, at once. Passwords and secrets go on working."""
        with context.galeria() as galeria:
            revoked = galeria.secrets.revoke(name)
        context.done(revoked, f"'{name}' is signed out everywhere; tokens from before are refused.")


def _in(days: int | None) -> datetime | None:
    return None if days is None else datetime.now(UTC) + timedelta(days=days)


def _table(secrets: list[dict[str, Any]]) -> Table:
    rows = [(each["id"], each["kind"], each["createdAt"], each.get("expiresAt") or "-") for each in secrets]
    return columns(["Id", "Kind", "Made", "Works until"], rows)

"""galeria role: who may do what, and where."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.people.principals import ROLES
from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns
from galeria.interfaces.cli.kit.wording import last_part
from galeria.interfaces.client.short_names import ShortNames

SCOPES = "subscription, group, account, group:NAME, account:NAME, gallery:NAME, lab:NAME, or a whole id"

Who = Annotated[str, typer.Argument(help="A sign-in name, client id or object id.")]
RoleName = Annotated[str, typer.Argument(help=f"One of: {', '.join(ROLES)}.")]
Scope = Annotated[str, typer.Option("--scope", help=f"Where, and everything below: {SCOPES}.")]


def add_role_commands(app: typer.Typer) -> None:
    role = noun(app, "role", "Roles: who may do what, and where.")

    @remote(role, "give")
    def give(context: CliContext, who: Who, role: RoleName, scope: Scope = "account") -> None:
        """Give somebody a role."""
        with context.galeria() as galeria:
            place = scope_id(galeria.names, scope)
            given = galeria.roles.give(who, role, place)
        context.done(given, f"'{who}' is {role} of {place} now.")

    @remote(role, "take")
    def take(context: CliContext, who: Who, role: RoleName, scope: Scope = "account") -> None:
        """Take a role that was given at exactly this scope."""
        with context.galeria() as galeria:
            place = scope_id(galeria.names, scope)
            taken = galeria.roles.take(who, role, place)
        sentence = f"'{who}' is no longer {role} of {place}." if taken else f"'{who}' was not {role} of {place}."
        context.done({"taken": taken}, sentence)

    @remote(role, "list")
    def list_roles(
        context: CliContext,
        scope: Scope = "subscription",
        who: Annotated[str, typer.Option(help="Only those of this person.")] = "",
    ) -> None:
        """The roles that reach a scope, or are given below it."""
        with context.galeria() as galeria:
            found = galeria.roles.list(scope_id(galeria.names, scope), who=who)
        context.show(found, lambda: _table(found))


def scope_id(names: ShortNames, scope: str) -> str:
    """Return the id that a word such as account or lab:NAME stands for. Raises Invalid."""
    if scope.startswith("/"):
        return scope
    kind, _, name = scope.partition(":")
    if kind == "subscription" and not name:
        return names.scope
    if kind == "group":
        return str(names.group_id(name))
    if kind == "account":
        return str(names.account_id(name))
    if kind == "gallery" and name:
        return str(names.gallery(name))
    if kind == "lab" and name:
        return str(names.lab(name))
    raise Invalid(
        Message("'{scope}' is not a scope.", scope=scope),
        hint=Message("Scopes: {scopes}.", scopes=SCOPES),
        target="scope",
    )


def _table(assignments: list[dict[str, Any]]) -> Table:
    names = {role.id: role.name for role in ROLES.values()}
    rows = []
    for each in assignments:
        properties, ours = each["properties"], each["properties"].get("galeria") or {}
        role = last_part(properties.get("roleDefinitionId"))
        who = ours.get("principalName") or properties.get("principalId")
        rows.append((who, names.get(role, role), properties.get("scope")))
    return columns(["Who", "Role", "Scope"], rows)

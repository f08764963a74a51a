"""galeria group: resource groups."""

from typing import Annotated

import typer

from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import columns


def add_group_commands(app: typer.Typer) -> None:
    group = noun(app, "group", "Resource groups: where galleries, accounts and labs live.")

    @remote(group, "create")
    def create(
        context: CliContext,
        name: Annotated[str, typer.Argument(help="Its name.")],
        region: Annotated[str, typer.Option("--region", "-r", help="Where it is kept.")],
    ) -> None:
        """Make a resource group."""
        with context.galeria() as galeria:
            made = galeria.groups.put(name, region=region)
        context.done(made, f"The resource group '{made['name']}' is in {made['location']}.")

    @remote(group, "list")
    def list_groups(context: CliContext) -> None:
        """The resource groups that you may see."""
        with context.galeria() as galeria:
            groups = galeria.groups.list()
        context.show(groups, lambda: columns(["Name", "Region"], [(each["name"], each["location"]) for each in groups]))

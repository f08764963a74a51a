"""galeria group: resource groups."""

from typing import Annotated

import typer

from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import Desk
from galeria.interfaces.cli.kit.table import columns


def add_group_commands(app: typer.Typer) -> None:
    group = noun(app, "group", "Resource groups: where galleries, accounts and labs live.")

    @remote(group, "create")
    def create(
        desk: Desk,
        name: Annotated[str, typer.Argument(help="Its name.")],
        region: Annotated[str, typer.Option("--region", "-r", help="Where it is kept.")],
    ) -> None:
        """Make a resource group."""
        with desk.galeria() as galeria:
            made = galeria.groups.put(name, region=region)
        desk.done(made, f"The resource group '{made['name']}' is in {made['location']}.")

    @remote(group, "list")
    def list_groups(desk: Desk) -> None:
        """The resource groups that you may see."""
        with desk.galeria() as galeria:
            groups = galeria.groups.list()
        desk.show(groups, lambda: columns(["Name", "Region"], [(each["name"], each["location"]) for each in groups]))

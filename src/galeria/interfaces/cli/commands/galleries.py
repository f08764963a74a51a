"""galeria gallery: shared image galleries."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.regions import Region
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.interfaces.cli.kit.version_rows import lab_names
from galeria.interfaces.cli.kit.wait import Yes, wait_for
from galeria.interfaces.cli.kit.wording import listed, money, size
from galeria.interfaces.client.galeria import Galeria

Name = Annotated[str, typer.Argument(help="The gallery's name or id.")]
OptionalName = Annotated[str, typer.Argument(help="The gallery's name or id. [default: the account's attached one]")]


def add_gallery_commands(app: typer.Typer) -> None:
    gallery = noun(app, "gallery", "Shared image galleries.")
    _add_changing_commands(gallery)

    @remote(gallery, "list")
    def list_galleries(context: CliContext) -> None:
        """The galleries that you may see."""
        with context.galeria() as galeria:
            galleries = galeria.galleries.list()
        rows = [(each["name"], each["location"], each["properties"].get("description")) for each in galleries]
        context.show(galleries, lambda: columns(["Name", "Region", "Description"], rows))

    @remote(gallery, "show")
    def show(context: CliContext, name: OptionalName = "") -> None:
        """One gallery."""
        with context.galeria() as galeria:
            found = galeria.galleries.get(name or galeria.accounts.attached_gallery())
        context.show(found, lambda: _facts(found))

    @remote(gallery, "costs")
    def costs(context: CliContext, name: OptionalName = "") -> None:
        """What every version occupies and costs per region, and which labs use it."""
        with context.galeria() as galeria:
            found = galeria.galleries.costs(name or galeria.accounts.attached_gallery())
        context.show(found, lambda: _costs_table(found))
        if not context.is_json:
            context.say(f"In all per month: {money(found['totalPerMonth'], found['currency'])}")
            remark_examples(context, found)
            if found.get("copiesNotMeasuredYet"):
                context.remark(
                    f"Copies that are not measured yet: {found['copiesNotMeasuredYet']}. Ask again in a minute."
                )


def _add_changing_commands(gallery: typer.Typer) -> None:
    @remote(gallery, "create")
    def create(
        context: CliContext,
        name: Name,
        region: Region = "",
        description: Annotated[str, typer.Option(help="What it is for.")] = "",
    ) -> None:
        """Make a gallery. Attach it to a lab account to use its images: galeria account attach."""
        with context.galeria() as galeria:
            made = create_gallery(context, galeria, name, region, description)
        context.done(made, f"The gallery '{made['name']}' is in {made['location']}.")

    @remote(gallery, "delete")
    def delete(context: CliContext, name: Name, yes: Yes = False) -> None:
        """Delete an empty gallery that no account has attached."""
        context.confirm(f"Delete the gallery '{name}'?", yes=yes)
        with context.galeria() as galeria:
            wait_for(context, galeria, galeria.galleries.delete(name))
        context.done({"deleted": name}, f"The gallery '{name}' is gone.")


def create_gallery(context: CliContext, galeria: Galeria, name: str, region: str, description: str) -> dict[str, Any]:
    """Create a gallery, wait, and return it as the server shows it."""
    place = region or galeria.groups.region_of(galeria.names.gallery(name))
    wait_for(context, galeria, galeria.galleries.put(name, region=place, description=description))
    return galeria.galleries.get(name)


def remark_examples(context: CliContext, found: dict[str, Any]) -> None:
    if found.get("pricesAreExamples"):
        context.remark("The prices are examples until an administrator has set them.")


def _facts(gallery: dict[str, Any]) -> Table:
    properties = gallery["properties"]
    return facts(
        [
            ("Name", gallery["name"]),
            ("Region", gallery["location"]),
            ("Description", properties.get("description")),
            ("State", properties.get("provisioningState")),
            ("Id", gallery["id"]),
        ]
    )


def _costs_table(costs: dict[str, Any]) -> Table:
    rows = [
        (
            each.get("displayName") or each["image"],
            each["version"],
            region["region"],
            size(region.get("storedBytes")),
            size(region.get("wholeBytes")),
            money(region.get("pricePerMonth"), costs["currency"]),
            listed(lab_names(each)),
        )
        for each in costs["value"]
        for region in each["regions"]
    ]
    headings = ["Image", "Version", "Region", "Stored", "Whole", "Per month", "Labs"]
    return columns(headings, rows, right=frozenset({3, 4, 5}))

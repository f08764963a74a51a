"""galeria gallery: shared image galleries."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import Desk
from galeria.interfaces.cli.kit.regions import Region
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.interfaces.cli.kit.wait import Yes, settled
from galeria.interfaces.cli.kit.wording import listed, money, size
from galeria.interfaces.client.galeria import Galeria

Name = Annotated[str, typer.Argument(help="The gallery's name or id.")]
OptionalName = Annotated[str, typer.Argument(help="The gallery's name or id. [default: the account's attached one]")]


def add_gallery_commands(app: typer.Typer) -> None:
    gallery = noun(app, "gallery", "Shared image galleries.")
    _add_changing_commands(gallery)

    @remote(gallery, "list")
    def list_galleries(desk: Desk) -> None:
        """The galleries that you may see."""
        with desk.galeria() as galeria:
            galleries = galeria.galleries.list()
        rows = [(each["name"], each["location"], each["properties"].get("description")) for each in galleries]
        desk.show(galleries, lambda: columns(["Name", "Region", "Description"], rows))

    @remote(gallery, "show")
    def show(desk: Desk, name: OptionalName = "") -> None:
        """One gallery."""
        with desk.galeria() as galeria:
            found = galeria.galleries.get(name or galeria.accounts.attached_gallery())
        desk.show(found, lambda: _facts(found))

    @remote(gallery, "costs")
    def costs(desk: Desk, name: OptionalName = "") -> None:
        """What every version occupies and costs per region, and which labs use it."""
        with desk.galeria() as galeria:
            found = galeria.galleries.costs(name or galeria.accounts.attached_gallery())
        desk.show(found, lambda: _costs_table(found))
        if not desk.is_json:
            desk.say(f"In all per month: {money(found['totalPerMonth'], found['currency'])}")
            remark_examples(desk, found)


def _add_changing_commands(gallery: typer.Typer) -> None:
    @remote(gallery, "create")
    def create(
        desk: Desk,
        name: Name,
        region: Region = "",
        description: Annotated[str, typer.Option(help="What it is for.")] = "",
    ) -> None:
        """Make a gallery. Attach it to a lab account to use its images: galeria account attach."""
        with desk.galeria() as galeria:
            made = create_gallery(desk, galeria, name, region, description)
        desk.done(made, f"The gallery '{made['name']}' is in {made['location']}.")

    @remote(gallery, "delete")
    def delete(desk: Desk, name: Name, yes: Yes = False) -> None:
        """Delete an empty gallery that no account has attached."""
        desk.confirm(f"Delete the gallery '{name}'?", yes=yes)
        with desk.galeria() as galeria:
            settled(desk, galeria, galeria.galleries.delete(name))
        desk.done({"deleted": name}, f"The gallery '{name}' is gone.")


def create_gallery(desk: Desk, galeria: Galeria, name: str, region: str, description: str) -> dict[str, Any]:
    """As the server shows it when it is there."""
    place = region or galeria.groups.region_of(galeria.names.gallery(name))
    settled(desk, galeria, galeria.galleries.put(name, region=place, description=description))
    return galeria.galleries.get(name)


def remark_examples(desk: Desk, found: dict[str, Any]) -> None:
    if found.get("pricesAreExamples"):
        desk.remark("The prices are examples until an administrator has set them.")


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
            size(region["storedBytes"]),
            size(region["wholeBytes"]),
            money(region["pricePerMonth"], costs["currency"]),
            listed([lab.get("title") or lab["name"] for lab in each.get("labs") or []]),
        )
        for each in costs["value"]
        for region in each["regions"]
    ]
    headings = ["Image", "Version", "Region", "Stored", "Whole", "Per month", "Labs"]
    return columns(headings, rows, right=frozenset({3, 4, 5}))

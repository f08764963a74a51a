"""galeria image list, show, enable, disable: the images that a lab account offers, and those of a gallery."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.domain.errors import Forbidden, NotFound
from galeria.interfaces.cli.commands.image_changes import add_image_change_commands
from galeria.interfaces.cli.commands.image_import import add_import_command
from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.found_rows import found_rows
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.interfaces.cli.kit.version_rows import HEADINGS, version_row, version_table
from galeria.interfaces.cli.kit.wording import listed, yes
from galeria.interfaces.client.galeria import Galeria

Name = Annotated[str, typer.Argument(help="The image's name or display name.")]
InRegion = Annotated[str, typer.Option("--region", "-r", help="As a lab there would see it. [default: the account's]")]
InGallery = Annotated[str, typer.Option("--gallery", help="Look into this gallery itself, not through the account.")]


def add_image_commands(app: typer.Typer) -> None:
    image = noun(app, "image", "Images: import, offer, copy to regions, delete.")
    add_import_command(image)

    @remote(image, "list")
    def list_images(context: CliContext, region: InRegion = "", gallery: InGallery = "") -> None:
        """What the account offers for labs in a region; images that cannot be used are shown with reason and remedy."""
        with context.galeria() as galeria:
            if gallery:
                _list_gallery(context, galeria, gallery)
                return
            images = galeria.images.list(region=region)
        context.show(images, lambda: _offers_table(images))

    @remote(image, "show")
    def show(context: CliContext, name: Name, region: InRegion = "") -> None:
        """One image: how the account offers it, its versions where you may see them, and what is on the newest one's disk."""
        with context.galeria() as galeria:
            found = galeria.images.get(name, region=region)
            versions = _find_versions(galeria, found["properties"]["sharedGalleryId"])
        context.show({"image": found, "versions": versions}, lambda: _offer_facts(found))
        if versions and not context.is_json:
            context.say("")
            context.out.print(version_table(versions))
            newest = max(versions, key=lambda each: [int(part) for part in each["name"].split(".")])
            context.say(f"\nOn the disk of {newest['name']}:")
            context.out.print(facts(found_rows(newest)))

    @remote(image, "enable")
    def enable(context: CliContext, name: Name) -> None:
        """Offer an image of the attached gallery for labs of the account."""
        _switch(context, name, enabled=True)

    @remote(image, "disable")
    def disable(context: CliContext, name: Name) -> None:
        """Offer it no more. Labs made from it stay."""
        _switch(context, name, enabled=False)

    add_image_change_commands(image)


def _switch(context: CliContext, name: str, *, enabled: bool) -> None:
    with context.galeria() as galeria:
        found = galeria.images.enable(name, enabled=enabled)
    state = "offered" if enabled else "no longer offered"
    context.done(found, f"The image '{name}' is {state} for new labs of '{galeria.names.account}'.")


def _list_gallery(context: CliContext, galeria: Galeria, gallery: str) -> None:
    definitions = galeria.definitions.list(gallery)
    listed_versions = [(each, galeria.versions.list(gallery, each["id"])) for each in definitions]
    value = [{**definition, "versions": versions} for definition, versions in listed_versions]
    context.show(value, lambda: _gallery_table(listed_versions))


def _gallery_table(listed_versions: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> Table:
    rows = []
    for definition, versions in listed_versions:
        properties = definition["properties"]
        first = [definition["name"], properties["osType"], properties["osState"], properties.get("hyperVGeneration")]
        rows += [first + version_row(each) for each in versions] or [[*first, *[""] * len(HEADINGS)]]
    return columns(["Image", "OS", "OS state", "Gen", *HEADINGS], rows, right=frozenset({6, 7}))


def _find_versions(galeria: Galeria, definition_id: str) -> list[dict[str, Any]] | None:
    """Return the versions; None for people who may use the image but not read the gallery."""
    try:
        return galeria.versions.list("", definition_id)
    except (Forbidden, NotFound):
        return None


def _offers_table(images: list[dict[str, Any]]) -> Table:
    rows = []
    for each in images:
        properties, ours = each["properties"], each["properties"].get("galeria") or {}
        rows.append(
            (
                each["name"],
                properties.get("displayName"),
                properties.get("osType"),
                properties.get("osState"),
                ours.get("version"),
                listed(properties.get("availableRegions")),
                yes(bool(ours.get("usable"))),
                " ".join(_obstacle(obstacle) for obstacle in ours.get("obstacles") or []),
            )
        )
    headings = ["Image", "Display name", "OS", "OS state", "Latest", "Regions", "Usable", "Reason and remedy"]
    return columns(headings, rows)


def _offer_facts(image: dict[str, Any]) -> Table:
    properties, ours = image["properties"], image["properties"].get("galeria") or {}
    obstacles = [("Why not", _obstacle(each)) for each in ours.get("obstacles") or []]
    return facts(
        [
            ("Name", image["name"]),
            ("Display name", properties.get("displayName")),
            ("OS", f"{properties.get('osType')}, {properties.get('osState')}"),
            ("Latest version", ours.get("version")),
            ("Regions", listed(properties.get("availableRegions"))),
            ("Offered", properties.get("enabledState")),
            ("Usable", yes(bool(ours.get("usable")))),
            *obstacles,
            ("Id", properties.get("sharedGalleryId")),
        ]
    )


def _obstacle(obstacle: dict[str, Any]) -> str:
    return f"{obstacle['reason']} ▸ {obstacle['cure']}"

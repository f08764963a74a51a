"""galeria image delete, replicate: commands that change or free stored bytes."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.regions import RegionList, named_regions
from galeria.interfaces.cli.kit.table import columns
from galeria.interfaces.cli.kit.version_rows import lab_names, replica_table
from galeria.interfaces.cli.kit.wait import Wait, Yes, wait_for
from galeria.interfaces.cli.kit.wording import listed, size
from galeria.interfaces.client.galeria import Galeria

Name = Annotated[str, typer.Argument(help="The image's name or display name.")]
InGallery = Annotated[str, typer.Option("--gallery", help="The gallery. [default: the account's attached one]")]


def add_image_change_commands(image: typer.Typer) -> None:
    @remote(image, "replicate")
    def replicate(
        context: CliContext,
        name: Name,
        version: Annotated[str, typer.Argument(help="Such as 1.0.0.")],
        regions: RegionList = None,
        remove: Annotated[list[str] | None, typer.Option("--remove", help="Regions to leave.")] = None,
        gallery: InGallery = "",
        wait: Wait = True,
    ) -> None:
        """Bring a version to more regions, or mend what failed there; with --remove take it out of some."""
        with context.galeria() as galeria:
            definition = definition_id(galeria, gallery, name)
            found = galeria.versions.get("", definition, version)
            begun = galeria.versions.replicate(found, add=named_regions(regions), remove=named_regions(remove))
            wait_for(context, galeria, begun, wait=wait)
            found = galeria.versions.by_id(found["id"])
        context.show(found, lambda: replica_table(found))

    @remote(image, "delete")
    def delete(
        context: CliContext,
        name: Name,
        version: Annotated[str, typer.Argument(help="Only this version. [default: the whole image]")] = "",
        gallery: InGallery = "",
        yes: Yes = False,
    ) -> None:
        """Show what deleting means (labs that use it, bytes freed now and later), ask, and delete."""
        with context.galeria() as galeria:
            definition = definition_id(galeria, gallery, name)
            numbers = [version] if version else [each["name"] for each in galeria.versions.list("", definition)]
            impacts = [galeria.versions.impact("", definition, number) for number in numbers]
            if not context.is_json and impacts:
                context.out.print(_impact_table(numbers, impacts))
            what = f"version {version} of '{name}'" if version else f"the image '{name}' with {len(numbers)} versions"
            context.confirm(f"Delete {what}? Labs made from it keep working.", yes=yes)
            outputs = [_delete_version(context, galeria, definition, number) for number in numbers]
            if not version:
                wait_for(context, galeria, galeria.definitions.delete("", definition))
        context.done({"deleted": numbers, "outputs": outputs}, _freed(what, outputs))


def definition_id(galeria: Galeria, gallery: str, name: str) -> str:
    """Return the id of an image by its name in a gallery, or by its name or display name in the account's gallery."""
    if name.startswith("/"):
        return name
    if gallery:
        return str(galeria.names.image(gallery, name))
    return str(galeria.images.get(name)["properties"]["sharedGalleryId"])


def _delete_version(context: CliContext, galeria: Galeria, definition: str, number: str) -> dict[str, Any]:
    snapshot = wait_for(context, galeria, galeria.versions.delete("", definition, number))
    return snapshot.output if snapshot else {}


def _freed(what: str, outputs: list[dict[str, Any]]) -> str:
    now = sum(sum((each.get("freedBytes") or {}).values()) for each in outputs)
    later = sum(sum((each.get("laterBytes") or {}).values()) for each in outputs)
    waiting = f" {size(later)} more when the labs that stand on it are gone." if later else ""
    return f"Deleted {what}. Freed: {size(now)}.{waiting}"


def _impact_table(numbers: list[str], impacts: list[dict[str, Any]]) -> Table:
    rows = [
        (
            number,
            region["region"],
            size(region["freedNowBytes"]),
            size(region["freedLaterBytes"]),
            listed(lab_names(impact)),
        )
        for number, impact in zip(numbers, impacts, strict=True)
        for region in impact["regions"] or [{"region": "–", "freedNowBytes": 0, "freedLaterBytes": 0}]
    ]
    return columns(["Version", "Region", "Freed now", "Freed later", "Labs"], rows, right=frozenset({2, 3}))

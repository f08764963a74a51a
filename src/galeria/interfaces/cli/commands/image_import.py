"""galeria image import: disk files become image versions; an interrupted upload is continued."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import Generation, OsState, OsType
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.progress import following
from galeria.interfaces.cli.kit.regions import Region, named_regions
from galeria.interfaces.cli.kit.version_rows import version_table
from galeria.interfaces.cli.kit.wait import Wait, wait_for
from galeria.interfaces.client.compute import NewDefinition
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.imports import FileImport, begin_import

NAMED_ONCE = Message("--name, --version and --data-disk belong to one image.")


def add_import_command(image: typer.Typer) -> None:
    @remote(image, "import")
    def import_images(
        context: CliContext,
        files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Disks: VHD, VHDX, VMDK, QCOW2, raw.")],
        name: Annotated[str, typer.Option(help="The image's name. [default: from the file's]")] = "",
        gallery: Annotated[str, typer.Option(help="The gallery. [default: the account's attached one]")] = "",
        os_type: Annotated[OsType | None, typer.Option(help="[default: Linux]")] = None,
        os_state: Annotated[OsState | None, typer.Option(help="[default: Generalized]")] = None,
        generation: Annotated[Generation | None, typer.Option(help="V1: BIOS, V2: UEFI. [default: V2]")] = None,
        version: Annotated[str, typer.Option(help="[default: 1.0.0, or the next after the highest]")] = "",
        region: Region = "",
        regions: Annotated[
            list[str] | None, typer.Option("--regions", help="More regions to bring it to, separated by commas.")
        ] = None,
        data_disk: Annotated[list[Path] | None, typer.Option(help="A further disk; may be repeated.")] = None,
        wait: Wait = True,
    ) -> None:
        """Make an image from a file (of several files, one image each). Run it again after a break: it continues."""
        if len(files) > 1 and (name or version or data_disk):
            raise Invalid(NAMED_ONCE, hint=Message("Import one FILE at a time with them."))
        definition = NewDefinition(
            os_type=_text(os_type), os_state=_text(os_state), generation=_text(generation), display_name=name
        )
        with context.galeria() as galeria:
            place = gallery or galeria.accounts.attached_gallery()
            wanted = [
                FileImport(
                    gallery=place,
                    name=name or file.stem,
                    os_disk=file,
                    data_disks=data_disk or (),
                    version=version,
                    region=region,
                    regions=named_regions(regions),
                    definition=definition,
                )
                for file in files
            ]
            made = [_import(context, galeria, each, wait=wait) for each in wanted]
        context.show(made if len(made) > 1 else made[0], lambda: version_table(made))


def _import(context: CliContext, galeria: Galeria, wanted: FileImport, *, wait: bool) -> dict[str, Any]:
    try:
        with following(context) as follower:
            imported = begin_import(galeria, wanted, heard=follower.file)
    except KeyboardInterrupt:
        context.remark("Stopped. The same command continues where it stopped.")
        raise
    context.remark(f"Making version {imported.version} of '{imported.image}'.")
    wait_for(context, galeria, imported.begun, wait=wait)
    return galeria.versions.get(wanted.gallery, imported.image, imported.version)


def _text(choice: StrEnum | None) -> str:
    return choice.value if choice else ""

"""galeria backup, restore: state, keys and settings of this host's installation in one file, and back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from galeria.domain.serving.backups import Backup
from galeria.interfaces.cli.kit.command import local
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.host_commands import HostCommandsLoader
from galeria.interfaces.cli.kit.table import facts


def add_backup_commands(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    @local(app, "backup")
    def backup(
        context: CliContext, file: Annotated[Path, typer.Argument(help="The file to write. There must be none yet.")]
    ) -> None:
        """Write state, keys and settings to a file, while the server runs or not.

        It holds every secret of the installation: only its owner can read it, and it should be encrypted before it
        goes elsewhere. Images are not in it, nor are machines' disks: back up the stores beside it.
        """
        written = host_commands().backup(context.data, file)
        context.show(_json(written), lambda: facts(_facts(written)))
        for name in written.left_out:
            context.remark(f"Not in it, being too large for settings or secrets: {name}")
        _remark_elsewhere(context, written, "Not in it, but named by the settings")

    @local(app, "restore")
    def restore(
        context: CliContext, file: Annotated[Path, typer.Argument(help="A file that 'galeria backup' has written.")]
    ) -> None:
        """Bring a backup back into a data directory (--data) that has nothing but settings and stores.

        The stores of the regions must be there as well before the server starts: 'galeria store verify' says whether they
        have every image. Machines have no disks on another computer: labs are made again from their images. Never start
        the old installation beside the new one.
        """
        restored = host_commands().restore(context.data, file)
        context.show(_json(restored), lambda: facts(_facts(restored)))
        _remark_elsewhere(context, restored, "Named by the settings, and not in the backup")
        context.remark(f"Next: galeria store verify --data {context.data}, then galeria serve --data {context.data}")


def _remark_elsewhere(context: CliContext, backup: Backup, what: str) -> None:
    for name in backup.elsewhere:
        context.remark(f"{what}: {name}")


def _facts(backup: Backup) -> list[tuple[str, object]]:
    return [
        ("file", str(backup.file)),
        ("bytes", backup.size),
        ("made", f"{backup.created_at.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("by Galeria", backup.version),
        ("tables", backup.revision),
        ("installation", backup.installation),
        ("files in it", len(backup.names)),
    ]


def _json(backup: Backup) -> dict[str, Any]:
    return {
        "file": str(backup.file),
        "bytes": backup.size,
        "createdAt": backup.created_at.isoformat(timespec="seconds"),
        "version": backup.version,
        "revision": backup.revision,
        "installation": backup.installation,
        "files": list(backup.names),
        "leftOut": list(backup.left_out),
        "elsewhere": list(backup.elsewhere),
    }

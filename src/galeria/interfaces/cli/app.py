"""The whole command line."""

import typer

from galeria.interfaces.cli.commands.accounts import add_account_commands
from galeria.interfaces.cli.commands.audit import add_audit_commands
from galeria.interfaces.cli.commands.backups import add_backup_commands
from galeria.interfaces.cli.commands.database import add_database_commands
from galeria.interfaces.cli.commands.galleries import add_gallery_commands
from galeria.interfaces.cli.commands.groups import add_group_commands
from galeria.interfaces.cli.commands.host import add_host_commands
from galeria.interfaces.cli.commands.images import add_image_commands
from galeria.interfaces.cli.commands.labs.labs import add_lab_commands
from galeria.interfaces.cli.commands.labs.schedules import add_schedule_commands
from galeria.interfaces.cli.commands.operations import add_operation_commands
from galeria.interfaces.cli.commands.people import add_person_commands
from galeria.interfaces.cli.commands.relay import add_relay_commands
from galeria.interfaces.cli.commands.roles import add_role_commands
from galeria.interfaces.cli.commands.sign_in import add_signin_commands
from galeria.interfaces.cli.commands.store import add_store_commands
from galeria.interfaces.cli.kit.command import root
from galeria.interfaces.cli.kit.host_commands import HostCommandsLoader


def make_cli(local: HostCommandsLoader) -> typer.Typer:
    """Return the command line. `local` loads the implementation of the commands that need no server."""
    app = typer.Typer(
        name="galeria",
        help="Galeria: labs and a shared image gallery on your own machines.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,  # local variables may hold passwords
        rich_markup_mode=None,
    )
    root(app)
    add_host_commands(app, local)
    add_backup_commands(app, local)
    add_signin_commands(app)
    add_image_commands(app)
    add_gallery_commands(app)
    add_account_commands(app)
    add_lab_commands(app)
    add_schedule_commands(app)
    add_person_commands(app)
    add_role_commands(app)
    add_operation_commands(app)
    add_store_commands(app, local)
    add_database_commands(app, local)
    add_audit_commands(app, local)
    add_relay_commands(app, local)
    add_group_commands(app)
    return app

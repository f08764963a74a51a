"""All commands put together."""

import typer

from galeria.interfaces.cli.accounts import add_account_commands
from galeria.interfaces.cli.command import root
from galeria.interfaces.cli.doors import LocalDoors
from galeria.interfaces.cli.galleries import add_gallery_commands
from galeria.interfaces.cli.groups import add_group_commands
from galeria.interfaces.cli.host import add_host_commands
from galeria.interfaces.cli.images import add_image_commands
from galeria.interfaces.cli.labs import add_lab_commands
from galeria.interfaces.cli.operations import add_operation_commands
from galeria.interfaces.cli.people import add_person_commands
from galeria.interfaces.cli.roles import add_role_commands
from galeria.interfaces.cli.signin import add_signin_commands
from galeria.interfaces.cli.store import add_store_commands


def make_cli(local: LocalDoors) -> typer.Typer:
    """The whole command line. `local` does what is not asked of a server."""
    app = typer.Typer(
        name="galeria",
        help="Galeria: labs and a shared image gallery on your own machines.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,  # Locals may hold passwords.
        rich_markup_mode=None,
    )
    root(app)
    add_host_commands(app, local)
    add_signin_commands(app)
    add_image_commands(app)
    add_gallery_commands(app)
    add_account_commands(app)
    add_lab_commands(app)
    add_person_commands(app)
    add_role_commands(app)
    add_operation_commands(app)
    add_store_commands(app, local)
    add_group_commands(app)
    return app

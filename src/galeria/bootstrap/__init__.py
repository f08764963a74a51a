"""Connect the ports with their adapters and start the program. Nothing is created at import."""

import logging

from galeria.interfaces.cli.app import make_cli
from galeria.interfaces.cli.kit.host_commands import HostCommands


def cli() -> None:
    """Run the command `galeria`."""
    # Commands print their errors themselves; only the server and the worker configure a log when they start.
    logging.getLogger().addHandler(logging.NullHandler())
    make_cli(host_commands)()


def host_commands() -> HostCommands:
    """Return the commands that work on this host itself.

    They are loaded here: with them come database, web server and virtual machines, two seconds that a list need not wait.
    """
    from galeria.bootstrap.host_commands import LocalHostCommands  # noqa: PLC0415

    return LocalHostCommands()

"""Connect the ports with their adapters and start the program. Nothing is created at import."""

import logging

from galeria.bootstrap.host_commands import LocalHostCommands
from galeria.interfaces.cli.app import make_cli


def cli() -> None:
    """Run the command `galeria`."""
    # Commands print their errors themselves; only the server and the worker configure a log when they start.
    logging.getLogger().addHandler(logging.NullHandler())
    make_cli(LocalHostCommands())()

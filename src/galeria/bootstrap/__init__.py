"""The only room that knows who stands behind which port. Nothing is created at import."""

import logging

from galeria.bootstrap.host_commands import LocalHostCommands
from galeria.interfaces.cli.app import make_cli


def cli() -> None:
    """The command `galeria`."""
    # Commands tell their errors themselves; a server keeps a log, and says so when it starts.
    logging.getLogger().addHandler(logging.NullHandler())
    make_cli(LocalHostCommands())()

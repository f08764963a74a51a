"""Shells in machines, as somebody who signs in there has them."""

from typing import Protocol

from galeria.domain.reach.terminals import HostKey, ShellSignIn, TerminalSize


class Shell(Protocol):
    """One session in a machine, with a terminal of its own."""

    @property
    def host_key(self) -> HostKey:
        """The key that the machine has shown."""
        ...

    async def read(self) -> bytes:
        """Returns the next bytes that the machine shows; none once the session is over."""
        ...

    async def write(self, typed: bytes) -> None:
        """Sends what was typed. Waits while the machine takes nothing; what comes after the end is dropped."""
        ...

    def resize(self, size: TerminalSize) -> None:
        """Tells the machine the size of the terminal."""
        ...

    def close(self) -> None:
        """Ends the session. May be repeated."""
        ...


class Shells(Protocol):
    """Opens shells in machines."""

    async def open(self, host: str, port: int, sign_in: ShellSignIn, size: TerminalSize) -> Shell:
        """Signs in and opens a shell.

        Raises SignInRefused, HostKeyChanged before any password is sent, and MachineFailed where nobody answers.
        """
        ...

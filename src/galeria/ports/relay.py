"""Ways into machines from outside: the relay, by which others reach them under the public name, and shells in them."""

from typing import Protocol

from galeria.domain.reach.relay import RelayState, RelayTable
from galeria.domain.reach.terminals import HostKey, ShellSignIn, TerminalSize


class Relay(Protocol):
    """Tells the relay what to do, and reads what it has seen. It goes on with what it was told last while nobody tells it."""

    def follow(self, table: RelayTable) -> None:
        """Tells the relay its table, and starts it where it does not run and has something to do."""
        ...

    def state(self) -> RelayState:
        """Returns what the relay last said; an empty state where it never ran."""
        ...


class MachineComputers(Protocol):
    """Tells on which computers the machines of a region are, where several computers share a database."""

    def find_other(self, region: str) -> str | None:
        """Returns the computer that has the region's machines; None where this one reaches them. Raises Unavailable."""
        ...


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

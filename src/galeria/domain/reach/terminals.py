"""Terminals in the browser: what a session in a machine begins with, and why the machine may refuse it."""

import base64
import hashlib
from dataclasses import dataclass, field

from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message


@dataclass(frozen=True, slots=True)
class HostKey:
    """A machine's public key, as a file of known hosts has it: its type, a space, and the key in base64."""

    line: str

    @property
    def fingerprint(self) -> str:
        """The form in which programs for SSH show a key to people."""
        digest = hashlib.sha256(base64.b64decode(self.line.split(" ")[1])).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class TerminalSize:
    """Columns and rows of letters."""

    columns: int = 80
    rows: int = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class ShellSignIn:
    """Who signs in to a machine, as typed in the terminal. It is kept nowhere.

    `known` is the machine's key as it was before, None where nobody has seen one; `accepted` the fingerprint of another one
    that the person takes all the same.
    """

    user: str
    password: str = field(repr=False)
    known: HostKey | None = None
    accepted: str = ""


class SignInRefused(GaleriaError):
    """The machine refused the name or the password."""

    code = "MachineRefusedSignIn"

    def __init__(self) -> None:
        super().__init__(
            Message("The machine refused the user name or the password."),
            hint=Message("Type them again, or set a new password on the machine's page."),
        )


class HostKeyChanged(GaleriaError):
    """The machine shows another key than before, so that it may be another one. No password was sent to it."""

    code = "HostKeyChanged"

    def __init__(self, known: HostKey, seen: HostKey) -> None:
        super().__init__(
            Message("The machine shows another key than before, so that no password was sent to it."),
            hint=Message("Go on only if its system was installed anew or its keys were made anew."),
        )
        self.known, self.seen = known, seen

"""The context of every command: output, questions to the person, and the server."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from galeria.domain.errors import Canceled, GaleriaError, Invalid, Unauthenticated
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.table import console
from galeria.interfaces.cli.kit.wording import plain
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.local_files import state_folder
from galeria.interfaces.client.server_lookup import FoundServer, LookupOptions, ServerLookup

FAILED = 1
USAGE = 2
DEFAULT_DATA = Path("data")


class OutputFormat(StrEnum):
    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class GlobalOptions:
    """The options of every command; None where they are not given."""

    output: OutputFormat = OutputFormat.TABLE
    endpoint: str | None = None
    ca_file: Path | None = None
    sign_in_as: str | None = None
    data: Path | None = None
    group: str = "galeria"
    account: str = "labs"


class CliContext:
    def __init__(self, options: GlobalOptions, environment: Mapping[str, str]) -> None:
        self.options = options
        self.environment = environment
        self.out: Console = console()
        self.err: Console = console(stderr=True)

    @property
    def is_json(self) -> bool:
        return self.options.output is OutputFormat.JSON

    @property
    def data(self) -> Path:
        """The data directory of an installation on this host."""
        return self.options.data or Path(self.environment.get("GALERIA_DATA") or DEFAULT_DATA)

    @property
    def finder(self) -> ServerLookup:
        return ServerLookup(self.environment, self.ask_for_password)

    @property
    def wanted(self) -> LookupOptions:
        given = self.options
        return LookupOptions(endpoint=given.endpoint, ca_file=given.ca_file, user=given.sign_in_as, data=given.data)

    def found(self) -> FoundServer:
        return self.finder.resolve(self.wanted)

    @contextmanager
    def galeria(self) -> Iterator[Galeria]:
        """Connect with the credentials that were found, and wait for a server that restarts."""
        found = self.found()
        with found.connect(patient=True) as connection:
            yield Galeria.open(
                connection,
                memory=state_folder(self.environment),
                subscription=found.subscription,
                group=self.options.group,
                account=self.options.account,
            )

    def show(self, value: Any, table: Callable[[], Table]) -> None:
        """Print the result of a command, as JSON from the server or as a table."""
        if self.is_json:
            self.say_json(value)
        else:
            self.out.print(table())

    def done(self, value: Any, sentence: str) -> None:
        """Print the result of a command, as JSON or as a sentence."""
        if self.is_json:
            self.say_json(value)
        else:
            self.say(sentence)

    def say(self, sentence: str) -> None:
        self.out.print(Text(sentence))

    def say_json(self, value: Any) -> None:
        self.out.file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def remark(self, sentence: str) -> None:
        """Print a remark for the person at the terminal, which is not part of the result."""
        if not self.is_json:
            self.err.print(Text(sentence))

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask for confirmation.

        Raises Canceled unless the person agrees, Invalid where nobody can be asked and --yes is missing.
        """
        if yes:
            return
        if self.is_json or not sys.stdin.isatty():
            raise Invalid(
                Message("Nobody can be asked to confirm this."),
                hint=Message("Add --yes to go ahead without a question."),
            )
        if not typer.confirm(question, err=True):
            raise Canceled(Message("Nothing was done."))

    def secret(self, variable: str, file: Path | None, prompt: str) -> str:
        """Return a password from a file, the environment or a prompt; never from arguments, which every process can see."""
        if file:
            return self._read_secret(file)
        if self.environment.get(variable):
            return self.environment[variable]
        if not sys.stdin.isatty():
            raise Invalid(
                Message("A password is missing."),
                hint=Message("Set {variable}, or give --password-file.", variable=variable),
            )
        answer: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True)
        return answer

    def print_error(self, error: GaleriaError) -> None:
        """Print the error and the hint on standard error, a line each."""
        if self.is_json:
            described = {"code": error.code, "message": error.message, "hint": error.hint, "target": error.target}
            self.err.file.write(json.dumps({"error": described}, ensure_ascii=False) + "\n")
            return
        self.err.print(Text(f"Error: {plain(error.message)}", style="bold red"), soft_wrap=True)
        if error.hint:
            self.err.print(Text(f"Hint: {plain(error.hint)}"), soft_wrap=True)

    def _read_secret(self, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise Invalid(
                Message("'{file}' cannot be read: {reason}.", file=str(file), reason=str(error.strerror)),
                hint=Message("Check --password-file."),
            ) from error

    def ask_for_password(self, user: str) -> str:
        if self.environment.get("GALERIA_PASSWORD"):
            return self.environment["GALERIA_PASSWORD"]
        if not sys.stdin.isatty():
            raise Unauthenticated(
                Message("The password of '{user}' is missing.", user=user), hint=Message("Set GALERIA_PASSWORD.")
            )
        answer: str = typer.prompt(f"Password of {plain(user)}", hide_input=True, err=True)
        return answer


def new_context(options: GlobalOptions) -> CliContext:
    return CliContext(options, dict(os.environ))

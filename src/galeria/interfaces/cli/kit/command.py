"""Turn functions into commands with common options, and print their errors in one way."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from galeria.domain.errors import GaleriaError, Invalid
from galeria.domain.foreign_text import is_text
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.context import FAILED, CliContext, GlobalOptions, OutputFormat, new_context

P = ParamSpec("P")
_CONNECTION = "Which server, and as whom"
_PLACE = "Where names are looked for"

Output = Annotated[
    OutputFormat | None,
    typer.Option("--output", "-o", help="A table for people, or JSON for programs. [default: table]"),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The data directory of an installation on this host. [GALERIA_DATA, else ./data]",
        rich_help_panel=_CONNECTION,
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint", help="https://HOST:PORT of the server. [GALERIA_ENDPOINT]", rich_help_panel=_CONNECTION),
]
CaFile = Annotated[
    Path | None,
    typer.Option("--ca-file", help="The authority to trust (PEM). [GALERIA_CA_FILE]", rich_help_panel=_CONNECTION),
]
_AS_HELP = "Sign in as this person. [GALERIA_USER; the password from GALERIA_PASSWORD or a prompt]"
As = Annotated[str | None, typer.Option("--as", "--user", help=_AS_HELP, rich_help_panel=_CONNECTION)]
# For commands where --user is the account in a machine.
OnlyAs = Annotated[str | None, typer.Option("--as", help=_AS_HELP, rich_help_panel=_CONNECTION)]
Group = Annotated[str, typer.Option("--group", "-g", help="The resource group.", rich_help_panel=_PLACE)]
Account = Annotated[str, typer.Option("--account", help="The lab account.", rich_help_panel=_PLACE)]


def _local(*, output: Output = None, data: Data = None) -> None:
    """Take the options of commands that work on the host itself."""


def _remote(
    *,
    output: Output = None,
    group: Group = "galeria",
    account: Account = "labs",
    endpoint: Endpoint = None,
    ca_file: CaFile = None,
    sign_in_as: As = None,
    data: Data = None,
) -> None:
    """Take the options of commands that talk to a server."""


Work = Callable[Concatenate[CliContext, P], None]


def remote(app: typer.Typer, name: str) -> Callable[[Work[P]], Work[P]]:
    """Register a command that talks to a server. Its function takes the CliContext first, then its own parameters."""
    return _registrar(app, name, _remote)


def local(app: typer.Typer, name: str) -> Callable[[Work[P]], Work[P]]:
    """Register a command that works on the host itself. Its function takes the CliContext first."""
    return _registrar(app, name, _local)


def root(app: typer.Typer) -> None:
    """Accept the options for server and output before the command as well."""

    @app.callback()
    def keep(
        ctx: typer.Context,
        *,
        output: Output = None,
        endpoint: Endpoint = None,
        ca_file: CaFile = None,
        sign_in_as: As = None,
        data: Data = None,
    ) -> None:
        said = {
            "output": output,
            "endpoint": endpoint,
            "ca_file": ca_file,
            "sign_in_as": sign_in_as,
            "data": data,
        }
        ctx.obj = {key: value for key, value in said.items() if value is not None}


def noun(app: typer.Typer, name: str, help: str) -> typer.Typer:
    """Return a new group of commands."""
    group = typer.Typer(help=help, no_args_is_help=True)
    app.add_typer(group, name=name)
    return group


def _registrar(app: typer.Typer, name: str, shared: Callable[..., None]) -> Callable[[Work[P]], Work[P]]:
    def register(work: Work[P]) -> Work[P]:
        own = list(inspect.signature(work, eval_str=True).parameters.values())[1:]
        common = list(inspect.signature(shared, eval_str=True).parameters.values())
        names = {each.name for each in common}
        if any(each.name == "user" for each in own):
            common = [each.replace(annotation=OnlyAs) if each.name == "sign_in_as" else each for each in common]

        def run(ctx: typer.Context, **given: Any) -> None:
            said_here = {key: value for key, value in given.items() if key in names and value is not None}
            context = new_context(GlobalOptions(**{**(ctx.find_root().obj or {}), **said_here}))
            with _printed_errors(context):
                _require_text(given)
                work(context, **{key: value for key, value in given.items() if key not in names})  # type: ignore[call-arg]

        typer_context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        parameters = [typer_context, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own + common)]
        # Typer reads these attributes instead of the wrapper's own.
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__doc__ = work.__doc__
        app.command(name)(run)
        return work

    return register


def _require_text(given: Mapping[str, object]) -> None:
    """Raise Invalid for arguments of bytes that are not UTF-8: neither JSON nor a terminal can show them."""
    for name, value in given.items():
        words = value if isinstance(value, list | tuple) else (value,)
        if any(isinstance(word, str) and not is_text(word) for word in words):
            raise Invalid(
                Message("'{name}' is given in bytes that are no text.", name=name),
                hint=Message("Write it in UTF-8; 'locale' shows what this terminal sends."),
                target=name,
            )


@contextmanager
def _printed_errors(context: CliContext) -> Iterator[None]:
    try:
        yield
    except GaleriaError as error:
        context.print_error(error)
        raise typer.Exit(FAILED) from error

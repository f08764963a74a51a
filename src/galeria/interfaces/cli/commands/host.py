"""galeria serve, worker, demo, doctor, connect: what runs on the host itself."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.domain.errors import Invalid, Unavailable
from galeria.domain.messages import Message
from galeria.domain.reach.server_settings import ServerOptions
from galeria.interfaces.cli.kit.az_lines import az_lines, write_bundle
from galeria.interfaces.cli.kit.command import local
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.host_commands import HostCommandsLoader
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.ports.machines import HostCheck

LAST_PORT = 65535
SECRETS = {"client_secret", "password_link"}

ImportHosts = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST", help="HOST or HOST:PORT in a private network that disks may be fetched from. Repeatable."
    ),
]


def add_host_commands(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    _add_serve_command(app, host_commands)
    _add_running_commands(app, host_commands)
    _add_doctor_command(app, host_commands)
    _add_connect_command(app, host_commands)


def _add_serve_command(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    @local(app, "serve")
    def serve(
        context: CliContext,
        host: Annotated[
            str | None,
            typer.Option(help="The address to listen on, or '*'. [default: 'listen' in galeria.toml, else 127.0.0.1]"),
        ] = None,
        port: Annotated[
            int | None,
            typer.Option(
                help="The port to listen on. [default: 'port' in galeria.toml, else 8443]", min=0, max=LAST_PORT
            ),
        ] = None,
        name: Annotated[
            str | None, typer.Option(help="The name by which others reach it. [default: 'name' in galeria.toml]")
        ] = None,
        certificate: Annotated[
            Path | None,
            typer.Option(help="A certificate for that name with its chain (PEM). Read again when it changes."),
        ] = None,
        key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
        worker: Annotated[bool, typer.Option(help="Do the operations' work too.")] = True,
        worker_process: Annotated[
            bool | None,
            typer.Option(help="Do it in a process of its own. [default: 'worker_process' in galeria.toml, else no]"),
        ] = None,
        fake: Annotated[bool, typer.Option("--fake", help="No real machines: to look at the pages.")] = False,
        allow_import_from: ImportHosts = None,
    ) -> None:
        """Run the server. It also does the operations' work, unless --no-worker is given."""
        options = ServerOptions(
            listen=host,
            port=port,
            name=name,
            certificate=_whole_path(certificate),
            key=_whole_path(key),
            worker_process=worker_process,
        )
        hosts = tuple(allow_import_from or ())
        host_commands().serve(context.data, options, worker=worker, fake=fake, allow_import_from=hosts)


def _add_running_commands(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    @local(app, "worker")
    def run_worker(
        context: CliContext,
        region: Annotated[
            list[str] | None,
            typer.Option("--region", "-r", help="Do the work of this region only. Repeatable. [default: of all]"),
        ] = None,
        fake: Annotated[bool, typer.Option("--fake", help="No real machines, as 'galeria serve --fake'.")] = False,
        allow_import_from: ImportHosts = None,
    ) -> None:
        """Do only the operations' work. For a server started with --no-worker."""
        hosts = tuple(allow_import_from or ())
        host_commands().worker(context.data, regions=tuple(region or ()), fake=fake, allow_import_from=hosts)

    @local(app, "demo")
    def demo(
        context: CliContext,
        keep: Annotated[bool, typer.Option("--keep", help="Leave everything as it is at the end.")] = False,
    ) -> None:
        """Demonstrate everything with real machines. Without --data in a temporary directory."""
        host_commands().demo(context.options.data, keep=keep)


def _whole_path(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _add_doctor_command(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    @local(app, "doctor")
    def doctor(context: CliContext) -> None:
        """Check what this host can do. Says how to mend what is missing, and fails when that is required."""
        checks = host_commands().doctor(context.data)
        context.show([_check_json(each) for each in checks], lambda: _checks_table(checks))
        missing = [each.name for each in checks if each.required and not each.ok]
        if missing:
            raise Unavailable(
                Message("This host cannot run labs yet: {missing}.", missing=missing),
                hint=Message("Do what the column CURE says, then again."),
            )


def _add_connect_command(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    @local(app, "connect")
    def connect(
        context: CliContext,
        field: Annotated[str, typer.Option(help="Print only this value, such as client_secret.")] = "",
        as_json: Annotated[
            bool, typer.Option("--json", help="Print everything as JSON, as --output json does.")
        ] = False,
        for_az: Annotated[
            bool, typer.Option("--az", help="Print shell lines that connect an unmodified Azure CLI.")
        ] = False,
    ) -> None:
        """Print how az and other tools connect. Secrets are printed only where they are asked for."""
        found = host_commands().connect(context.data)
        if field:
            if field not in found:
                raise Invalid(
                    Message("There is no field '{field}'.", field=field),
                    hint=Message("Fields: {found}.", found=list(found)),
                )
            context.out.file.write(found[field] + "\n")
        elif for_az:
            bundle = write_bundle(Path(found["ca_file"]), context.data, context.environment)
            context.out.file.write(az_lines(found, context.data, bundle))
        elif context.is_json or as_json:
            context.say_json(found)
        else:
            context.out.print(facts([(name, value) for name, value in found.items() if name not in SECRETS]))
            context.remark(
                "For the Azure CLI: galeria connect --az. The secret: galeria connect --field client_secret."
            )


def _checks_table(checks: list[HostCheck]) -> Table:
    rows = [(_verdict(each), each.name, each.found, each.cure if not each.ok else "") for each in checks]
    return columns(["", "Check", "Found", "Cure"], rows)


def _verdict(check: HostCheck) -> str:
    if check.ok:
        return "ok"
    return "MISSING" if check.required else "without"


def _check_json(check: HostCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "ok": check.ok,
        "required": check.required,
        "found": check.found,
        "cure": check.cure,
    }

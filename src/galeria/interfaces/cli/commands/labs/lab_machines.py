"""galeria lab start, stop, connect, reset-password: the machine of a lab."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.reach.authorities import rdp_file as rdp_text
from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.wait import Wait, wait_for
from galeria.interfaces.client.labs import TEMPLATE

Lab = Annotated[str, typer.Argument(help="The lab's name or id.")]
Machine = Annotated[str, typer.Option("--machine", help="Which of its machines.")]


def add_machine_commands(lab: typer.Typer, password_file: Any, variable: str) -> None:
    """Add the commands. `password_file` is the type of the option, `variable` the environment variable for the password."""

    _add_keep_running(lab)

    @remote(lab, "start")
    def start(context: CliContext, name: Lab, machine: Machine = TEMPLATE, wait: Wait = True) -> None:
        """Start the machine and wait until it can be used."""
        with context.galeria() as galeria:
            wait_for(context, galeria, galeria.machines.start(name, machine), wait=wait)
            found = galeria.machines.get(name, machine)
        context.done(found, _how_to_connect(name, found))

    @remote(lab, "stop")
    def stop(context: CliContext, name: Lab, machine: Machine = TEMPLATE, wait: Wait = True) -> None:
        """Shut the machine down cleanly."""
        with context.galeria() as galeria:
            wait_for(context, galeria, galeria.machines.stop(name, machine), wait=wait)
            found = galeria.machines.get(name, machine)
        context.done(found, f"The machine is {found['properties'].get('state')}.")

    @remote(lab, "connect")
    def connect(
        context: CliContext,
        name: Lab,
        machine: Machine = TEMPLATE,
        rdp_file: Annotated[
            Path | None, typer.Option(help="Write a file here that opens the machine's remote desktop.")
        ] = None,
    ) -> None:
        """Print the command that opens a shell in the running machine, or where its remote desktop is."""
        with context.galeria() as galeria:
            found = galeria.machines.get(name, machine)
        command, profile = _way_in(name, found), found["properties"]["connectionProfile"]
        if rdp_file is not None:
            _write_rdp_file(rdp_file, name, profile)
        context.done({**profile, "command": command}, command)

    @remote(lab, "reset-password")
    def reset_password(
        context: CliContext,
        name: Lab,
        user: Annotated[str, typer.Option(help="The account in the machine; made where it is missing.")],
        machine: Machine = TEMPLATE,
        password_file: password_file = None,
        wait: Wait = True,
    ) -> None:
        """Set a password in the running machine."""
        password = context.secret(variable, password_file, f"New password for {user} in the machine")
        with context.galeria() as galeria:
            begun = galeria.machines.reset_password(name, user=user, password=password, machine=machine)
            wait_for(context, galeria, begun, wait=wait)
        context.done({"user": user, "lab": name}, f"'{user}' signs in with the new password now.")


def _add_keep_running(lab: typer.Typer) -> None:
    @remote(lab, "keep-running")
    def keep_running(context: CliContext, name: Lab, machine: Machine = TEMPLATE) -> None:
        """Answer the warning that nobody uses the machine: it is not shut down now."""
        with context.galeria() as galeria:
            galeria.machines.keep_running(name, machine)
            found = galeria.machines.get(name, machine)
        context.done(found, "The machine keeps running.")


def _way_in(lab: str, machine: dict[str, Any]) -> str:
    """Return the SSH command, or that of a client for remote desktops. Raises Conflict while nobody could connect."""
    profile, state = machine["properties"].get("connectionProfile") or {}, machine["properties"].get("state")
    failure = (machine["properties"].get("galeria") or {}).get("failure")
    if state == "Starting" and failure:
        raise Conflict(
            Message("The machine is on, but cannot be reached: {failure}", failure=failure),
            hint=Message(
                "Look at its screen in the portal. Once it answers, it runs; galeria lab start {lab} waits for it again.",
                lab=lab,
            ),
        )
    if state != "Running":
        raise Conflict(
            Message("The machine is {state}.", state=state),
            hint=Message("Start it first: galeria lab start {lab}.", lab=lab),
        )
    if profile.get("sshAuthority"):
        host, _, port = str(profile["sshAuthority"]).rpartition(":")
        return shlex.join(["ssh", "-p", port, f"{profile.get('adminUsername')}@{host}"])
    if profile.get("rdpAuthority"):
        return f"mstsc /v:{profile['rdpAuthority']}"
    raise _closed(lab, "clientSshAccess")


def _write_rdp_file(path: Path, lab: str, profile: dict[str, Any]) -> None:
    """Write the file; one that is there already is replaced. Raises Conflict where the lab offers no remote desktop."""
    if not profile.get("rdpAuthority"):
        raise _closed(lab, "clientRdpAccess")
    path.write_text(
        rdp_text(str(profile["rdpAuthority"]), str(profile.get("adminUsername"))), encoding="utf-8", newline=""
    )


def _closed(lab: str, switch: str) -> Conflict:
    return Conflict(
        Message("The lab '{lab}' lets nobody connect to its machines that way.", lab=lab),
        hint=Message(
            "Have {switch} in its connection profile set to Public; the screen on its page works anyway.", switch=switch
        ),
    )


def _how_to_connect(lab: str, machine: dict[str, Any]) -> str:
    if machine["properties"].get("state") != "Running":
        return f"The machine is {machine['properties'].get('state')}."
    try:
        said = f"The machine is running. Connect with: {_way_in(lab, machine)}"
    except Conflict as error:
        said = f"The machine is running. {error.message}"
    if (machine["properties"].get("galeria") or {}).get("agentAnswers") is False:
        said += "\nIts agent does not answer: to reset its password, stop it, set the password, and start it again."
    return said

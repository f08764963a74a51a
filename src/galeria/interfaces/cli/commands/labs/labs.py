"""galeria lab: labs and their template machines."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.interfaces.cli.commands.labs.lab_class import add_class_commands
from galeria.interfaces.cli.commands.labs.lab_export import add_export_commands
from galeria.interfaces.cli.commands.labs.lab_machines import add_machine_commands
from galeria.interfaces.cli.commands.labs.lab_people import add_people_commands
from galeria.interfaces.cli.commands.labs.lab_work import add_work_commands
from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.regions import Region
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.interfaces.cli.kit.wait import Wait, Yes, wait_for
from galeria.interfaces.cli.kit.wording import last_part
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.labs import NewLab

PASSWORD = "GALERIA_LAB_PASSWORD"

Name = Annotated[str, typer.Argument(help="The lab's name or id.")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help=f"Read the password from here. [else {PASSWORD}, or a prompt]")
]


def add_lab_commands(app: typer.Typer) -> None:
    lab = noun(app, "lab", "Labs and their template machines.")
    _add_create_command(lab)

    @remote(lab, "list")
    def list_labs(context: CliContext) -> None:
        """The labs that you may see."""
        with context.galeria() as galeria:
            labs = galeria.labs.list()
        context.show(labs, lambda: columns(["Name", "Title", "Region", "Image", "Size", "State"], map(_row, labs)))

    @remote(lab, "show")
    def show(context: CliContext, name: Name) -> None:
        """One lab and its machines."""
        with context.galeria() as galeria:
            found, machines = galeria.labs.get(name), galeria.machines.list(name)
        context.show({"lab": found, "machines": machines}, lambda: _facts(found))
        if machines and not context.is_json:
            context.say("")
            context.out.print(_machine_table(machines))

    @remote(lab, "delete")
    def delete(context: CliContext, name: Name, yes: Yes = False, wait: Wait = True) -> None:
        """Delete a lab with its machines and their disks. Images stay."""
        with context.galeria() as galeria:
            impact = None if yes else galeria.labs.deletion_impact(name)
            question = f"Delete the lab '{name}' with its machines and everything on their disks?"
            context.confirm(" ".join([*_impact_lines(impact or {}), question]), yes=yes)
            wait_for(context, galeria, galeria.labs.delete(name), wait=wait)
        context.done({"deleted": name}, f"The lab '{name}' is gone." if wait else f"The lab '{name}' is being deleted.")

    add_machine_commands(lab, PasswordFile, PASSWORD)
    add_class_commands(lab)
    add_export_commands(lab)
    add_people_commands(lab)
    add_work_commands(lab)


def _impact_lines(impact: dict[str, Any]) -> list[str]:
    """Say whose work would be lost, and whose is kept."""
    lost, kept = ", ".join(impact.get("lostFor", ())), ", ".join(impact.get("keptFor", ()))
    days = impact.get("keptDays")
    return [
        *([f"These people lose what they have in their machines: {lost}."] if lost else []),
        *([f"The work disks of these people are kept for {days} days: {kept}."] if kept else []),
    ]


def _add_create_command(lab: typer.Typer) -> None:
    @remote(lab, "create")
    def create(
        context: CliContext,
        name: Annotated[str, typer.Argument(help="The new lab's name.")],
        image: Annotated[str, typer.Option(help="The image's name, display name or id.")],
        user: Annotated[
            str,
            typer.Option(help="The account to make in the machine; of a specialized Windows image one that it has."),
        ],
        version: Annotated[str, typer.Option(help="An exact version. [default: the latest in the region]")] = "",
        region: Region = "",
        size: Annotated[str, typer.Option(help="The machine's size, such as Tiny, Small, Medium, Large.")] = "Small",
        title: Annotated[str, typer.Option(help="What people see. [default: the name]")] = "",
        new_identity: Annotated[
            bool, typer.Option("--new-identity", help="New host name, machine id and host keys (specialized images).")
        ] = False,
        keep_account: Annotated[
            list[str] | None,
            typer.Option(
                help="An account of a specialized image that stays open; may be repeated. All others are closed."
            ),
        ] = None,
        password_file: PasswordFile = None,
        wait: Wait = True,
    ) -> None:
        """Make a lab from an image, with its template VM, not started."""
        password = context.secret(PASSWORD, password_file, f"Password for {user} in the machine")
        with context.galeria() as galeria:
            wanted = NewLab(
                image=_image_id(galeria, image, version, region),
                user=user,
                password=password,
                region=region or galeria.accounts.get()["location"],
                size=size,
                title=title,
                new_identity=new_identity,
                keep_accounts=tuple(keep_account or ()),
            )
            wait_for(context, galeria, galeria.labs.create(name, wanted), wait=wait)
            made = galeria.labs.get(name)
        begun = "is there" if wait else "is being made"
        context.done(
            made, f"The lab '{made['name']}' {begun}. Start its machine with: galeria lab start {made['name']}"
        )


def _image_id(galeria: Galeria, image: str, version: str, region: str) -> str:
    found = image
    if not image.startswith("/"):
        found = galeria.images.get(image, region=region)["properties"]["sharedGalleryId"]
        if found is None:
            raise Conflict(
                Message("The image '{image}' is in no gallery.", image=image),
                hint=Message("Name another one: galeria image list."),
            )
    return f"{found}/versions/{version}" if version else str(found)


def _row(lab: dict[str, Any]) -> tuple[Any, ...]:
    properties = lab["properties"]
    profile = properties.get("virtualMachineProfile") or {}
    return (
        lab["name"],
        properties.get("title"),
        lab["location"],
        _image(profile.get("imageReference") or {}),
        (profile.get("sku") or {}).get("name"),
        _state(properties),
    )


def _facts(lab: dict[str, Any]) -> Table:
    properties = lab["properties"]
    profile = properties.get("virtualMachineProfile") or {}
    return facts(
        [
            ("Name", lab["name"]),
            ("Title", properties.get("title")),
            ("Region", lab["location"]),
            ("Account", last_part(properties.get("labPlanId"))),
            ("Image", _image(profile.get("imageReference") or {})),
            ("Size", (profile.get("sku") or {}).get("name")),
            ("State", _state(properties)),
            ("Id", lab["id"]),
        ]
    )


_AGENT = {True: "answers", False: "does not answer", None: ""}


def _machine_table(machines: list[dict[str, Any]]) -> Table:
    rows = []
    for each in machines:
        properties = each["properties"]
        profile, ours = properties.get("connectionProfile") or {}, properties.get("galeria") or {}
        rows.append(
            (
                each["name"],
                properties.get("state"),
                profile.get("sshAuthority"),
                profile.get("rdpAuthority"),
                profile.get("adminUsername"),
                _AGENT[ours.get("agentAnswers")],
                ours.get("failure"),
            )
        )
    return columns(["Machine", "State", "SSH", "RDP", "User", "Agent", "Failure"], rows)


def _image(reference: dict[str, Any]) -> str:
    """Return the definition's name and the exact version that the lab was made from."""
    id = str(reference.get("id") or "")
    definition = id.partition("/versions/")[0]
    return f"{last_part(definition)} {reference.get('exactVersion') or ''}".strip()


def _state(properties: dict[str, Any]) -> str:
    """Return the state of the lab, or that of its creation while it is under way or has failed."""
    failure = (properties.get("galeria") or {}).get("failure")
    if failure:
        return f"Failed: {failure}"
    made = properties.get("provisioningState")
    return str(properties.get("state") if made in (None, "Succeeded") else made)

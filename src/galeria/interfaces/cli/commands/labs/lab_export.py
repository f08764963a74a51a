"""galeria lab estimate, export: a template saved to the gallery, with its price before and its real figures after."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.domain.errors import Forbidden, NotFound
from galeria.interfaces.cli.commands.galleries import remark_examples
from galeria.interfaces.cli.commands.operations import steps_table
from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.regions import RegionList, named_regions
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.interfaces.cli.kit.version_rows import replica_table
from galeria.interfaces.cli.kit.wait import Wait, Yes, wait_for
from galeria.interfaces.cli.kit.wording import last_part, money, size
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.labs import TEMPLATE

Lab = Annotated[str, typer.Argument(help="The lab's name or id.")]
ImageName = Annotated[
    str, typer.Option("--name", help="What the image is called; an existing one gets its next version.")
]
Version = Annotated[str, typer.Option(help="[default: 1.0.0, or the next after the latest]")]
Machine = Annotated[str, typer.Option("--machine", help="Which of its machines.")]


def add_export_commands(lab: typer.Typer) -> None:
    @remote(lab, "estimate")
    def estimate(
        context: CliContext, lab: Lab, name: ImageName, version: Version = "", regions: RegionList = None
    ) -> None:
        """What an export would read, send, store and cost. Nothing is changed."""
        with context.galeria() as galeria:
            found = galeria.exports.estimate(lab, name=name, version=version, regions=named_regions(regions))
        context.show(found, lambda: _estimate_table(found))
        _say_price(context, found)

    @remote(lab, "export")
    def export(
        context: CliContext,
        lab: Lab,
        name: ImageName,
        version: Version = "",
        regions: RegionList = None,
        machine: Machine = TEMPLATE,
        yes: Yes = False,
        wait: Wait = True,
    ) -> None:
        """Save the lab's template to the account's gallery, in every region of its geography or in those named."""
        places = named_regions(regions)
        with context.galeria() as galeria:
            found = galeria.exports.estimate(lab, name=name, version=version, regions=places, machine=machine)
            if not context.is_json:
                context.out.print(_estimate_table(found))
                _say_price(context, found)
            context.confirm(f"Export '{last_part(lab)}' as version {found['version']} of '{name}'?", yes=yes)
            begun = galeria.exports.begin(lab, name=name, version=version, regions=places, machine=machine)
            snapshot = wait_for(context, galeria, begun, wait=wait)
            made = _find_version(galeria, begun.resource["imageVersionId"])
        value = {"estimate": found, "version": made, "operation": snapshot.raw if snapshot else begun.resource}
        if context.is_json:
            context.say_json(value)
        elif made and wait:
            context.out.print(_summary(made))
            context.out.print(replica_table(made))
        elif snapshot:
            context.out.print(steps_table(snapshot))


def _find_version(galeria: Galeria, id: str) -> dict[str, Any] | None:
    """Return the version; None for people who may export but not read the gallery."""
    try:
        return galeria.versions.by_id(id)
    except (Forbidden, NotFound):
        return None


def _say_price(context: CliContext, estimate: dict[str, Any]) -> None:
    if context.is_json:
        return
    kind = "a new image" if estimate["isNewImage"] else "the next version"
    context.say(f"{estimate['image']} {estimate['version']}, {kind}: reads at most {size(estimate['readBytes'])}.")
    currency = estimate["currency"]
    month, once = money(estimate["pricePerMonth"], currency), money(estimate["priceOnce"], currency)
    context.say(f"At most {month} per month, and {once} once for sending.")
    remark_examples(context, estimate)


def _estimate_table(estimate: dict[str, Any]) -> Table:
    currency = estimate["currency"]
    rows = [
        (
            each["region"],
            size(each["sendBytes"]),
            size(each["storeBytes"]),
            money(each["pricePerMonth"], currency),
            money(each["priceOnce"], currency),
        )
        for each in estimate["regions"]
    ]
    headings = ["Region", "Sends", "Stores", "Per month", "Once"]
    return columns(headings, rows, right=frozenset({1, 2, 3, 4}))


def _summary(version: dict[str, Any]) -> Table:
    ours = version["properties"].get("galeria") or {}
    sent = sum(each.get("sentBytes") or 0 for each in ours.get("replicas") or [])
    return facts(
        [
            ("Exported", f"{version['id'].split('/')[-3]} {version['name']}"),
            ("Disk", size(ours.get("logicalBytes"))),
            ("Read", size(ours.get("readBytes"))),
            ("Stored", size(ours.get("storedBytes"))),
            ("Sent", size(sent)),
            ("Id", version["id"]),
        ]
    )

"""galeria account: lab accounts, their gallery, their policies."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.interfaces.cli.commands.galleries import create_gallery
from galeria.interfaces.cli.kit.command import noun, remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.regions import Region, RegionList, named_regions, separated
from galeria.interfaces.cli.kit.table import columns, facts
from galeria.interfaces.cli.kit.wait import Yes, wait_for
from galeria.interfaces.cli.kit.wording import last_part, listed


class OpenTo(StrEnum):
    """What machines reach of the internet, in the words of the command line."""

    OPEN = "open"
    NAMES = "names"
    CLOSED = "closed"


OptionalName = Annotated[str, typer.Argument(help="The lab account's name or id. [default: that of --account]")]


def add_account_commands(app: typer.Typer) -> None:
    account = noun(app, "account", "Lab accounts: their gallery and their policies.")
    _add_basic_commands(account)
    _add_gallery_commands(account)

    @remote(account, "policy")
    def policy(
        context: CliContext,
        os_disk_limit: Annotated[int | None, typer.Option(help="OS disks must be smaller than so many GB.")] = None,
        enable_images: Annotated[
            bool | None, typer.Option("--enable-images/--disable-images", help="Images of a newly attached gallery.")
        ] = None,
        regions: RegionList = None,
        internet: Annotated[
            OpenTo | None,
            typer.Option(help="What machines reach of the internet: all of it, only names on a list, or nothing."),
        ] = None,
        names: Annotated[
            list[str] | None,
            typer.Option(
                "--names",
                help="With --internet names: the names, such as pypi.org or *.debian.org, separated by commas.",
            ),
        ] = None,
        common_network: Annotated[
            bool | None,
            typer.Option(
                "--common-network/--no-common-network", help="Whether machines of one lab have a network in common."
            ),
        ] = None,
    ) -> None:
        """Change what labs of the account may use; without options show it."""
        chosen = named_regions(regions) or None
        way = internet.value.capitalize() if internet else None
        listed_names = separated(names) if names is not None else None
        with context.galeria() as galeria:
            said = (os_disk_limit, enable_images, chosen, way, listed_names, common_network)
            if any(each is not None for each in said):
                begun = galeria.accounts.set_policy(
                    allowed_regions=chosen,
                    os_disk_limit_gb=os_disk_limit,
                    enable_by_default=enable_images,
                    internet=way,
                    names=listed_names,
                    common_network=common_network,
                )
                wait_for(context, galeria, begun)
            found = galeria.accounts.get()
        context.show(found, lambda: _facts(found))


def _add_basic_commands(account: typer.Typer) -> None:
    @remote(account, "create")
    def create(
        context: CliContext,
        name: Annotated[str, typer.Argument(help="The new account's name.")],
        region: Region = "",
        gallery: Annotated[str, typer.Option(help="Attach this gallery at once.")] = "",
    ) -> None:
        """Make a lab account."""
        with context.galeria() as galeria:
            place = region or galeria.groups.region_of(galeria.names.account_id(name))
            wait_for(context, galeria, galeria.accounts.put(name, region=place, gallery=gallery or None))
            made = galeria.accounts.get(name)
        context.done(made, f"The lab account '{made['name']}' is in {made['location']}.")

    @remote(account, "list")
    def list_accounts(context: CliContext) -> None:
        """The lab accounts that you may see."""
        with context.galeria() as galeria:
            accounts = galeria.accounts.list()
        rows = [
            (each["name"], each["location"], last_part(each["properties"].get("sharedGalleryId"))) for each in accounts
        ]
        context.show(accounts, lambda: columns(["Name", "Region", "Gallery"], rows))

    @remote(account, "show")
    def show(context: CliContext, name: OptionalName = "") -> None:
        """One lab account."""
        with context.galeria() as galeria:
            found = galeria.accounts.get(name)
        context.show(found, lambda: _facts(found))

    @remote(account, "delete")
    def delete(
        context: CliContext,
        name: Annotated[str, typer.Argument(help="The lab account's name or id.")],
        yes: Yes = False,
    ) -> None:
        """Delete a lab account. Its labs and images stay, but those labs can then not be exported."""
        context.confirm(f"Delete the lab account '{name}'? Its labs stay, but cannot be exported any more.", yes=yes)
        with context.galeria() as galeria:
            wait_for(context, galeria, galeria.accounts.delete(name))
        context.done({"deleted": name}, f"The lab account '{name}' is gone.")


def _add_gallery_commands(account: typer.Typer) -> None:
    @remote(account, "attach")
    def attach(
        context: CliContext,
        gallery: Annotated[str, typer.Argument(help="The gallery's name or id.")],
        create: Annotated[bool, typer.Option("--create", help="Make the gallery, if there is none.")] = False,
        region: Region = "",
    ) -> None:
        """Attach a gallery: its images are then offered for labs."""
        with context.galeria() as galeria:
            if create and galeria.galleries.find(gallery) is None:
                create_gallery(context, galeria, gallery, region, "")
            wait_for(context, galeria, galeria.accounts.attach(gallery))
            found = galeria.accounts.get()
        context.done(found, f"The gallery '{last_part(gallery)}' is attached to '{found['name']}'.")

    @remote(account, "detach")
    def detach(context: CliContext) -> None:
        """Detach the account's gallery. Its images and the labs made from them stay."""
        with context.galeria() as galeria:
            wait_for(context, galeria, galeria.accounts.detach())
            found = galeria.accounts.get()
        context.done(found, f"'{found['name']}' has no gallery now.")


def _facts(account: dict[str, Any]) -> Table:
    properties = account["properties"]
    ours = properties.get("galeria") or {}
    enabled = ours.get("imagesEnabledByDefault")
    network = ours.get("network") or {}
    return facts(
        [
            ("Name", account["name"]),
            ("Region", account["location"]),
            ("Gallery", last_part(properties.get("sharedGalleryId"))),
            ("Allowed regions", listed(properties.get("allowedRegions"))),
            ("OS disks under", f"{ours.get('osDiskLimitInGB')} GB"),
            ("New images are", "–" if enabled is None else "enabled" if enabled else "disabled"),
            ("Machines reach", _reached(network.get("internet", ""), network.get("names") or [])),
            ("Each other", "machines of the same lab" if network.get("commonInLab") else "no"),
            ("Id", account["id"]),
        ]
    )


def _reached(internet: str, names: list[str]) -> str:
    if internet == "Names":
        return f"only {', '.join(names)}"
    return {"Open": "the internet", "Closed": "nothing"}.get(internet, "–")

"""galeria store: verify, gc, rebuild-index. On the host itself, while the server runs or not."""

from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.command import local, noun
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.host_commands import HostCommandsLoader
from galeria.interfaces.cli.kit.progress import ProgressFollower, following
from galeria.interfaces.cli.kit.table import columns
from galeria.interfaces.cli.kit.wording import size
from galeria.ports.images import Collected, Verified
from galeria.ports.progress import Progress

OneRegion = Annotated[str, typer.Option("--region", "-r", help="Only this region. [default: all]")]


def add_store_commands(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    store = noun(app, "store", "The image stores of this host's installation.")

    @local(store, "verify")
    def verify(context: CliContext, region: OneRegion = "") -> None:
        """Read every stored chunk and check it against its name. Fails when something is damaged."""
        with following(context) as follower:
            verified = host_commands().verify_store(
                context.data, region or None, lambda name: _progress(follower, name)
            )
        context.show([_verified_json(name, each) for name, each in verified], lambda: _verified_table(verified))
        damaged = [(name, damage) for name, each in verified for damage in each.damaged]
        if damaged:
            name, first = damaged[0]
            raise Corrupt(
                Message(
                    "{count} damaged; the first in {name}: {first}: {reason}",
                    count=len(damaged),
                    name=name,
                    first=first.name,
                    reason=first.reason,
                ),
                hint=Message("Replicate the versions that use it from another region: galeria image replicate."),
            )

    @local(store, "gc")
    def collect(
        context: CliContext,
        region: OneRegion = "",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be freed.")] = False,
    ) -> None:
        """Free what no image, lab or running operation needs."""
        collected = host_commands().collect_store(context.data, region or None, dry_run=dry_run)
        context.show([_collected_json(name, each) for name, each in collected], lambda: _collected_table(collected))

    @local(store, "rebuild-index")
    def rebuild(context: CliContext, region: OneRegion = "") -> None:
        """Make the index of chunks anew from the packs themselves."""
        counted = host_commands().rebuild_index(context.data, region or None)
        value = [{"region": name, "chunks": chunks} for name, chunks in counted]
        context.show(value, lambda: columns(["Region", "Chunks"], counted, right=frozenset({1})))


def _progress(follower: ProgressFollower, region: str) -> Progress:
    def heard(*, done: int, total: int) -> None:
        follower.bytes(f"verifying {region}", done, total)

    return heard


def _verified_table(verified: list[tuple[str, Verified]]) -> Table:
    rows = [(name, each.manifests, each.chunks, size(each.bytes_read), len(each.damaged)) for name, each in verified]
    return columns(["Region", "Disks", "Chunks", "Read", "Damaged"], rows, right=frozenset({1, 2, 3, 4}))


def _verified_json(region: str, verified: Verified) -> dict[str, Any]:
    return {
        "region": region,
        "manifests": verified.manifests,
        "chunks": verified.chunks,
        "bytesRead": verified.bytes_read,
        "damaged": [{"name": each.name, "reason": each.reason} for each in verified.damaged],
    }


def _collected_table(collected: list[tuple[str, Collected]]) -> Table:
    rows = [
        (
            name,
            size(each.freed_bytes),
            each.dead_chunks,
            each.removed_packs,
            each.repacked_packs,
            each.removed_manifests,
        )
        for name, each in collected
    ]
    headings = ["Region", "Freed", "Dead chunks", "Packs removed", "Packs rewritten", "Disks removed"]
    return columns(headings, rows, right=frozenset({1, 2, 3, 4, 5}))


def _collected_json(region: str, collected: Collected) -> dict[str, Any]:
    return {
        "region": region,
        "freedBytes": collected.freed_bytes,
        "deadChunks": collected.dead_chunks,
        "removedPacks": collected.removed_packs,
        "repackedPacks": collected.repacked_packs,
        "removedManifests": collected.removed_manifests,
    }

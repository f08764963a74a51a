"""galeria store: status, verify, gc, rebuild-index. On the host itself, while the server runs or not."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from galeria.domain.errors import Corrupt
from galeria.domain.images.upkeep import StoreUpkeep, UpkeepKind
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

    @local(store, "status")
    def status(context: CliContext) -> None:
        """Show how far the server is with checking and clearing each region's store, and when it was done last."""
        found = host_commands().store_upkeep(context.data)
        context.show([_upkeep_json(each) for each in found], lambda: _upkeep_table(found))

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


def _upkeep_table(found: list[StoreUpkeep]) -> Table:
    rows = [
        (
            each.region,
            each.kind.value,
            _progress_of(each),
            _time(each.finished_at),
            size(each.last_bytes),
            _damaged(each),
        )
        for each in found
    ]
    return columns(["Region", "Work", "Now", "Last done (UTC)", "Bytes", "Damaged"], rows, right=frozenset({4, 5}))


def _progress_of(upkeep: StoreUpkeep) -> str:
    if upkeep.begun_at is None:
        return "–"
    if upkeep.kind is UpkeepKind.COLLECTION:
        return f"{size(upkeep.done_bytes)} freed"
    whole = upkeep.done_bytes + upkeep.left_bytes
    return f"{size(upkeep.done_bytes)} of {size(whole)} read, {upkeep.done_bytes * 100 // max(1, whole)} %"


def _damaged(upkeep: StoreUpkeep) -> str:
    """The damage of the round under way and of the last one: what was found stays shown until a whole round finds none."""
    return str(max(upkeep.damaged, upkeep.last_damaged)) if upkeep.kind is UpkeepKind.SCRUB else "–"


def _time(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _upkeep_json(upkeep: StoreUpkeep) -> dict[str, Any]:
    return {
        "region": upkeep.region,
        "kind": upkeep.kind.value,
        "begunAt": upkeep.begun_at.isoformat() if upkeep.begun_at else None,
        "doneBytes": upkeep.done_bytes,
        "leftBytes": upkeep.left_bytes,
        "damaged": upkeep.damaged,
        "finishedAt": upkeep.finished_at.isoformat() if upkeep.finished_at else None,
        "lastBytes": upkeep.last_bytes,
        "lastDamaged": upkeep.last_damaged,
    }


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

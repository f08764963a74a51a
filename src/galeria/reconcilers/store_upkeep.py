"""Check and clear the regions' stores with a share of the host, and note how far that is.

A scrub goes on where it was, after a restart too. A collection begins again: what it removed is gone, and the manifests are
read once more.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from galeria.domain.errors import Conflict, GaleriaError
from galeria.domain.images.upkeep import StoreUpkeep, UpkeepKind
from galeria.workflows.context import WorkflowContext
from galeria.workflows.delete_version import prune_caches
from galeria.workflows.update_version import live_contents

log = logging.getLogger(__name__)

Rest = Callable[[float], None]

COLLECT_EVERY = timedelta(hours=1)
PIECE_SECONDS = 0.5
"""How long a piece of a collection takes: so long writers wait for it."""
TURN_SECONDS = 30.0
"""How long one region is scrubbed before other work gets its turn."""
NOTE_SECONDS = 5.0
"""How often a scrub is noted: after a restart so much is read again."""


def collect_due_garbage(context: WorkflowContext) -> None:
    """Free unused bytes in the regions whose last collection was an hour ago, or was held up by a writer."""
    for region in filter(context.serves, context.stores):
        if _found(context, region, UpkeepKind.COLLECTION).is_due(context.clock.now(), COLLECT_EVERY):
            try:
                collect_region(context, region)
            except GaleriaError as error:  # a bucket that does not answer holds up no other region
                log.warning("nothing is freed in %s now: %s", region, error.message)


def collect_region(context: WorkflowContext, region: str, *, rest: Rest = time.sleep) -> None:
    """Free unused bytes and cached disks of the region. A writer that is busy there comes first, and ends it for now."""
    row = _found(context, region, UpkeepKind.COLLECTION)
    row.begun_at = None  # one that was cut off begins again
    row.begin(context.clock.now())
    _note(context, row)
    pieces = context.stores[region].collect_in_pieces(lambda: live_contents(context, region), seconds=PIECE_SECONDS)
    try:
        began = time.monotonic()
        for piece in pieces:
            moved, row.done_bytes = max(0, piece.freed_bytes - row.done_bytes), piece.freed_bytes
            elapsed = time.monotonic() - began
            # It works in threads of its own, whose processor time is at most this.
            _rest(context, rest, elapsed, processor=elapsed, moved=moved)
            began = time.monotonic()
    except Conflict:
        _note(context, row)
        return
    row.finish(context.clock.now())
    _note(context, row)
    if row.last_bytes:
        log.info("freed %d bytes in %s", row.last_bytes, region)
    prune_caches(context, [region])


def scrub_stores(context: WorkflowContext) -> None:
    """Read and check the next pieces of each region's store, where a scrub is under way or due."""
    days = context.settings.background.scrub_days
    if not days:
        return
    for region in filter(context.serves, context.stores):
        if _found(context, region, UpkeepKind.SCRUB).is_due(context.clock.now(), timedelta(days=days)):
            try:
                scrub_region(context, region)
            except GaleriaError as error:  # a bucket that does not answer holds up no other region
                log.warning("the store of %s is not checked now: %s", region, error.message)


def scrub_region(
    context: WorkflowContext, region: str, *, seconds: float = TURN_SECONDS, rest: Rest = time.sleep
) -> None:
    """Go on with the scrub of the region for about so many seconds, or to its end."""
    store, row = context.stores[region], _found(context, region, UpkeepKind.SCRUB)
    row.begin(context.clock.now())
    until = time.monotonic() + seconds
    noted = began = time.monotonic()
    spent = time.thread_time()
    for piece in store.scrub(row.after):
        row.after, row.done_bytes = piece.after, row.done_bytes + piece.read_bytes
        row.damaged += len(piece.damaged)
        for damage in piece.damaged:
            log.error("damaged in %s: %s: %s", region, damage.name, damage.reason)
        now = time.monotonic()
        if piece.damaged or now >= until or now - noted >= NOTE_SECONDS:
            noted, row.left_bytes = now, store.scrub_bytes(row.after)
            _note(context, row)
        if now >= until:
            return
        elapsed, processor = time.monotonic() - began, time.thread_time() - spent
        _rest(context, rest, elapsed, processor=processor, moved=piece.read_bytes)
        began, spent = time.monotonic(), time.thread_time()
    row.finish(context.clock.now())
    _note(context, row)
    log.info("the store of %s was read: %d bytes, %d damaged", region, row.last_bytes, row.last_damaged)


def _rest(context: WorkflowContext, rest: Rest, elapsed: float, *, processor: float, moved: int) -> None:
    """Pause after a piece of work of `elapsed` seconds that took so many of a processor and moved so many bytes.

    Then let answers that people wait for come first.
    """
    limits = context.settings.background
    rest(limits.pause(elapsed, processor=processor, moved=moved))
    if context.traffic:
        context.traffic.wait_quiet(limits.longest_wait(processor))


def _found(context: WorkflowContext, region: str, kind: UpkeepKind) -> StoreUpkeep:
    with context.database(reading=True) as uow:
        return uow.store_upkeep.find(region, kind) or StoreUpkeep(region=region, kind=kind)


def _note(context: WorkflowContext, row: StoreUpkeep) -> None:
    with context.database() as uow:
        uow.store_upkeep.keep(row)
        uow.commit()

"""How far the work is that keeps a region's store whole and small: checking all that it keeps, and freeing what is unused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class UpkeepKind(StrEnum):
    """What is done for a store, again and again."""

    SCRUB = "Scrub"  # everything is read and checked
    COLLECTION = "Collection"  # what nobody needs is removed, and small packs are joined


@dataclass(eq=False, kw_only=True)
class StoreUpkeep:
    """One kind of work for one region's store: how far the present round is, and what the last whole one did."""

    region: str
    kind: UpkeepKind
    begun_at: datetime | None = None  # of the round that is under way; None between rounds
    after: str = ""  # where the store goes on with it
    done_bytes: int = 0  # in this round: that were read, or were freed
    left_bytes: int = 0  # that are still to be read
    damaged: int = 0  # chunks and manifests of this round
    finished_at: datetime | None = None  # of the last whole round; None before the first
    last_bytes: int = 0  # that the last whole round read, or freed
    last_damaged: int = 0

    def is_due(self, now: datetime, every: timedelta) -> bool:
        """Tells whether there is something to do: a round that was begun, or a new one."""
        return self.begun_at is not None or self.finished_at is None or now - self.finished_at >= every

    def begin(self, now: datetime) -> None:
        """Begins a round, unless one is under way: that goes on where it was."""
        if self.begun_at is None:
            self.begun_at, self.after = now, ""
            self.done_bytes = self.left_bytes = self.damaged = 0

    def finish(self, now: datetime) -> None:
        """Ends the round, and keeps what it did."""
        self.begun_at, self.after, self.finished_at = None, "", now
        self.last_bytes, self.last_damaged, self.left_bytes = self.done_bytes, self.damaged, 0

"""Holding a region's store up, so that what begins to read or write it waits."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from galeria.adapters.store.objects.lease import hold_lease
from galeria.domain.errors import Conflict
from tests.waiting import until


@contextmanager
def store_held_up(data: Path, region: str) -> Iterator[None]:
    """As for a garbage collection, from the moment when nobody uses the store until the block ends."""
    with ExitStack() as held:

        def is_held() -> bool:
            try:
                held.enter_context(hold_lease(data / "work" / region / "lease", region=region, exclusive=True))
            except Conflict:
                return False
            return True

        until(is_held, f"the store of {region} is in use all the time", seconds=60)
        yield

"""Recompute the storage that image versions use in the background, so that pages only read sums.

When a version was added or removed, it and all younger versions of its gallery are measured again.
"""

import logging
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby

from galeria.domain.errors import GaleriaError, StoreUnavailable
from galeria.ports.storage_usage import RegionUsage, StoredVersion, chain_of
from galeria.workflows.context import WorkflowContext

PART = 1000  # versions that are weighed before it is kept: a restart loses no more

log = logging.getLogger(__name__)


def measure_storage_usage(context: WorkflowContext, *, thorough: bool = False) -> None:
    """Measure the changed galleries of each region that this process serves; many changes take several runs.

    Regions without changes are not read from their stores. Unless `thorough`, their versions are not even listed.
    """
    for region in filter(context.serves, context.stores):
        with context.database(reading=True) as uow:
            if not (thorough or uow.storage_usage.has_news(region)):
                continue
            held, chains = uow.storage_usage.held(region), uow.storage_usage.chains(region)
        gone = sorted(chains.keys() - {each.version_id for each in held})
        if gone:
            with context.database() as uow:
                uow.storage_usage.forget(region, gone)
                uow.commit()
        for _, versions in groupby(held, key=lambda each: each.gallery_id):
            try:
                _measure(context, region, list(versions), chains)
            except StoreUnavailable as error:  # the next gallery would be waited for as long, in vain
                log.warning("what galleries hold in %s is not measured now: %s", region, error)
                break
            except GaleriaError as error:  # one damaged manifest must not hold up the other galleries
                log.warning("what a gallery holds in %s cannot be measured: %s", region, error)
        else:
            _weigh(context, region)


def _weigh(context: WorkflowContext, region: str) -> None:
    """Find out what each version occupies in the region by itself, which no other version changes."""
    with context.database(reading=True) as uow:
        waiting = uow.storage_usage.unweighed(region)
    for first in range(0, len(waiting), PART):
        some = waiting[first : first + PART]
        try:
            sizes = context.stores[region].whole_sizes([each.digests for each in some], traffic=context.traffic)
        except StoreUnavailable as error:
            log.warning("what versions occupy in %s is not measured now: %s", region, error)
            break
        except GaleriaError as error:  # a damaged manifest must not hold up the others
            log.warning("what some versions occupy in %s cannot be measured: %s", region, error)
            continue
        with context.database() as uow:
            uow.storage_usage.weigh(region, {each.version_id: size for each, size in zip(some, sizes, strict=True)})
            uow.commit()


def _measure(context: WorkflowContext, region: str, versions: Sequence[StoredVersion], known: dict[str, str]) -> None:
    """Measure one gallery's `versions` (oldest first) in one region, from the first changed one on."""
    chains = list(_chains(region, versions))
    changed = [number for number, each in enumerate(versions) if known.get(each.version_id) != chains[number]]
    if not changed:
        return
    first = changed[0]
    before = dict.fromkeys(digest for each in versions[:first] for digest in each.digests)
    sets = [each.digests for each in versions[first:]]
    grown = context.stores[region].growth(sets, before=before, traffic=context.traffic)
    now = context.clock.now()
    measured = [
        RegionUsage(
            version_id=each.version_id,
            region=region,
            own_bytes=own,
            chain=chain,
            measured_at=now,
        )
        for each, own, chain in zip(versions[first:], grown, chains[first:], strict=False)
    ]
    with context.database() as uow:
        uow.storage_usage.keep(measured)
        uow.commit()


def _chains(region: str, versions: Sequence[StoredVersion]) -> Iterator[str]:
    """Yield a hash for each version that covers it and all older ones, so that any change before it shows."""
    hashed = region
    for place, each in enumerate(versions, start=1):
        hashed = sha256("\n".join((hashed, each.version_id, *each.digests)).encode()).hexdigest()
        yield chain_of(place, hashed)

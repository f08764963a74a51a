"""The chunk index made anew from what the packs say of themselves."""

import logging

from galeria.adapters.store.context import Depot
from galeria.adapters.store.packs import packs
from galeria.domain.errors import Corrupt

log = logging.getLogger(__name__)


def rebuild(depot: Depot) -> int:
    """To be called inside the exclusive lease; returns the number of chunks that have a place. May be repeated.

    A pack that cannot be read is passed over with a warning: verification then names what it held.
    """
    depot.index.clear(depot.region)
    for path, size in depot.bucket.objects(packs.PREFIX):
        try:
            places = packs.fetch_places(depot.bucket, path, size)
        except Corrupt as error:
            log.warning("region %s: %s", depot.region, error.message)
            continue
        depot.index.add_pack(depot.region, path.rpartition("/")[2], size, places)
    return sum(len(depot.index.chunks_of(depot.region, pack.name)) for pack in depot.index.packs(depot.region))

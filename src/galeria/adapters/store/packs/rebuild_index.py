"""Rebuild the chunk index from the packs' footers."""

import logging

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.packs import packs
from galeria.domain.errors import Corrupt

log = logging.getLogger(__name__)


def rebuild(context: StoreContext) -> int:
    """Rebuild the index, and return the number of chunks that have a place.

    Must be called within the exclusive lease; may be repeated. A pack that cannot be read is skipped with a warning:
    verification then names the chunks that it held.
    """
    context.index.clear(context.region)
    for each in context.bucket.objects(packs.PREFIX):
        try:
            places = packs.fetch_places(context.bucket, each.path, each.size)
        except Corrupt as error:
            log.warning("region %s: %s", context.region, error.message)
            continue
        context.index.add_pack(context.region, each.path.rpartition("/")[2], each.size, places)
    return sum(len(context.index.chunks_of(context.region, pack.name)) for pack in context.index.packs(context.region))

"""Images in regions that do not hold them yet: a lab may start there while its image is still being replicated."""

from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.ports.images import Digest, ImageStore
from galeria.ports.progress import Progress
from galeria.workflows.context import WorkflowContext


def get_holder(context: WorkflowContext, region: str, digest: Digest) -> ImageStore:
    """Return the region's own store where it holds the image, else that of another region. Raises NotFound."""
    own = context.stores[region]
    others = (store for name, store in context.stores.items() if name != region)
    for store in (own, *others):
        if store.find_manifest(digest) is not None:
            return store
    raise NotFound(
        Message("No region holds the image {digest}.", digest=digest[:12]),
        hint=Message("Import it again, or make the lab from another image."),
    )


def ensure_on_hosts(context: WorkflowContext, region: str, digest: Digest, *, progress: Progress) -> None:
    """Make sure that machines in the region can be made from the image, wherever it is. May be repeated. Raises NotFound."""
    own = context.stores[region]
    holder = own if context.cache.has_base(region, digest) else get_holder(context, region, digest)
    context.cache.ensure_base(region, digest, holder, own=own, progress=progress)


def ensure_held(context: WorkflowContext, region: str, digest: Digest, *, progress: Progress) -> None:
    """Make sure that the region holds the image, as it must before anything is stored there that inherits from it.

    Something in the region refers to the digest already. May be repeated, also beside a replication that is under way.
    """
    holder = get_holder(context, region, digest)
    if holder.region != region:
        context.stores[region].replicate(digest, source=holder, pin=lambda _: None, progress=progress)

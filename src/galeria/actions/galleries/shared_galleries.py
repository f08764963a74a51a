"""Shared galleries as consumers see them: read only, by region, and with complete replicas only.

Consumers need no role on the gallery, only the right to read shared galleries in their own subscription.
"""

from collections.abc import Callable
from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.galleries.sharing import sharing_regions
from galeria.domain.errors import NotFound
from galeria.domain.images.galleries import Gallery, ImageDefinition, ImageVersion, Replica, ReplicaFacts, VersionNumber
from galeria.domain.images.sharing import Permissions
from galeria.domain.messages import Message
from galeria.domain.states import ReplicaState

SHARED = "Microsoft.Compute/locations/sharedGalleries/read"
COMMUNITY = "Microsoft.Compute/locations/communityGalleries/read"


@dataclass(frozen=True, kw_only=True)
class GalleryConsumer:
    """The subscription and tenant that a consumer belongs to; a gallery may be shared with either."""

    subscription: str
    tenant: str

    def may_see(self, gallery: Gallery) -> bool:
        """Tells whether the gallery is shared with the subscription or the tenant."""
        return is_in(self.subscription, gallery.shared_subscriptions) or is_in(self.tenant, gallery.shared_tenants)


def is_in(id: str, ids: list[str]) -> bool:
    """Tells whether an id, in any case, is one of the lower-case ids."""
    return id.lower() in ids


def list_shared(request: Request, consumer: GalleryConsumer, location: str, *, to_tenant: bool) -> list[Gallery]:
    """Returns the galleries in the region that are shared with the subscription or, with `to_tenant`, the tenant.

    Raises Forbidden.
    """
    request.caller.require(SHARED, _scope(consumer.subscription))

    def is_seen(gallery: Gallery) -> bool:
        if to_tenant:
            return is_in(consumer.tenant, gallery.shared_tenants)
        return is_in(consumer.subscription, gallery.shared_subscriptions)

    return _in_region(request, location, lambda gallery: gallery.permissions is Permissions.GROUPS and is_seen(gallery))


def get_shared(request: Request, consumer: GalleryConsumer, location: str, unique_name: str) -> Gallery:
    """Returns a directly shared gallery by its unique name. Raises Forbidden, NotFound."""
    request.caller.require(SHARED, _scope(consumer.subscription))

    def is_it(gallery: Gallery) -> bool:
        named = gallery.unique_name.lower() == unique_name.lower()
        return named and gallery.permissions is Permissions.GROUPS and consumer.may_see(gallery)

    return _one(request, location, is_it, unique_name)


def list_community(request: Request, subscription: str, location: str) -> list[Gallery]:
    """Returns the community galleries in the region, by name. Raises Forbidden."""
    request.caller.require(COMMUNITY, _scope(subscription))
    return _in_region(request, location, lambda gallery: gallery.community_enabled)


def get_community(request: Request, subscription: str, location: str, public_name: str) -> Gallery:
    """Returns a community gallery by its public name. Raises Forbidden, NotFound."""
    request.caller.require(COMMUNITY, _scope(subscription))

    def is_it(gallery: Gallery) -> bool:
        return gallery.community_enabled and gallery.public_name.lower() == public_name.lower()

    return _one(request, location, is_it, public_name)


def seen_definitions(request: Request, gallery: Gallery) -> list[ImageDefinition]:
    """Returns the images of a gallery that the caller was found to see."""
    return request.uow.definitions.of_gallery(gallery.id)


def seen_definition(request: Request, gallery: Gallery, name: str) -> ImageDefinition:
    """Returns an image of a gallery that the caller was found to see. Raises NotFound."""
    definition = request.uow.definitions.find_by_key(gallery.arm_id.child("images", name).key)
    if definition is not None:
        return definition
    raise NotFound(
        Message("The gallery has no image definition '{name}'.", name=name),
        hint=Message("List its images to see what it has."),
    )


def seen_versions(
    request: Request,
    definition: ImageDefinition,
    location: str,
    *,
    after: VersionNumber | None = None,
    limit: int = 50,
) -> list[ImageVersion]:
    """Returns the image's versions after that number with a completed replica in the region, without soft-deleted ones."""
    return request.uow.version_queries.following(definition.id, after=after, offered_in=location, limit=limit)


def seen_version(request: Request, definition: ImageDefinition, name: str, location: str) -> ImageVersion:
    """Returns a version by its number, soft-deleted ones included while they can be used.

    Raises NotFound, naming the regions that have it.
    """
    elsewhere: set[str] = set()
    version = request.uow.versions.find_by_key(definition.arm_id.child("versions", name).key)
    if version is not None and version.is_ready:
        elsewhere = {each.region for each in request.uow.versions.replicas(version.id) if is_there(each)}
        if location in elsewhere:
            return version
    raise NotFound(
        Message(
            "The image '{definition}' has no version '{name}' in {location}.",
            definition=definition.name,
            name=name,
            location=location,
        ),
        hint=Message("It is in: {elsewhere}.", elsewhere=sorted(elsewhere))
        if elsewhere
        else Message("List its versions to see what there is."),
        code="GalleryImageNotFound",
    )


def is_there(replica: Replica | ReplicaFacts) -> bool:
    """Tells whether the region has the whole version."""
    return replica.state is ReplicaState.COMPLETED


def _scope(subscription: str) -> str:
    return f"/subscriptions/{subscription}".lower()


def _in_region(request: Request, location: str, is_seen: Callable[[Gallery], bool]) -> list[Gallery]:
    """Returns the galleries of all subscriptions that consumers find in the region, by name."""
    region = request.settings.regions.get(location).name
    galleries = [gallery for gallery in request.uow.galleries.below("/subscriptions") if is_seen(gallery)]
    return [gallery for gallery in galleries if region in sharing_regions(request, gallery)]


def _one(request: Request, location: str, is_seen: Callable[[Gallery], bool], name: str) -> Gallery:
    found = _in_region(request, location, is_seen)
    if found:
        return found[0]
    seen = [gallery for gallery in request.uow.galleries.below("/subscriptions") if is_seen(gallery)]
    elsewhere = sorted({region for gallery in seen for region in sharing_regions(request, gallery)})
    raise NotFound(
        Message("There is no shared gallery '{name}' in {location}.", name=name, location=location),
        hint=Message("It is in: {elsewhere}.", elsewhere=elsewhere)
        if elsewhere
        else Message("List those that are shared there; its owner may have taken it back."),
    )

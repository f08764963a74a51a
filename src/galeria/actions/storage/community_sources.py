"""Images of community galleries as sources of disks, by public name: whoever may read such galleries may copy them."""

from dataclasses import replace

from galeria.actions.core.request import Request
from galeria.actions.galleries.shared_galleries import get_community, seen_definition, seen_version
from galeria.actions.storage.sources import Sources, latest_of, version_disks
from galeria.domain.images.sharing import CommunityImage


def community_source(request: Request, subscription: str, named: CommunityImage, location: str) -> Sources:
    """Returns all disks of a community image's version that is complete in `location`; `subscription` is the one that
    copies it.

    Raises Forbidden, and NotFound for what is not shared there.
    """
    gallery = get_community(request, subscription, location, named.gallery)
    definition = seen_definition(request, gallery, named.image)
    if named.version:
        version = seen_version(request, definition, named.version, location)
    else:
        version = latest_of(request, definition, location)
    exact = replace(named, gallery=gallery.public_name, image=definition.name, version=version.name)
    return version_disks(request, definition, version, location, name=str(exact))

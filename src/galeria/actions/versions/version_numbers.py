"""What a new version of an image gets from those before it: its number, and the regions that are proposed."""

from galeria.actions.core.request import Request
from galeria.domain.images.galleries import FIRST_VERSION, ImageDefinition, VersionNumber

LOOKED_AT = 10  # newest versions of which the first that was finished is the predecessor


def next_number(request: Request, definition: ImageDefinition | None) -> VersionNumber:
    """The number above all versions that are there, those included that were put aside and keep their number.

    It is 1.0.0 for the first version, and for an image that there is not yet.
    """
    if definition is None:
        return FIRST_VERSION
    lists = request.uow.version_queries
    found = [lists.versions(definition.id, retained=retained, limit=1)[0] for retained in (False, True)]
    return max((each.number.next_patch for rows in found for each in rows), default=FIRST_VERSION)


def former_regions(request: Request, definition: ImageDefinition | None) -> frozenset[str]:
    """The regions of the image's newest finished version; none where there is no such version."""
    if definition is None:
        return frozenset()
    newest, _ = request.uow.version_queries.versions(definition.id, limit=LOOKED_AT)
    finished = next((each for each in newest if each.is_sealed), None)
    return frozenset(each.region for each in request.uow.versions.replicas(finished.id)) if finished else frozenset()

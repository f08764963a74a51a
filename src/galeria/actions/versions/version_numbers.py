"""The number that a new version of an image gets."""

from galeria.actions.core.request import Request
from galeria.domain.images.galleries import FIRST_VERSION, ImageDefinition, VersionNumber


def next_number(request: Request, definition: ImageDefinition | None) -> VersionNumber:
    """The number above all versions that are there, those included that were put aside and keep their number.

    It is 1.0.0 for the first version, and for an image that there is not yet.
    """
    if definition is None:
        return FIRST_VERSION
    lists = request.uow.version_queries
    found = [lists.versions(definition.id, retained=retained, limit=1)[0] for retained in (False, True)]
    return max((each.number.next_patch for rows in found for each in rows), default=FIRST_VERSION)

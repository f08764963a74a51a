"""The query to Azure Resource Graph that clients of galleries send: the list of community galleries."""

import re
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from galeria.actions.core.request import Request as Asked
from galeria.actions.galleries.shared_galleries import list_community
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.settings import Settings
from galeria.interfaces.arm.compute.shared_gallery_views import community_gallery
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import Route
from galeria.interfaces.arm.protocol.wire_types import Text, Wire, Word

_QUERY = re.compile(
    r"\s*communitygalleryresources\s*\|\s*where\s+type\s*={1,2}~?\s*'microsoft\.compute/locations/communitygalleries'"
    r"\s*(?:\|\s*where\s+location\s*={1,2}~?\s*'(?P<location>[^']*)'\s*)?",
    re.IGNORECASE,
)
_PAGE = 100
_MOST = 1000


class GraphQueryOptions(Wire):
    top: Annotated[int | None, Field(alias="$top", ge=1)] = None
    skip_token: Annotated[Word | None, Field(alias="$skipToken")] = None


class GraphQuery(Wire):
    query: Text
    options: GraphQueryOptions | None = None


def ask(body: GraphQuery, arm_request: ArmRequestDep) -> Response:
    """Answer the query by location and name. The token is the place of the last answered row."""
    options = body.options or GraphQueryOptions()
    found = _QUERY.fullmatch(body.query)
    if not found:
        raise Invalid(
            Message("The query is not one that is answered here."),
            hint=Message(
                "Answered is: communitygalleryresources | where type == "
                "'microsoft.compute/locations/communitygalleries' | where location == 'REGION'."
            ),
            target="query",
        )
    regions = _regions(arm_request.services.settings, found["location"])
    with arm_request.reading() as request:
        rows = _rows(request, arm_request.services.subscription_id, regions)
    later = [row for row in rows if row["id"] > (options.skip_token or "")]
    size = min(options.top or _PAGE, _MOST)
    answer: dict[str, Any] = {
        "totalRecords": len(rows),
        "count": len(later[:size]),
        "data": later[:size],
        "facets": [],
        "resultTruncated": "false",
    }
    if len(later) > size:
        answer["$skipToken"] = later[size - 1]["id"]
    return shown(answer)


def _rows(request: Asked, subscription: str, regions: list[str]) -> list[dict[str, Any]]:
    rows = []
    for region in regions:
        for gallery in list_community(request, subscription, region):
            view = community_gallery(gallery, region)
            properties = {**view["properties"], "identifier": view["identifier"]}
            id = f"/providers/Microsoft.Compute/locations/{region}/communityGalleries/{gallery.public_name}"
            kind = "microsoft.compute/locations/communitygalleries"
            rows.append(
                {
                    "id": id,
                    "name": gallery.public_name,
                    "type": kind,
                    "location": region,
                    "properties": properties,
                }
            )
    return sorted(rows, key=lambda row: row["id"])


def _regions(settings: Settings, location: str | None) -> list[str]:
    """Return the requested regions. A region that does not exist has no galleries, which is no error."""
    names = [region.name for region in settings.regions.all]
    return names if location is None else [name for name in names if name == location.replace(" ", "").lower()]


ROUTES = (
    Route(
        name="ResourceGraph_Resources",
        method="POST",
        path="/providers/Microsoft.ResourceGraph/resources",
        handler=ask,
    ),
)

"""Route of the cost of a gallery."""

from typing import Any

from starlette.responses import Response

from galeria.actions.versions.cost_overview import MeasuredCost, VersionLine, get_cost_lines
from galeria.domain.labs.labs import Lab
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.paging import listed, moment_after, next_link, page_size
from galeria.interfaces.arm.protocol.path_ids import GalleryId
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import GALLERY, Route


def costs(id: GalleryId, arm_request: ArmRequestDep) -> Response:
    """Return a page with a line per version, as last measured; all lines together are what is really stored."""
    prices = arm_request.services.settings.prices
    with arm_request.reading() as request:
        found = get_cost_lines(request, id, after=moment_after(arm_request), limit=page_size(arm_request))
    link = next_link(arm_request, (found.place[0].isoformat(), found.place[1])) if found.place else None
    return shown(
        {
            "currency": prices.currency,
            "pricesAreExamples": prices.are_examples,
            **listed([_cost(line) for line in found.lines], link),
            "totalPerMonth": f"{found.sums.price_month:f}",
            "measuredAt": when(found.measured_at),
            "copiesNotMeasuredYet": found.sums.unmeasured,
        }
    )


def lab_named(lab: Lab) -> dict[str, Any]:
    """Return the short form of a lab, for lists that mention it."""
    return _named(lab.resource_id, lab.title, lab.created_by)


def _named(id: str, title: str, created_by: str) -> dict[str, Any]:
    return {"id": id, "name": id.rpartition("/")[2], "title": title, "createdBy": created_by}


def _cost(line: VersionLine) -> dict[str, Any]:
    version = line.use.version
    return {
        "image": line.image,
        "displayName": line.display_name,
        "version": version.name,
        "versionId": version.resource_id,
        "logicalBytes": line.use.logical_bytes,
        "pricePerMonth": f"{line.use.price_month:f}",
        "regions": [_region(each, version.whole_bytes.get(each.region)) for each in line.use.regions],
        "labs": [_named(lab.lab_id, lab.title, lab.created_by) for lab in line.use.labs],
        "otherLabs": line.use.other_labs,
    }


def _region(cost: MeasuredCost, whole_bytes: int | None) -> dict[str, Any]:
    """Return the cost in a region; what is not measured yet has no bytes and no price."""
    is_measured = cost.unmeasured == 0
    return {
        "region": cost.region,
        "storedBytes": cost.stored_bytes if is_measured else None,
        "wholeBytes": whole_bytes,
        "pricePerMonth": f"{cost.price_month:f}" if is_measured else None,
    }


ROUTES = (Route(name="Galleries_Costs", method="GET", path=GALLERY + "/costs", handler=costs),)

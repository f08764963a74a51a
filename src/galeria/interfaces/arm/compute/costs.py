"""Route of the cost of a gallery."""

from typing import Any

from starlette.responses import Response

from galeria.actions.versions.costs import VersionCost, gallery_costs
from galeria.domain.labs.labs import Lab
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.path_ids import GalleryId
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import GALLERY, Route


def costs(id: GalleryId, arm_request: ArmRequestDep) -> Response:
    """Return one line per version; together they are what is really stored."""
    prices = arm_request.services.settings.prices
    with arm_request.reading() as request:
        lines = gallery_costs(request, id, arm_request.services.stores)
    return shown(
        {
            "currency": prices.currency,
            "pricesAreExamples": prices.are_examples,
            "value": [_cost(line) for line in lines],
            "totalPerMonth": f"{sum(line.price_month for line in lines):f}",
        }
    )


def lab_named(lab: Lab) -> dict[str, Any]:
    """Return the short form of a lab, for lists that mention it."""
    return {"id": lab.resource_id, "name": lab.name, "title": lab.title, "createdBy": lab.created_by}


def _cost(line: VersionCost) -> dict[str, Any]:
    return {
        "image": line.definition.name,
        "displayName": line.definition.display_name,
        "version": line.version.name,
        "versionId": line.version.resource_id,
        "logicalBytes": line.logical_bytes,
        "pricePerMonth": f"{line.price_month:f}",
        "regions": [
            {
                "region": each.region,
                "storedBytes": each.stored_bytes,
                "wholeBytes": each.whole_bytes,
                "pricePerMonth": f"{each.price_month:f}",
            }
            for each in line.regions
        ],
        "labs": [lab_named(lab) for lab in line.labs],
        "otherLabs": line.other_labs,
    }


ROUTES = (Route(name="Galleries_Costs", method="GET", path=GALLERY + "/costs", handler=costs),)

"""A table of routes: the handler of each method and path, and its name in the OpenAPI description."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
COMPUTE = "/providers/Microsoft.Compute"
LABS = "/providers/Microsoft.LabServices"
OURS = "/providers/Microsoft.Galeria"
GALLERY = GROUP + COMPUTE + "/galleries/{gallery}"
DEFINITION = GALLERY + "/images/{definition}"
VERSION = DEFINITION + "/versions/{version}"
DISKS = "/disks"
SNAPSHOTS = "/snapshots"
MANAGED_IMAGE = GROUP + COMPUTE + "/images/{image}"
PLAN = GROUP + LABS + "/labPlans/{plan}"
LAB = GROUP + LABS + "/labs/{lab}"
MACHINE = LAB + "/virtualMachines/{machine}"
COMPUTE_OPERATION = SUBSCRIPTION + COMPUTE + "/locations/{location}/capsOperations/{operation}"
LAB_OPERATION = SUBSCRIPTION + LABS + "/operationResults/{operation}"


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route; `name` is the operation id, in Azure's own specification where it has the operation."""

    name: str
    method: str
    path: str
    handler: Callable[..., Any]


def literals(routes: Iterable[Route]) -> dict[str, str]:
    """Return every fixed word of the paths by its lower-case form."""
    return {
        part.lower(): part for route in routes for part in route.path.split("/") if part and not part.startswith("{")
    }

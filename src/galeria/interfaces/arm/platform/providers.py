"""Routes of resource providers, from which clients choose an api-version. Every provider is always registered."""

from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.interfaces.arm.protocol.arm_request import ArmRequest, ArmRequestDep, require_any_role
from galeria.interfaces.arm.protocol.paging import listed
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import SUBSCRIPTION, Route

# Newest first. Any well-formed version is accepted; these are those that clients are known to send.
_COMPUTE = ("2026-03-03", "2025-03-03", "2024-03-03", "2023-07-03", "2022-03-03", "2021-10-01")
_DISKS = ("2025-01-02", "2024-03-02", "2023-10-02")
_IMAGES = ("2024-11-01", "2024-07-01", "2023-09-01")
_LABS = ("2023-06-07", "2022-08-01", "2018-10-15")
_RESOURCES = ("2024-11-01", "2022-09-01", "2021-04-01")
_AUTHORIZATION = ("2022-04-01", "2020-05-01", "2016-09-01")

PROVIDERS: dict[str, dict[str, tuple[str, ...]]] = {
    "Microsoft.Compute": {
        "galleries": _COMPUTE,
        "galleries/images": _COMPUTE,
        "galleries/images/versions": _COMPUTE,
        "locations/capsOperations": _COMPUTE,
        "locations/sharedGalleries": _COMPUTE,
        "locations/communityGalleries": _COMPUTE,
        "disks": _DISKS,
        "snapshots": _DISKS,
        "images": _IMAGES,
    },
    "Microsoft.LabServices": {
        "labPlans": _LABS,
        "labs": _LABS,
        "labaccounts": ("2018-10-15",),
        "labPlans/images": _LABS,
        "labs/virtualMachines": _LABS,
        "labs/users": _LABS,
        "labs/schedules": _LABS,
        "operationResults": _LABS,
    },
    "Microsoft.Resources": {
        "resourceGroups": _RESOURCES,
        "subscriptions": _RESOURCES,
        "subscriptions/resourceGroups": _RESOURCES,
        "tags": _RESOURCES,
    },
    "Microsoft.Authorization": {
        "roleAssignments": _AUTHORIZATION,
        "roleDefinitions": _AUTHORIZATION,
        "locks": ("2020-05-01", "2016-09-01"),
    },
    "Microsoft.Insights": {"eventtypes": ("2015-04-01",)},
}


def list_all(subscription: str, arm_request: ArmRequestDep) -> Response:
    require_any_role(arm_request)
    return shown(listed([_view(subscription, namespace, arm_request) for namespace in PROVIDERS]))


def get_one(subscription: str, namespace: str, arm_request: ArmRequestDep) -> Response:
    require_any_role(arm_request)
    return shown(_view(subscription, _known(namespace), arm_request))


def register(subscription: str, namespace: str, arm_request: ArmRequestDep) -> Response:
    """Answer that the provider is registered, which it always is."""
    require_any_role(arm_request)
    return shown(_view(subscription, _known(namespace), arm_request))


def _known(namespace: str) -> str:
    for known in PROVIDERS:
        if known.lower() == namespace.lower():
            return known
    raise NotFound(
        Message("The resource namespace '{namespace}' is invalid.", namespace=namespace),
        hint=Message("Here are: {providers}.", providers=list(PROVIDERS)),
        code="InvalidResourceNamespace",
    )


def _view(subscription: str, namespace: str, arm_request: ArmRequest) -> dict[str, Any]:
    regions = [region.display_name for region in arm_request.services.settings.regions.all]
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationFree",
        "resourceTypes": [_type(name, regions, versions) for name, versions in PROVIDERS[namespace].items()],
    }


def _type(name: str, regions: list[str], versions: Iterable[str]) -> dict[str, Any]:
    return {
        "resourceType": name,
        "locations": regions,
        "apiVersions": list(versions),
        "capabilities": "SupportsTags, SupportsLocation" if "/" not in name or name.startswith("galleries") else "None",
    }


_PROVIDERS = SUBSCRIPTION + "/providers"

ROUTES = (
    Route(name="Providers_List", method="GET", path=_PROVIDERS, handler=list_all),
    Route(name="Providers_Get", method="GET", path=_PROVIDERS + "/{namespace}", handler=get_one),
    Route(name="Providers_Register", method="POST", path=_PROVIDERS + "/{namespace}/register", handler=register),
)

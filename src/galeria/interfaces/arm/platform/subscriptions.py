"""Routes of the tenant, the subscription and its regions."""

from typing import Any

from starlette.responses import Response

from galeria.domain.regions import Region
from galeria.domain.resources import Subscription
from galeria.interfaces.arm.protocol.arm_request import ArmRequest, ArmRequestDep, require_any_role
from galeria.interfaces.arm.protocol.paging import listed
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import SUBSCRIPTION, Route

# As in Azure, these two lists have a nextLink on their last page as well: an empty one.
LAST = ""


def list_tenants(arm_request: ArmRequestDep) -> Response:
    """List the tenant, to which everybody who is signed in belongs."""
    tenant = arm_request.services.tenant_id
    value = {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Galeria", "tenantCategory": "Home"}
    return shown(listed([value], LAST))


def list_subscriptions(arm_request: ArmRequestDep) -> Response:
    """List the subscriptions in which the caller has any role."""
    return shown(listed([_subscription(arm_request, each) for each in _subscriptions(arm_request)], LAST))


def get_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    require_any_role(arm_request)
    found = next(each for each in _subscriptions(arm_request) if each.id.lower() == subscription.lower())
    return shown(_subscription(arm_request, found))


def list_locations(subscription: str, arm_request: ArmRequestDep) -> Response:
    require_any_role(arm_request)
    return shown(listed([_location(subscription, region) for region in arm_request.services.settings.regions.all]))


def _subscriptions(arm_request: ArmRequest) -> list[Subscription]:
    if not arm_request.caller.assignments:
        return []
    with arm_request.reading() as request:
        return request.uow.subscriptions()


def _subscription(arm_request: ArmRequest, subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "subscriptionId": subscription.id,
        "displayName": subscription.display_name,
        "state": "Enabled",
        "tenantId": arm_request.services.tenant_id,
        "subscriptionPolicies": {},
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }


def _location(subscription: str, region: Region) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/locations/{region.name}",
        "name": region.name,
        "type": "Region",
        "displayName": region.display_name,
        "regionalDisplayName": region.display_name,
        "metadata": {"regionType": "Physical", "geography": region.geography},
    }


ROUTES = (
    Route(name="Tenants_List", method="GET", path="/tenants", handler=list_tenants),
    Route(name="Subscriptions_List", method="GET", path="/subscriptions", handler=list_subscriptions),
    Route(name="Subscriptions_Get", method="GET", path=SUBSCRIPTION, handler=get_subscription),
    Route(name="Subscriptions_ListLocations", method="GET", path=SUBSCRIPTION + "/locations", handler=list_locations),
)

"""What stands above resource groups: the tenant, the subscription, and its regions."""

from typing import Any

from starlette.responses import Response

from galeria.domain.regions import Region
from galeria.domain.resources import Subscription
from galeria.interfaces.arm.protocol.arm_request import At, Door, require_any_role
from galeria.interfaces.arm.protocol.paging import listed
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import SUBSCRIPTION, Route

# These two lists have a link on their last page, too: an empty one.
LAST = ""


def list_tenants(door: At) -> Response:
    """Everybody who is signed in belongs to it."""
    tenant = door.inside.tenant_id
    value = {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Galeria", "tenantCategory": "Home"}
    return shown(listed([value], LAST))


def list_subscriptions(door: At) -> Response:
    """Those in which the caller has any role."""
    return shown(listed([_subscription(door, each) for each in _subscriptions(door)], LAST))


def get_subscription(subscription: str, door: At) -> Response:
    require_any_role(door)
    found = next(each for each in _subscriptions(door) if each.id.lower() == subscription.lower())
    return shown(_subscription(door, found))


def list_locations(subscription: str, door: At) -> Response:
    require_any_role(door)
    return shown(listed([_location(subscription, region) for region in door.inside.settings.regions.all]))


def _subscriptions(door: Door) -> list[Subscription]:
    if not door.caller.assignments:
        return []
    with door.reading() as request:
        return request.uow.subscriptions()


def _subscription(door: Door, subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "subscriptionId": subscription.id,
        "displayName": subscription.display_name,
        "state": "Enabled",
        "tenantId": door.inside.tenant_id,
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

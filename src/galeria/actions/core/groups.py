"""Resource groups: create, change, list, delete."""

from typing import TypeVar

from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, refused
from galeria.domain.ids import ResourceId, group_name, location_name
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.people.hidden_scopes import is_subscription, missing_group, missing_subscription, read_action
from galeria.domain.resources import Resource, ResourceGroup
from galeria.domain.states import ProvisioningState, moved

T = TypeVar("T")

READ = "Microsoft.Resources/subscriptions/resourceGroups/read"
WRITE = "Microsoft.Resources/subscriptions/resourceGroups/write"
DELETE = "Microsoft.Resources/subscriptions/resourceGroups/delete"


def put_group(request: Request, id: ResourceId, *, location: str, tags: dict[str, str]) -> tuple[ResourceGroup, bool]:
    """Creates or changes a resource group; the second value tells whether it is new.

    Raises Forbidden, Invalid for its name, NotFound for its subscription.
    """
    request.caller.require(WRITE, id.key)
    group = request.uow.groups.find_by_key(id.key)
    request.audit(WRITE, str(id))
    if group:
        require_lasting_group(request, id)
        group.tags = tags
        request.touch(group)
        return group, False
    group_name(id.group)
    require_subscription(request, id)
    group = ResourceGroup(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        subscription_id=id.subscription.lower(),
        location=location_name(location),
        tags=tags,
        **request.stamps(),
    )
    request.uow.groups.add(group)
    return group, True


def get_group(request: Request, id: ResourceId) -> ResourceGroup:
    """Returns a resource group. Raises Forbidden, NotFound."""
    request.caller.require(READ, id.key)
    return require_group(request, id)


def list_groups(request: Request, subscription_id: str) -> list[ResourceGroup]:
    """Returns the subscription's resource groups that the caller may see."""
    groups = request.uow.groups.below(f"/subscriptions/{subscription_id.lower()}")
    return [group for group in groups if request.caller.may(READ, group.key)]


def patch_group(request: Request, id: ResourceId, *, tags: dict[str, str] | None) -> ResourceGroup:
    """Replaces a resource group's tags; None leaves them. Raises Forbidden, NotFound."""
    request.caller.require(WRITE, id.key)
    group = require_lasting_group(request, id)
    if tags is not None:
        group.tags = tags
    request.touch(group)
    request.audit(WRITE, str(id))
    return group


def delete_group(request: Request, id: ResourceId) -> Operation:
    """Starts deleting a resource group with everything in it; a repeated call returns the running operation.

    Raises Forbidden, Conflict for a protected snapshot, and NotFound where there is none, because `az group delete`
    refuses the status 204.
    """
    request.caller.require(DELETE, id.key)
    group = require_group(request, id)
    for running in request.uow.operations.running_on(group.id):
        if running.kind is OperationKind.DELETE_GROUP:
            return running
    for snapshot in request.uow.snapshots.below(id.key):
        snapshot.require_deletable(request.clock.now())
    request.audit(DELETE, str(id))
    group.state = moved(
        group.state, ProvisioningState.DELETING, Message("The resource group '{group}'", group=id.group)
    )
    return request.begin(OperationKind.DELETE_GROUP, group, group.id)


def require_group(request: Request, id: ResourceId) -> ResourceGroup:
    """Returns the resource group that `id` lies in. Raises NotFound with ARM's code ResourceGroupNotFound."""
    group_id = ResourceId(id.subscription, id.group)
    group = request.uow.groups.find_by_key(group_id.key)
    if group is None:
        raise missing_group(id.group)
    return group


def listed_below(request: Request, prefix: str, found: list[T]) -> list[T]:
    """Returns what was found below the key of a subscription or resource group.

    Raises NotFound with ARM's code ResourceGroupNotFound where nothing is found in a group that is not there, or of which
    the caller may not know: an empty list would say that it is there.
    """
    id = None if found or is_subscription(prefix) else ResourceId.parse(prefix)
    if id and not request.caller.may_know(id.key):
        raise refused(missing_group(id.group), read_action(id.key), id.key)
    if id and request.uow.groups.find_by_key(id.key) is None:
        raise missing_group(id.group)
    return found


def require_lasting_group(request: Request, id: ResourceId) -> ResourceGroup:
    """Returns the resource group that `id` lies in.

    Raises NotFound, and Conflict while the group is being deleted: whatever is made in it would be lost.
    """
    group = require_group(request, id)
    if group.state is ProvisioningState.DELETING:
        raise being_deleted(group)
    return group


def being_deleted(resource: Resource) -> Conflict:
    """Returns the error for a change of a resource or resource group that is being deleted, or of what lies in it."""
    if isinstance(resource, ResourceGroup):
        return Conflict(
            Message("The resource group '{group}' is being deleted.", group=resource.name),
            hint=Message("Wait until that has ended, then make it again, or use another group."),
            code="ResourceGroupBeingDeleted",
        )
    return Conflict(
        Message("'{thing}' is being deleted.", thing=resource.name), hint=Message("Wait for it, then make it again.")
    )


def require_subscription(request: Request, id: ResourceId) -> None:
    """Raises NotFound with ARM's code SubscriptionNotFound where the id's subscription does not exist."""
    if all(subscription.id != id.subscription.lower() for subscription in request.uow.subscriptions()):
        raise missing_subscription(id.subscription)

"""What a person is told about a scope that may not be read: the same as where there is no such thing."""

from galeria.domain.errors import NotFound, missing
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message

GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_SUBSCRIPTION = 2  # parts of the id of a subscription
_WORDS = {
    "microsoft.compute/galleries": Message("gallery"),
    "microsoft.compute/galleries/images": Message("image definition"),
    "microsoft.compute/galleries/images/versions": Message("image version"),
    "microsoft.compute/disks": Message("disk"),
    "microsoft.compute/snapshots": Message("snapshot"),
    "microsoft.compute/images": Message("image"),
    "microsoft.labservices/labplans": Message("lab account"),
    "microsoft.labservices/labs": Message("lab"),
}


def read_action(scope: str) -> str:
    """Returns the action that lets read the resource group or resource with that id, in any case.

    It is empty for a subscription: whoever has any role in it sees it. Raises Invalid for a text that is no id.
    """
    if is_subscription(scope):
        return ""
    id = ResourceId.parse(scope)
    return f"{id.type if id.namespace else GROUPS}/read"


def is_subscription(scope: str) -> bool:
    """Tells whether the scope is the id of a subscription, which all others begin with."""
    return len(scope.strip("/").split("/")) == _SUBSCRIPTION


def hidden(scope: str) -> NotFound:
    """Returns the error about a subscription, resource group or resource that the caller may not know of.

    It is the one that is raised where it does not exist, so that nobody learns which of the two it is.
    """
    if is_subscription(scope):
        return missing_subscription(scope.rstrip("/").rsplit("/", 1)[-1])
    id = ResourceId.parse(scope)
    if not id.namespace:
        return missing_group(id.group)
    return missing(_WORDS.get(id.type.lower(), Message("resource")), id.name)


def missing_group(name: str) -> NotFound:
    """Returns the error for a resource group that is not there, with ARM's code ResourceGroupNotFound."""
    return NotFound(
        Message("Resource group '{group}' could not be found.", group=name),
        hint=Message(
            "Check its name, make it with 'az group create -n {group} -l REGION', or ask an Owner for a role in it.",
            group=name,
        ),
        code="ResourceGroupNotFound",
    )


def missing_subscription(id: str) -> NotFound:
    """Returns the error for a subscription that is not there, with ARM's code SubscriptionNotFound."""
    return NotFound(
        Message("The subscription '{subscription}' could not be found.", subscription=id),
        hint=Message(
            "'galeria connect' prints the subscription of this installation. Where it is this one, you have no role in "
            "it yet: ask an Owner for one."
        ),
        code="SubscriptionNotFound",
    )

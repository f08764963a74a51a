"""Resource ids from path parameters.

The functions are coroutines only because FastAPI calls those directly, not in a thread.
"""

from typing import Annotated

from fastapi import Depends

from galeria.domain.errors import Invalid
from galeria.domain.ids import COMPUTE, LABS, ResourceId
from galeria.domain.messages import Message


async def _group(subscription: str, group: str) -> ResourceId:
    return ResourceId(subscription, group)


GroupId = Annotated[ResourceId, Depends(_group)]


async def _gallery(group: GroupId, gallery: str) -> ResourceId:
    return group.resource(COMPUTE, "galleries", gallery)


GalleryId = Annotated[ResourceId, Depends(_gallery)]


async def _definition(gallery: GalleryId, definition: str) -> ResourceId:
    return gallery.child("images", definition)


DefinitionId = Annotated[ResourceId, Depends(_definition)]


async def _version(definition: DefinitionId, version: str) -> ResourceId:
    return definition.child("versions", version)


VersionId = Annotated[ResourceId, Depends(_version)]


async def _plan(group: GroupId, plan: str) -> ResourceId:
    return group.resource(LABS, "labPlans", plan)


PlanId = Annotated[ResourceId, Depends(_plan)]


async def _lab(group: GroupId, lab: str) -> ResourceId:
    return group.resource(LABS, "labs", lab)


LabId = Annotated[ResourceId, Depends(_lab)]


def subscription_key(subscription: str) -> str:
    """Return the prefix of the keys of everything in the subscription."""
    return f"/subscriptions/{subscription}".lower()


def named_id(text: str, target: str) -> ResourceId:
    """Return an id in a request body. Raises Invalid with the name of the property."""
    try:
        return ResourceId.parse(text)
    except Invalid as error:
        raise Invalid(
            Message("Expect fully qualified resource Id, not '{text}'.", text=text), hint=error.hint, target=target
        ) from error

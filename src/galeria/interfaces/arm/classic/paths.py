"""Paths and ids of the API of 2018. A lab account is the lab plan of its name; its labs are labs of the same group."""

from typing import Annotated

from fastapi import Depends

from galeria.domain.errors import NotFound
from galeria.domain.ids import LABS as NAMESPACE
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.interfaces.arm.protocol.path_ids import GroupId
from galeria.interfaces.arm.protocol.routes import GROUP, LABS, SUBSCRIPTION

ACCOUNTS = GROUP + LABS + "/labaccounts"
ALL_ACCOUNTS = SUBSCRIPTION + LABS + "/labaccounts"
ACCOUNT = ACCOUNTS + "/{account}"
LAB = ACCOUNT + "/labs/{lab}"
SETTING = LAB + "/environmentsettings/{setting}"
ENVIRONMENT = SETTING + "/environments/{environment}"
USER = LAB + "/users/{user}"

DEFAULT = "default"
TEMPLATE = "template"


async def _account(group: GroupId, account: str) -> ResourceId:
    return group.resource(NAMESPACE, "labPlans", account)


AccountId = Annotated[ResourceId, Depends(_account)]


async def _lab(group: GroupId, lab: str) -> ResourceId:
    return group.resource(NAMESPACE, "labs", lab)


LabId = Annotated[ResourceId, Depends(_lab)]


async def _setting(setting: str) -> None:
    """Raise NotFound for any name but that of the only template."""
    if setting.lower() != DEFAULT:
        raise NotFound(
            Message("There is no environment setting '{setting}'.", setting=setting),
            hint=Message("It is named '{default}'.", default=DEFAULT),
        )


OneSetting = Depends(_setting)


def account_id(plan_id: str) -> ResourceId:
    """Return the 2018 id of a lab account for the id of its plan."""
    plan = ResourceId.parse(plan_id)
    return plan.parent.resource(NAMESPACE, "labaccounts", plan.name)


def lab_id(plan_id: str, lab: str) -> ResourceId:
    return account_id(plan_id).child("labs", ResourceId.parse(lab).name)


def modern_image(id: ResourceId) -> ResourceId:
    """Return the current id of an image. An id that is not of the API of 2018 stays as it is."""
    words = [segment.lower() for segment in id.segments[0::2]]
    if words in (["labaccounts", "galleryimages"], ["labaccounts", "sharedimages"]):
        return ResourceId(id.subscription, id.group, NAMESPACE, ("labPlans", id.segments[1], "images", id.segments[3]))
    return id


def modern_machine(id: ResourceId) -> tuple[ResourceId, str]:
    """Return the lab and the machine that an environment's id, of either API, names. Raises NotFound."""
    words = [segment.lower() for segment in id.segments[0::2]]
    if words == ["labaccounts", "labs", "environmentsettings", "environments"]:
        return ResourceId(id.subscription, id.group, NAMESPACE, ("labs", id.segments[3])), id.segments[7]
    if words == ["labs", "virtualmachines"]:
        return id.parent, id.name
    raise NotFound(
        Message("'{id}' is no environment.", id=str(id)), hint=Message("Give the id that listEnvironments answers.")
    )

"""Routes of lab plans (lab accounts) and the images that they offer."""

from dataclasses import replace
from typing import Any

from pydantic.alias_generators import to_camel
from starlette.responses import Response

from galeria.actions.core.groups import listed_below
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import AccountRequest, delete_account, get_account, list_accounts, put_account
from galeria.actions.labs.eligible_images import get_image, list_images
from galeria.actions.labs.image_switches import enable_image
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageEligibility
from galeria.domain.labs.accounts import LabAccount
from galeria.interfaces.arm.labs.lab_schemas import (
    EnabledState,
    OurPlan,
    PlanBody,
    PlanIdentity,
    PlanImageBody,
    PlanImagePatch,
    PlanPatch,
    PlanProfiles,
    PlanProperties,
    PlanReach,
)
from galeria.interfaces.arm.labs.lab_views import image_view, plan_view
from galeria.interfaces.arm.labs.profile_schemas import sent_properties
from galeria.interfaces.arm.protocol.arm_request import ArmRequest, ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import Order, by_name
from galeria.interfaces.arm.protocol.path_ids import GroupId, PlanId, named_id, subscription_key
from galeria.interfaces.arm.protocol.responses import deleted, put, shown
from galeria.interfaces.arm.protocol.routes import GROUP, LABS, PLAN, SUBSCRIPTION, Route


def put_one(id: PlanId, body: PlanBody, arm_request: ArmRequestDep) -> Response:
    """Create or replace a plan. Without a sharedGalleryId no gallery is attached afterwards; other absent settings stay."""
    with arm_request.writing() as request:
        wanted = _wanted(body.location, body.tags or {}, body.properties or PlanProperties(), body.identity)
        plan, is_new = put_account(request, id, wanted)
        view = _view(arm_request, request, plan)
    return put(arm_request, view, is_new=is_new)


def patch_one(id: PlanId, body: PlanPatch, arm_request: ArmRequestDep) -> Response:
    changes = body.properties or PlanProperties()
    with arm_request.writing() as request:
        held = get_account(request, id)
        wanted = _wanted(held.location, held.tags if body.tags is None else body.tags, changes, body.identity)
        if "shared_gallery_id" not in changes.model_fields_set:
            wanted = replace(wanted, gallery=_attached(request, held))
        plan, _ = put_account(request, id, wanted)
        return shown(_view(arm_request, request, plan))


def get_one(id: PlanId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(_view(arm_request, request, get_account(request, id)))


def list_in_group(id: GroupId, arm_request: ArmRequestDep) -> Response:
    return _listed(id.key, arm_request)


def list_in_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    return _listed(subscription_key(subscription), arm_request)


def delete_one(id: PlanId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        was_there = delete_account(request, id)
    return deleted(was_there)


def list_plan_images(id: PlanId, arm_request: ArmRequestDep, region: str | None = None) -> Response:
    """List all images for a lab in `region`, by default the plan's own; unusable ones with reasons and remedies."""
    with arm_request.reading() as request:
        offers = list_images(request, id, region)
    return shown(selected(arm_request, offers, order=_by_definition, view=lambda offer: image_view(str(id), offer)))


def get_plan_image(id: PlanId, image: str, arm_request: ArmRequestDep, region: str | None = None) -> Response:
    with arm_request.reading() as request:
        return shown(image_view(str(id), get_image(request, id, image, region)))


def put_plan_image(id: PlanId, image: str, body: PlanImageBody, arm_request: ArmRequestDep) -> Response:
    return _switch(id, image, body.properties.enabled_state, arm_request)


def patch_plan_image(id: PlanId, image: str, body: PlanImagePatch, arm_request: ArmRequestDep) -> Response:
    return _switch(id, image, body.properties.enabled_state if body.properties else None, arm_request)


def _switch(id: ResourceId, image: str, state: EnabledState | None, arm_request: ArmRequestDep) -> Response:
    if state is None:
        return get_plan_image(id, image, arm_request)
    with arm_request.writing() as request:
        offer = enable_image(request, id, image, enabled=state is EnabledState.ENABLED)
    return shown(image_view(str(id), offer))


def _wanted(
    location: str, tags: dict[str, str], properties: PlanProperties, identity: PlanIdentity | None
) -> AccountRequest:
    gallery = properties.shared_gallery_id
    regions = properties.allowed_regions
    ours = properties.galeria or OurPlan()
    network = ours.network or PlanReach()
    return AccountRequest(
        location=location,
        tags=tags,
        gallery=named_id(gallery, "properties.sharedGalleryId") if gallery else None,
        allowed_regions=None if regions is None else tuple(regions),
        os_disk_limit_gb=ours.os_disk_limit,
        enable_by_default=ours.images_enabled_by_default,
        internet=network.internet,
        names=None if network.names is None else tuple(network.names),
        common_network=network.common_in_lab,
        profiles={
            **{name: each for name, each in sent_properties(properties).items() if name in _PROFILES},
            **({"identity": sent_properties(identity)} if identity else {}),
        },
    )


def _attached(request: Request, plan: LabAccount) -> ResourceId | None:
    return request.uow.galleries.get(plan.gallery_id).arm_id if plan.gallery_id else None


def _listed(prefix: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        plans = listed_below(request, prefix, list_accounts(request, prefix))
        return shown(selected(arm_request, plans, order=by_name, view=lambda plan: _view(arm_request, request, plan)))


def _view(arm_request: ArmRequest, request: Request, plan: LabAccount) -> dict[str, Any]:
    return plan_view(request, plan, tenant_id=arm_request.services.tenant_id)


def _by_definition(offer: ImageEligibility) -> Order:
    return by_name(offer.definition)


# Profiles that a plan stores in the form of the API.
_PROFILES = {to_camel(name) for name in PlanProfiles.model_fields}
_IMAGE = PLAN + "/images/{image}"

ROUTES = (
    Route(
        name="LabPlans_ListBySubscription",
        method="GET",
        path=SUBSCRIPTION + LABS + "/labPlans",
        handler=list_in_subscription,
    ),
    Route(name="LabPlans_ListByResourceGroup", method="GET", path=GROUP + LABS + "/labPlans", handler=list_in_group),
    Route(name="LabPlans_CreateOrUpdate", method="PUT", path=PLAN, handler=put_one),
    Route(name="LabPlans_Update", method="PATCH", path=PLAN, handler=patch_one),
    Route(name="LabPlans_Get", method="GET", path=PLAN, handler=get_one),
    Route(name="LabPlans_Delete", method="DELETE", path=PLAN, handler=delete_one),
    Route(name="Images_ListByLabPlan", method="GET", path=PLAN + "/images", handler=list_plan_images),
    Route(name="Images_CreateOrUpdate", method="PUT", path=_IMAGE, handler=put_plan_image),
    Route(name="Images_Update", method="PATCH", path=_IMAGE, handler=patch_plan_image),
    Route(name="Images_Get", method="GET", path=_IMAGE, handler=get_plan_image),
)

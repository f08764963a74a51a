"""Routes of labs."""

from dataclasses import replace

from pydantic.alias_generators import to_camel
from starlette.responses import Response

from galeria.actions.core.groups import listed_below
from galeria.actions.core.request import Request
from galeria.actions.labs.lab_images import find_by_identifier
from galeria.actions.labs.lab_publishing import begin_scaling, publish_lab, sync_group
from galeria.actions.labs.lab_settings import FixedSettings, LabSettings, NonAdminAccount, update_lab
from galeria.actions.labs.labs import LabRequest, create_lab, delete_lab, get_lab, list_labs
from galeria.domain.classes.settings import WEEKLY_REFILL
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import LabCreateOption
from galeria.domain.labs.profiles import Profiles
from galeria.interfaces.arm.labs.lab_schemas import (
    LabBody,
    LabChanges,
    LabImageReference,
    LabPatch,
    LabProfiles,
    MachineChanges,
    OurLabChanges,
)
from galeria.interfaces.arm.labs.lab_views import lab_view
from galeria.interfaces.arm.labs.profile_schemas import Switch, sent_properties
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import by_name
from galeria.interfaces.arm.protocol.path_ids import GroupId, LabId, named_id, subscription_key
from galeria.interfaces.arm.protocol.responses import accepted, deleting, put, shown
from galeria.interfaces.arm.protocol.routes import GROUP, LAB, LABS, SUBSCRIPTION, Route
from galeria.interfaces.time_zones import iana_name


def put_one(id: LabId, body: LabBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        wanted = _wanted(request, body)
        lab, is_new, operation = create_lab(request, id, wanted, arm_request.services.secrets)
        operation = operation or begin_scaling(request, lab)
        view = lab_view(request, lab, api_version=arm_request.api_version)
    arm_request.start(operation)
    return put(arm_request, view, is_new=is_new, operation=operation)


def patch_one(id: LabId, body: LabPatch, arm_request: ArmRequestDep) -> Response:
    changes = body.properties or LabChanges()
    with arm_request.writing() as request:
        wanted = replace(
            _settings(changes),
            title=changes.title,
            description=changes.description,
            tags=body.tags,
            account=named_id(changes.lab_plan_id, "properties.labPlanId") if changes.lab_plan_id else None,
            fixed=_fixed(changes.virtual_machine_profile or MachineChanges()),
        )
        lab = update_lab(request, id, wanted, arm_request.services.secrets)
        operation = begin_scaling(request, lab)
        view = lab_view(request, lab, api_version=arm_request.api_version)
    arm_request.start(operation)
    return accepted(arm_request, operation, view) if operation else shown(view)


def get_one(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(lab_view(request, get_lab(request, id), api_version=arm_request.api_version))


def list_in_group(id: GroupId, arm_request: ArmRequestDep) -> Response:
    return _listed(id.key, arm_request)


def list_in_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    return _listed(subscription_key(subscription), arm_request)


def delete_one(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        operation = delete_lab(request, id)
    arm_request.start(operation)
    return deleting(arm_request, operation)


def publish(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        operation = publish_lab(request, id)
    arm_request.start(operation)
    return accepted(arm_request, operation)


def synchronize(id: LabId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        sync_group(request, id)
    return Response(status_code=200)


def _wanted(request: Request, body: LabBody) -> LabRequest:
    properties = body.properties
    machine = properties.virtual_machine_profile
    account = named_id(properties.lab_plan_id, "properties.labPlanId")
    return LabRequest(
        location=body.location,
        tags=body.tags or {},
        account=account,
        title=properties.title or "",
        description=properties.description or "",
        image=_image(request, account, machine.image_reference),
        size=machine.sku.name,
        user_name=machine.admin_user.username,
        password=machine.admin_user.password.get_secret_value(),
        new_identity=bool(properties.galeria and properties.galeria.new_identity),
        keep_accounts=tuple(properties.galeria.keep_accounts or ()) if properties.galeria else (),
        create_option=machine.create_option or LabCreateOption.TEMPLATE_VM,
        settings=_settings(properties),
    )


def _image(request: Request, account: ResourceId, reference: LabImageReference) -> ResourceId:
    if reference.id:
        return named_id(reference.id, f"{_MACHINES}.imageReference.id")
    return find_by_identifier(
        request,
        account,
        publisher=reference.publisher or "",
        offer=reference.offer or "",
        sku=reference.sku or "",
        version="" if (reference.version or "latest").lower() == "latest" else reference.version or "",
    )


def _settings(changes: LabChanges) -> LabSettings:
    machine = changes.virtual_machine_profile or MachineChanges()
    access = changes.security_profile.open_access if changes.security_profile else None
    user = machine.non_admin_user
    kept = {"additionalCapabilities", "useSharedPassword"}
    return LabSettings(
        capacity=machine.sku.capacity if machine.sku else None,
        usage_quota=machine.usage_quota,
        open_access=None if access is None else access is Switch.ENABLED,
        non_admin=NonAdminAccount(user_name=user.username, password=user.password.get_secret_value())
        if user and user.username
        else None,
        profiles={
            **{name: each for name, each in sent_properties(changes).items() if name in _PROFILES},
            **{name: each for name, each in sent_properties(machine).items() if name in kept},
            **_class_settings(changes.galeria),
        },
    )


def _class_settings(said: OurLabChanges | None) -> Profiles:
    """Return the settings of classes that were sent; the time zone by its name in the IANA list."""
    sent = {name: each for name, each in sent_properties(said).items() if name in _CLASS_SETTINGS}
    refill = said.weekly_refill if said else None
    if refill:
        sent[WEEKLY_REFILL] = {"weekDay": refill.week_day.value, "timeZoneId": iana_name(refill.time_zone_id)}
    return sent


def _fixed(machine: MachineChanges) -> FixedSettings:
    reference = machine.image_reference
    return FixedSettings(
        image=named_id(reference.id, f"{_MACHINES}.imageReference.id") if reference and reference.id else None,
        size=machine.sku.name if machine.sku else None,
        user_name=machine.admin_user.username if machine.admin_user else None,
        password=machine.admin_user.password.get_secret_value() if machine.admin_user else None,
        create_option=machine.create_option,
    )


def _listed(prefix: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        labs = listed_below(request, prefix, list_labs(request, prefix))
        body = selected(
            arm_request,
            labs,
            order=by_name,
            view=lambda lab: lab_view(request, lab, api_version=arm_request.api_version),
        )
    return shown(body)


_MACHINES = "properties.virtualMachineProfile"
# Profiles that a lab stores in the form of the API.
_CLASS_SETTINGS = {to_camel(name) for name in OurLabChanges.model_fields}
_PROFILES = {to_camel(name) for name in LabProfiles.model_fields}

ROUTES = (
    Route(
        name="Labs_ListBySubscription", method="GET", path=SUBSCRIPTION + LABS + "/labs", handler=list_in_subscription
    ),
    Route(name="Labs_ListByResourceGroup", method="GET", path=GROUP + LABS + "/labs", handler=list_in_group),
    Route(name="Labs_CreateOrUpdate", method="PUT", path=LAB, handler=put_one),
    Route(name="Labs_Update", method="PATCH", path=LAB, handler=patch_one),
    Route(name="Labs_Get", method="GET", path=LAB, handler=get_one),
    Route(name="Labs_Delete", method="DELETE", path=LAB, handler=delete_one),
    Route(name="Labs_Publish", method="POST", path=LAB + "/publish", handler=publish),
    Route(name="Labs_SyncGroup", method="POST", path=LAB + "/syncGroup", handler=synchronize),
)

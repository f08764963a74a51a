"""Labs."""

from starlette.responses import Response

from galeria.actions.labs import LabRequest, create_lab, delete_lab, get_lab, list_labs
from galeria.actions.request import Request
from galeria.domain.ids import ResourceId
from galeria.domain.labs import Lab
from galeria.faces.arm.answers import deleting, put, shown
from galeria.faces.arm.door import At
from galeria.faces.arm.ids import GroupId, LabId, named_id, subscription_key
from galeria.faces.arm.lab_views import lab_view
from galeria.faces.arm.paging import by_name, listed, page
from galeria.faces.arm.routes import GROUP, LAB, LABS, SUBSCRIPTION, Route
from galeria.faces.arm.schemas_labs import LabBody, LabChanges, LabPatch


def put_one(id: LabId, body: LabBody, door: At) -> Response:
    with door.writing() as request:
        lab, is_new, operation = create_lab(request, id, _wanted(body), door.inside.secrets)
        view = lab_view(request, lab)
    door.start(operation)
    return put(door, view, is_new=is_new, operation=operation)


def patch_one(id: LabId, body: LabPatch, door: At) -> Response:
    changes = body.properties or LabChanges()
    with door.writing() as request:
        held = get_lab(request, id)
        wanted = _held(request, held, changes, held.tags if body.tags is None else body.tags)
        lab, is_new, operation = create_lab(request, id, wanted, door.inside.secrets)
        view = lab_view(request, lab)
    door.start(operation)
    return put(door, view, is_new=is_new, operation=operation)


def get_one(id: LabId, door: At) -> Response:
    with door.reading() as request:
        return shown(lab_view(request, get_lab(request, id)))


def list_in_group(id: GroupId, door: At) -> Response:
    return _listed(id.key, door)


def list_in_subscription(subscription: str, door: At) -> Response:
    return _listed(subscription_key(subscription), door)


def delete_one(id: LabId, door: At) -> Response:
    with door.writing() as request:
        operation = delete_lab(request, id)
    door.start(operation)
    return deleting(door, operation)


def _wanted(body: LabBody) -> LabRequest:
    wanted = body.properties
    machine = wanted.virtual_machine_profile
    return LabRequest(
        location=body.location,
        tags=body.tags or {},
        account=named_id(wanted.lab_plan_id, "properties.labPlanId"),
        title=wanted.title or "",
        description=wanted.description or "",
        image=named_id(machine.image_reference.id, "properties.virtualMachineProfile.imageReference.id"),
        size=machine.sku.name,
        user_name=machine.admin_user.username,
        password=machine.admin_user.password.get_secret_value(),
        new_identity=bool(wanted.galeria and wanted.galeria.new_identity),
    )


def _held(request: Request, lab: Lab, changes: LabChanges, tags: dict[str, str]) -> LabRequest:
    """The lab as it is with the changes in it. A lab plan that is gone is not asked for again."""
    plan = request.uow.accounts.find(lab.account_id)
    return LabRequest(
        location=lab.location,
        tags=tags,
        account=plan.arm_id if plan else lab.arm_id,
        title=lab.title if changes.title is None else changes.title,
        description=lab.description if changes.description is None else changes.description,
        image=ResourceId.parse(lab.image_id),
        size=lab.size,
        user_name=lab.user_name,
        password="",
    )


def _listed(prefix: str, door: At) -> Response:
    with door.reading() as request:
        labs, link = page(door, list_labs(request, prefix), order=by_name)
        views = [lab_view(request, lab) for lab in labs]
    return shown(listed(views, link))


ROUTES = (
    Route(
        name="Labs_ListBySubscription", method="GET", path=SUBSCRIPTION + LABS + "/labs", handler=list_in_subscription
    ),
    Route(name="Labs_ListByResourceGroup", method="GET", path=GROUP + LABS + "/labs", handler=list_in_group),
    Route(name="Labs_CreateOrUpdate", method="PUT", path=LAB, handler=put_one),
    Route(name="Labs_Update", method="PATCH", path=LAB, handler=patch_one),
    Route(name="Labs_Get", method="GET", path=LAB, handler=get_one),
    Route(name="Labs_Delete", method="DELETE", path=LAB, handler=delete_one),
)

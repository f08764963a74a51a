"""Who is let in where: every route against every role. A route without a line in the table fails."""

from typing import Any

import httpx
import pytest

from galeria.domain.people import ROLES
from galeria.faces.arm.app import ROUTES
from galeria.faces.arm.routes import Route
from galeria.faces.arm.spelling import ROOTS
from tests.faces.arm.served import (
    LABS,
    PLAN,
    SUB,
    Arm,
    definition_body,
    done,
    lab_body,
    told,
    version_body,
)
from tests.scene import SUBSCRIPTION, disk_bytes

O, C, R, L = "owner", "contributor", "reader", "creator"  # noqa: E741
EVERYBODY = frozenset({O, C, R, L, "nobody"})
ANY_ROLE = frozenset({O, C, R, L})
SEES_ALL = frozenset({O, C, R})
CHANGES = frozenset({O, C})
OWNER = frozenset({O})

LET_IN: dict[str, frozenset[str]] = {
    "Tenants_List": EVERYBODY,
    "Subscriptions_List": ANY_ROLE,
    "Subscriptions_Get": ANY_ROLE,
    "Subscriptions_ListLocations": ANY_ROLE,
    "Skus_List": ANY_ROLE,
    "ResourceGroups_List": ANY_ROLE,
    "ResourceGroups_CreateOrUpdate": CHANGES,
    "ResourceGroups_Get": ANY_ROLE,
    "ResourceGroups_CheckExistence": ANY_ROLE,
    "Galleries_List": SEES_ALL,
    "Galleries_ListByResourceGroup": SEES_ALL,
    "Galleries_CreateOrUpdate": CHANGES,
    "Galleries_Update": CHANGES,
    "Galleries_Get": SEES_ALL,
    "Galleries_Delete": CHANGES,
    "Galleries_Costs": SEES_ALL,
    "GalleryImages_ListByGallery": SEES_ALL,
    "GalleryImages_CreateOrUpdate": CHANGES,
    "GalleryImages_Update": CHANGES,
    "GalleryImages_Get": SEES_ALL,
    "GalleryImages_Delete": CHANGES,
    "GalleryImageVersions_ListByGalleryImage": SEES_ALL,
    "GalleryImageVersions_CreateOrUpdate": CHANGES,
    "GalleryImageVersions_Update": CHANGES,
    "GalleryImageVersions_Get": SEES_ALL,
    "GalleryImageVersions_Delete": CHANGES,
    "GalleryImageVersions_Impact": SEES_ALL,
    "LabPlans_ListBySubscription": ANY_ROLE,
    "LabPlans_ListByResourceGroup": ANY_ROLE,
    "LabPlans_CreateOrUpdate": CHANGES,
    "LabPlans_Update": CHANGES,
    "LabPlans_Get": ANY_ROLE,
    "LabPlans_Delete": CHANGES,
    # A lab creator exports what is in the own labs; the lab here is somebody else's.
    "LabPlans_SaveImage": CHANGES,
    "LabPlans_EstimateImage": CHANGES,
    "Images_ListByLabPlan": ANY_ROLE,
    "Images_CreateOrUpdate": CHANGES,
    "Images_Update": CHANGES,
    "Images_Get": ANY_ROLE,
    "Labs_ListBySubscription": ANY_ROLE,
    "Labs_ListByResourceGroup": ANY_ROLE,
    "Labs_CreateOrUpdate": frozenset({O, C, L}),
    "Labs_Update": CHANGES,
    "Labs_Get": ANY_ROLE,
    "Labs_Delete": CHANGES,
    "VirtualMachines_ListByLab": ANY_ROLE,
    "VirtualMachines_Get": ANY_ROLE,
    "VirtualMachines_Start": CHANGES,
    "VirtualMachines_Stop": CHANGES,
    "VirtualMachines_ResetPassword": CHANGES,
    "CapsOperations_Get": SEES_ALL,
    "OperationResults_Get": ANY_ROLE,
    "Operations_List": ANY_ROLE,
    "Operations_Get": SEES_ALL,
    "Operations_Cancel": CHANGES,
    "Operations_Retry": CHANGES,
    "People_List": SEES_ALL,
    "People_Create": OWNER,
    "People_SetPassword": OWNER,
    "People_Disable": OWNER,
    "People_Enable": OWNER,
    "ActivityLogs_List": SEES_ALL,
    "RoleAssignments_ListForScope": SEES_ALL,
    "RoleAssignments_Create": OWNER,
    "RoleAssignments_Get": SEES_ALL,
    "RoleAssignments_Delete": OWNER,
    "RoleDefinitions_List": ANY_ROLE,
    "RoleDefinitions_Get": ANY_ROLE,
}

# Lists leave out what one may not see; to whom that is everything, they are empty.
EMPTY = frozenset(
    {
        "Subscriptions_List",
        "ResourceGroups_List",
        "Galleries_List",
        "Galleries_ListByResourceGroup",
        "LabPlans_ListBySubscription",
        "LabPlans_ListByResourceGroup",
        "Labs_ListBySubscription",
        "Labs_ListByResourceGroup",
        "Operations_List",
    }
)

EXPORT = {"name": "x", "labVirtualMachineId": f"{LABS}/held/virtualMachines/template"}
BODIES: dict[str, dict[str, Any]] = {
    "ResourceGroups_CreateOrUpdate": {"location": "brazilsouth"},
    "Galleries_CreateOrUpdate": {"location": "brazilsouth"},
    "Galleries_Update": {},
    "GalleryImages_CreateOrUpdate": definition_body("ready"),
    "GalleryImages_Update": {},
    "GalleryImageVersions_CreateOrUpdate": {"location": "brazilsouth"},
    "GalleryImageVersions_Update": {},
    "LabPlans_CreateOrUpdate": {"location": "brazilsouth"},
    "LabPlans_Update": {},
    "LabPlans_SaveImage": EXPORT,
    "LabPlans_EstimateImage": EXPORT,
    "Images_CreateOrUpdate": {"properties": {"enabledState": "Enabled"}},
    "Images_Update": {"properties": {"enabledState": "Enabled"}},
    "Labs_CreateOrUpdate": lab_body(f"{PLAN}/images/ready"),
    "Labs_Update": {},
    "VirtualMachines_ResetPassword": {"username": "ana", "password": "correct-Horse-7"},
    "People_SetPassword": {"new": "correct-Horse-7"},
    "RoleAssignments_Create": {"properties": {"roleDefinitionId": "Reader", "principalId": "victim"}},
}


@pytest.fixture(scope="module")
def names(service: Arm, image: str) -> dict[str, str]:
    """What stands for the variable parts of the paths: things that exist, made by the administrator."""
    enrol(service, "victim", "Reader")
    for name, role in ((O, "Owner"), (C, "Contributor"), (R, "Reader"), (L, "Lab Creator")):
        enrol(service, name, role)
    admin = service()
    lab = admin.put(f"{LABS}/held", json=lab_body(image))
    draft = admin.put(f"{image}/versions/2.0.0", json=version_body(service.scene.upload(disk_bytes())))
    assigned = f"{SUB}/providers/Microsoft.Authorization/roleAssignments"
    (assignment,) = done(admin.get(assigned, params={"$filter": f"principalId eq '{id_of(service, 'victim')}'"}))[
        "value"
    ]
    return {
        "subscription": SUBSCRIPTION,
        "group": "campus",
        "gallery": "gal",
        "definition": "ready",
        "version": "1.0.0",
        "plan": "labs",
        "image": "ready",
        "lab": "held",
        "machine": "template",
        "location": "brazilsouth",
        "operation": operation_of(draft),
        "lab_operation": operation_of(lab),
        "person": "victim",
        "scope": SUBSCRIPTION,
        "assignment": assignment["name"],
        "role": ROLES["Reader"].id,
    }


def enrol(arm: Arm, name: str, role: str) -> None:
    """A person with one role at the subscription, made through the service itself."""
    made = done(arm().post(f"{SUB}/providers/Microsoft.Galeria/people", json={"name": name}), 201)
    body = {"properties": {"roleDefinitionId": role, "principalId": made["id"]}}
    path = f"{SUB}/providers/Microsoft.Authorization/roleAssignments/{made['id']}"
    done(arm().put(path, json=body), 201)
    with arm.scene.world.database(reading=True) as uow:
        arm.scene.people[name] = uow.people.get(made["id"])


def id_of(arm: Arm, name: str) -> str:
    return arm.scene.people[name].id


def operation_of(answer: httpx.Response) -> str:
    return httpx.URL(answer.headers["azure-asyncoperation"]).path.rpartition("/")[2]


def ask(client: httpx.Client, route: Route, names: dict[str, str], who: str) -> httpx.Response:
    own = dict(names)
    if route.name == "OperationResults_Get":
        own["operation"] = names["lab_operation"]
    if route.method == "DELETE":  # Nothing is lost for those who come later.
        own |= {"gallery": "absent", "definition": "absent", "version": "9.9.9", "plan": "absent", "lab": "absent"}
    if route.name == "Labs_CreateOrUpdate":
        own["lab"] = f"by-{who}"
    if route.name == "RoleAssignments_Create":
        own["assignment"] = "00000000-0000-0000-0000-000000000000"
    body = BODIES.get(route.name, {"name": f"new-{who}"} if route.name == "People_Create" else None)
    path = route.path.replace("{scope:path}", "{scope}").format(**own)
    return client.request(route.method, path, json=body)


def was_let_in(route: Route, answer: httpx.Response) -> bool:
    assert answer.status_code < 500, (route.name, answer.text)
    if answer.status_code == 200 and route.name in EMPTY:
        return bool(answer.json()["value"])
    if answer.status_code == 404 and route.method != "HEAD":
        return answer.json()["error"]["code"] not in {"SubscriptionNotFound", "NotFound"}
    return answer.status_code not in {401, 403}


def test_every_route_has_a_line_in_the_table() -> None:
    assert {route.name for route in ROUTES} == set(LET_IN)
    assert len({route.name for route in ROUTES}) == len(ROUTES)


def test_every_route_lies_where_callers_are_checked() -> None:
    assert {route.path.split("/")[1] for route in ROUTES} <= set(ROOTS)


# The Owner comes last, who takes a role away.
@pytest.mark.parametrize("who", ["nobody", L, R, C, O])
def test_a_role_opens_exactly_the_doors_of_the_table(service: Arm, names: dict[str, str], who: str) -> None:
    client = service(who)
    found = {route.name: was_let_in(route, ask(client, route, names, who)) for route in ROUTES}
    expected = {name: who in roles for name, roles in LET_IN.items()}
    assert {name for name in found if found[name]} == {name for name in expected if expected[name]}


def test_without_a_token_nothing_is_answered(service: Arm, names: dict[str, str]) -> None:
    for route in ROUTES:
        answer = ask(service.stranger(), route, names, "nobody")
        assert answer.status_code == 401, route.name
        assert answer.headers["www-authenticate"].startswith('Bearer authorization_uri="http')
        if route.method != "HEAD":
            assert told(answer, 401)["code"] == "AuthenticationFailed"


def test_a_refusal_names_action_scope_and_the_roles_that_would_do(service: Arm, image: str) -> None:
    error = told(service("nobody").get(image), 403)
    assert error["code"] == "AuthorizationFailed"
    assert "Microsoft.Compute/galleries/images/read" in error["message"]
    assert "Owner or Contributor or Reader" in error["message"]


def test_a_role_on_one_group_opens_only_that_group(service: Arm) -> None:
    group = f"{SUB}/resourceGroups/own"
    done(service().put(group, json={"location": "brazilsouth"}), 201)
    done(service().post(f"{SUB}/providers/Microsoft.Galeria/people", json={"name": "narrow"}), 201)
    body = {"properties": {"roleDefinitionId": "Contributor", "principalId": "narrow"}}
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001"
    done(service().put(path, json=body), 201)
    with service.scene.world.database(reading=True) as uow:
        found = uow.people.find_by_name("narrow")
    assert found
    service.scene.people["narrow"] = found
    client = service("narrow")
    assert [each["name"] for each in done(client.get(f"{SUB}/resourceGroups"))["value"]] == ["own"]
    gallery = "/providers/Microsoft.Compute/galleries/narrow"
    done(client.put(group + gallery, json={"location": "brazilsouth"}), 201)
    told(client.put(f"{SUB}/resourceGroups/campus{gallery}", json={"location": "brazilsouth"}), 403)
    galleries = done(client.get(f"{SUB}/providers/Microsoft.Compute/galleries"))["value"]
    assert [each["name"] for each in galleries] == ["narrow"]
    assert done(client.get(f"{SUB}/locations"))["value"]

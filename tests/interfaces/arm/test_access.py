"""Who is let in where: every route against every role. A route without a line in the table fails."""

from typing import Any

import httpx
import pytest

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.routes import Route
from galeria.interfaces.http.path_case import ROOTS
from tests.interfaces.arm import access_labs
from tests.interfaces.arm.access_bodies import BODIES
from tests.interfaces.arm.access_labs import ANY_ROLE, CHANGES, EVERYBODY, OWNER, SEES_ALL, C, L, O, R
from tests.interfaces.arm.path_values import variables
from tests.interfaces.arm.served import (
    SUB,
    Arm,
    done,
    told,
)

LET_IN: dict[str, frozenset[str]] = {
    **access_labs.LET_IN,
    "Tenants_List": EVERYBODY,
    "Subscriptions_List": ANY_ROLE,
    "Subscriptions_Get": ANY_ROLE,
    "Subscriptions_ListLocations": ANY_ROLE,
    "Skus_List": ANY_ROLE,
    "ResourceGroups_List": ANY_ROLE,
    "ResourceGroups_CreateOrUpdate": CHANGES,
    "ResourceGroups_Get": ANY_ROLE,
    "ResourceGroups_CheckExistence": ANY_ROLE,
    "ResourceGroups_Update": CHANGES,
    "ResourceGroups_Delete": CHANGES,
    "Providers_List": ANY_ROLE,
    "Providers_Get": ANY_ROLE,
    "Providers_Register": ANY_ROLE,
    "Resources_List": ANY_ROLE,
    "Resources_ListByResourceGroup": ANY_ROLE,
    "Tags_GetAtScope": ANY_ROLE,
    "Tags_CreateOrUpdateAtScope": CHANGES,
    "Tags_UpdateAtScope": CHANGES,
    "Tags_DeleteAtScope": CHANGES,
    "ManagementLocks_ListByScope": ANY_ROLE,
    "ManagementLocks_GetByScope": ANY_ROLE,
    "ManagementLocks_CreateOrUpdateByScope": OWNER,
    "ManagementLocks_DeleteByScope": OWNER,
    "Galleries_List": SEES_ALL,
    "Galleries_ListByResourceGroup": SEES_ALL,
    "Galleries_CreateOrUpdate": CHANGES,
    "Galleries_Update": CHANGES,
    "Galleries_Get": SEES_ALL,
    "Galleries_Delete": CHANGES,
    "Galleries_Costs": SEES_ALL,
    "GallerySharingProfile_Update": OWNER,
    "SoftDeletedResource_ListByArtifactName": SEES_ALL,
    "SharedGalleries_List": SEES_ALL,
    "SharedGalleries_Get": SEES_ALL,
    "SharedGalleryImages_List": SEES_ALL,
    "SharedGalleryImages_Get": SEES_ALL,
    "SharedGalleryImageVersions_List": SEES_ALL,
    "SharedGalleryImageVersions_Get": SEES_ALL,
    "CommunityGalleries_Get": SEES_ALL,
    "CommunityGalleryImages_List": SEES_ALL,
    "CommunityGalleryImages_Get": SEES_ALL,
    "CommunityGalleryImageVersions_List": SEES_ALL,
    "CommunityGalleryImageVersions_Get": SEES_ALL,
    "ResourceGraph_Resources": SEES_ALL,
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
    "Disks_List": SEES_ALL,
    "Disks_ListByResourceGroup": SEES_ALL,
    "Disks_CreateOrUpdate": CHANGES,
    "Disks_Update": CHANGES,
    "Disks_Get": SEES_ALL,
    "Disks_Delete": CHANGES,
    "Disks_GrantAccess": CHANGES,
    "Disks_RevokeAccess": CHANGES,
    "Snapshots_List": SEES_ALL,
    "Snapshots_ListByResourceGroup": SEES_ALL,
    "Snapshots_CreateOrUpdate": CHANGES,
    "Snapshots_Update": CHANGES,
    "Snapshots_Get": SEES_ALL,
    "Snapshots_Delete": CHANGES,
    "Snapshots_GrantAccess": CHANGES,
    "Snapshots_RevokeAccess": CHANGES,
    "Snapshots_UpdateImmutabilityPolicy": CHANGES,
    "Snapshots_UpdateImmutabilityPolicyLock": CHANGES,
    "ManagedImages_List": SEES_ALL,
    "ManagedImages_ListByResourceGroup": SEES_ALL,
    "ManagedImages_CreateOrUpdate": CHANGES,
    "ManagedImages_Update": CHANGES,
    "ManagedImages_Get": SEES_ALL,
    "ManagedImages_Delete": CHANGES,
    "ComputeMachines_Get": ANY_ROLE,
    "ComputeMachines_ListAll": ANY_ROLE,
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
    "CapsOperations_Cancel": CHANGES,
    "OperationResults_Cancel": CHANGES,
    "Operations_Retry": CHANGES,
    "People_List": ANY_ROLE,
    "People_Create": OWNER,
    "People_SetPassword": OWNER,
    "People_Disable": OWNER,
    "People_Enable": OWNER,
    "PeopleSecrets_List": OWNER,
    "PeopleSecrets_Create": OWNER,
    "PeopleSecrets_Delete": OWNER,
    "People_CreateIdentity": OWNER,
    "People_Revoke": OWNER,
    "ActivityLogs_List": SEES_ALL,
    "RoleAssignments_ListForScope": ANY_ROLE,
    "RoleAssignments_Create": OWNER,
    "RoleAssignments_Get": ANY_ROLE,
    "RoleAssignments_Delete": OWNER,
    "RoleDefinitions_List": ANY_ROLE,
    "RoleDefinitions_Get": ANY_ROLE,
}

# Lists leave out what one may not see; to whom that is everything, they are empty.
EMPTY = frozenset(
    {
        "Subscriptions_List",
        "ResourceGroups_List",
        "Resources_List",
        "Galleries_List",
        "Galleries_ListByResourceGroup",
        "Disks_List",
        "Disks_ListByResourceGroup",
        "Snapshots_List",
        "Snapshots_ListByResourceGroup",
        "ManagedImages_List",
        "ManagedImages_ListByResourceGroup",
        "LabAccounts_ListBySubscription",
        "LabAccounts_ListByResourceGroup",
        "LabPlans_ListBySubscription",
        "LabPlans_ListByResourceGroup",
        "Labs_ListBySubscription",
        "Labs_ListByResourceGroup",
        "Operations_List",
    }
)

# Routes that check no role, because the roster decides: strangers are told there is no such lab, which is a refusal.
ROSTER = frozenset({"Labs2018_Register", "EnvironmentSettings_ClaimAny", "Environments_Claim"})


def ask(client: httpx.Client, route: Route, names: dict[str, str], who: str) -> httpx.Response:
    url = f"https://host{SUB}/providers/Microsoft.LabServices/operationResults/{names['lab_operation']}"
    asked: dict[str, dict[str, Any]] = {
        "People_Create": {"name": f"new-{who}"},
        "GlobalUsers_GetOperationStatus": {"operationUrl": url},
        "GlobalUsers_GetOperationBatchStatus": {"urls": [url]},
    }
    path = route.path.replace("{scope:path}", "{scope}").format(**variables(route, names, who))
    return client.request(route.method, path, json=asked.get(route.name) or BODIES.get(route.name))


def was_let_in(route: Route, answer: httpx.Response) -> bool:
    assert answer.status_code < 500, (route.name, answer.text)
    if answer.status_code == 200 and route.name in EMPTY:
        return bool(answer.json()["value"])
    if answer.status_code == 404 and route.name in ROSTER:
        assert "lab" in answer.json()["error"]["message"], (route.name, answer.text)
        return False
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
def test_a_role_opens_exactly_the_routes_of_the_table(service: Arm, names: dict[str, str], who: str) -> None:
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
    with service.installation.context.database(reading=True) as uow:
        found = uow.people.find_by_name("narrow")
    assert found
    service.installation.people["narrow"] = found
    client = service("narrow")
    assert [each["name"] for each in done(client.get(f"{SUB}/resourceGroups"))["value"]] == ["own"]
    gallery = "/providers/Microsoft.Compute/galleries/narrow"
    done(client.put(group + gallery, json={"location": "brazilsouth"}), 201)
    told(client.put(f"{SUB}/resourceGroups/campus{gallery}", json={"location": "brazilsouth"}), 403)
    galleries = done(client.get(f"{SUB}/providers/Microsoft.Compute/galleries"))["value"]
    assert [each["name"] for each in galleries] == ["narrow"]
    assert done(client.get(f"{SUB}/locations"))["value"]

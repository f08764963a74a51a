"""Roles × actions as in Azure's tables of built-in roles (docs/rules.md), and how far an assignment reaches."""

from datetime import UTC, datetime

import pytest

from galeria.domain.errors import Forbidden, Invalid
from galeria.domain.people.principals import (
    Principal,
    PrincipalKind,
    RoleAssignment,
    get_role,
    may,
    require,
    sign_in_name,
)
from galeria.domain.people.roles import ROLES as BUILT_IN

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/s"
ACCOUNT = f"{SUBSCRIPTION}/resourcegroups/rg1/providers/microsoft.labservices/labplans/labs"

# Action → who may, in the order of the roles below. The table of roles and actions of Azure Lab Services.
TABLE = {
    "Microsoft.LabServices/labPlans/write": "yynnnynnnn",
    "Microsoft.LabServices/labPlans/delete": "yynnnynnnn",
    "Microsoft.LabServices/labPlans/images/write": "yynnnynnnn",
    "Microsoft.LabServices/labPlans/read": "yyyyyyyyyy",
    "Microsoft.LabServices/labPlans/images/read": "yyyyyyyyyy",
    "Microsoft.LabServices/labPlans/createLab/action": "yynnyyynnn",
    "Microsoft.LabServices/labPlans/saveImage/action": "yynnyyyynn",
    "Microsoft.LabServices/labs/read": "yyyyyyyyyy",
    "Microsoft.LabServices/labs/write": "yynnnyynnn",
    "Microsoft.LabServices/labs/delete": "yynnnyynnn",
    "Microsoft.LabServices/labs/publish/action": "yynnnyyynn",
    "Microsoft.LabServices/labs/syncGroup/action": "yynnnyynnn",
    "Microsoft.LabServices/labs/schedules/read": "yyyyyyyyyy",
    "Microsoft.LabServices/labs/schedules/write": "yynnnyyynn",
    "Microsoft.LabServices/labs/schedules/delete": "yynnnyyynn",
    "Microsoft.LabServices/labs/users/read": "yyyyyyyyyy",
    "Microsoft.LabServices/labs/users/write": "yynnnyyynn",
    "Microsoft.LabServices/labs/users/delete": "yynnnyyynn",
    "Microsoft.LabServices/labs/users/invite/action": "yynnnyyyyn",
    "Microsoft.LabServices/labs/virtualMachines/start/action": "yynnnyyyyn",
    "Microsoft.LabServices/labs/virtualMachines/stop/action": "yynnnyyyyn",
    "Microsoft.LabServices/labs/virtualMachines/reimage/action": "yynnnyyyyn",
    "Microsoft.LabServices/labs/virtualMachines/redeploy/action": "yynnnyyyyn",
    "Microsoft.LabServices/labs/virtualMachines/resetPassword/action": "yynnnyyynn",
    "Microsoft.LabServices/skus/read": "yyyyyyyyyy",
    "Microsoft.LabServices/locations/usages/read": "yyyyyyyyyy",
    "Microsoft.Compute/galleries/read": "yyyynnnnnn",
    "Microsoft.Compute/galleries/write": "yynnnnnnnn",
    "Microsoft.Compute/galleries/images/versions/delete": "yynnnnnnnn",
    "Microsoft.Resources/subscriptions/resourceGroups/read": "yyyyyyyyyy",
    "Microsoft.Resources/subscriptions/resourceGroups/write": "yynnnnnnnn",
    "Microsoft.Authorization/roleAssignments/read": "yyyyyyyyyy",
    "Microsoft.Authorization/roleAssignments/write": "ynnynnnnnn",
    "Microsoft.Authorization/roleAssignments/delete": "ynnynnnnnn",
}
ROLES = (
    "Owner",
    "Contributor",
    "Reader",
    "User Access Administrator",
    "Lab Creator",
    "Lab Services Contributor",
    "Lab Contributor",
    "Lab Operator",
    "Lab Assistant",
    "Lab Services Reader",
)
# Azure's own ids of these roles.
IDS = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Lab Creator": "b97fb8bc-a8b2-4522-a38b-dd33c7e65ead",
    "Lab Services Contributor": "f69b8690-cc87-41d6-b77a-a4bc3c0a966f",
    "Lab Contributor": "5daaa2af-1fe8-407c-9122-bba179798270",
    "Lab Operator": "a36e6959-b6be-4b12-8e9f-ef4b474d304d",
    "Lab Assistant": "ce40b423-cede-4313-a93f-9b28290b72e1",
    "Lab Services Reader": "2a5c394f-5eb7-4d4f-9c8e-e8eae39faebc",
    "Compute Gallery Sharing Admin": "1ef6a3be-d0ac-425d-8c01-acb62866290b",
}


def given(role: str, scope: str = SUBSCRIPTION) -> RoleAssignment:
    return RoleAssignment(id="a", principal_id="p", role=role, scope=scope, created_at=NOW, created_by="p")


@pytest.mark.parametrize("action", TABLE)
def test_each_role_may_what_the_table_says(action: str) -> None:
    for role, answer in zip(ROLES, TABLE[action], strict=True):
        assert may([given(role)], action, ACCOUNT) is (answer == "y"), role
        assert may([given(role)], action.upper(), ACCOUNT.upper()) is (answer == "y"), role


@pytest.mark.parametrize(
    ("scope", "reaches"),
    [
        (SUBSCRIPTION, True),
        (f"{SUBSCRIPTION}/resourcegroups/rg1", True),
        (ACCOUNT, True),
        (f"{SUBSCRIPTION}/resourcegroups/rg", False),
        (f"{SUBSCRIPTION}/resourcegroups/rg10", False),
        (f"{SUBSCRIPTION}/resourcegroups/rg2", False),
        (f"{ACCOUNT}/images/linux", False),
        ("/subscriptions/s2", False),
    ],
)
def test_an_assignment_reaches_what_lies_below_it_only(scope: str, reaches: bool) -> None:
    assert may([given("Owner", scope)], "Microsoft.LabServices/labPlans/write", ACCOUNT) is reaches


def test_a_sibling_that_begins_with_the_same_letters_is_not_reached() -> None:
    group = f"{SUBSCRIPTION}/resourceGroups/rg1"
    assert may([given("Owner", group.lower())], "any/write", f"{group}/providers/x/y/z")
    assert not may([given("Owner", group.lower())], "any/write", f"{group}0/providers/x/y/z")


def test_assignments_add_up_and_none_gives_nothing() -> None:
    both = [given("Reader"), given("Lab Creator")]
    assert may(both, "Microsoft.Compute/galleries/read", ACCOUNT)
    assert may(both, "Microsoft.LabServices/labPlans/createLab/action", ACCOUNT)
    assert not may([], "Microsoft.LabServices/labs/read", ACCOUNT)


def test_a_refusal_names_the_action_the_scope_and_the_roles_that_help() -> None:
    ana = Principal(
        id="p", kind=PrincipalKind.USER, name="ana", display_name="Ana", secret_hash="", enabled=True, created_at=NOW
    )
    with pytest.raises(Forbidden) as refused:
        require(ana, [given("Reader")], "Microsoft.LabServices/labPlans/saveImage/action", ACCOUNT)
    for word in ("Ana", "saveImage", ACCOUNT):
        assert word in refused.value.message
    helpers = "Owner, Contributor, Lab Creator, Lab Services Contributor, Lab Contributor, Lab Operator."
    assert refused.value.hint.endswith(helpers)


def test_a_role_is_found_by_its_name_in_any_case_or_azures_id() -> None:
    assert get_role(" lab creator ").name == "Lab Creator"
    assert get_role("b24988ac-6180-42a0-ab88-20f7382dd24c").name == "Contributor"
    with pytest.raises(Invalid) as refused:
        get_role("Emperor")
    assert "Owner, Contributor, Reader, User Access Administrator, Lab Creator" in refused.value.hint


def test_the_roles_are_azures_with_azures_ids() -> None:
    assert {role.name: role.id for role in BUILT_IN.values()} == IDS


@pytest.mark.parametrize("name", ["a", "ana@example.org", "ana+lab", "x" * 100])
def test_a_sign_in_name_may_be_an_address(name: str) -> None:
    assert sign_in_name(name) == name


@pytest.mark.parametrize("name", ["", "@a", "a@", "x" * 101, "a b", "a\n", "á", "../a"])
def test_other_sign_in_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        sign_in_name(name)

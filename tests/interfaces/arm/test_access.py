"""What a refusal says, and a role on a part of the subscription. `tests/access` has the table of every route and role."""

from galeria.interfaces.app import ROUTES
from galeria.interfaces.http.path_case import ROOTS
from tests.interfaces.arm.served import SUB, Arm, done, told
from tests.role_assignments import assign_role


def test_every_route_lies_where_callers_are_checked() -> None:
    assert {route.path.split("/")[1] for route in ROUTES} <= set(ROOTS)


def test_a_refusal_names_action_scope_and_the_roles_that_would_do(service: Arm, image: str) -> None:
    assign_role(service.installation, "nobody", "Reader", image)
    error = told(service("nobody").patch(image, json={}), 403)
    assert error["code"] == "AuthorizationFailed"
    assert "Microsoft.Compute/galleries/images/write" in error["message"]
    assert image.lower() in error["message"]
    assert "Owner, Contributor." in error["message"]


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
    told(client.put(f"{SUB}/resourceGroups/campus{gallery}", json={"location": "brazilsouth"}), 404)
    galleries = done(client.get(f"{SUB}/providers/Microsoft.Compute/galleries"))["value"]
    assert [each["name"] for each in galleries] == ["narrow"]
    assert done(client.get(f"{SUB}/locations"))["value"]

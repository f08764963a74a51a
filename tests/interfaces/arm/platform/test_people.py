"""People, programs and their roles, over the REST interface."""

from galeria.domain.people.principals import ROLES
from tests.interfaces.arm.served import GALLERY, SUB, Arm, done, told

PEOPLE = f"{SUB}/providers/Microsoft.Galeria/people"
ROLE_ASSIGNMENTS = f"{SUB}/providers/Microsoft.Authorization/roleAssignments"
ROLE_DEFINITIONS = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
GUID = "12345678-1234-1234-1234-123456789abc"


def sign_in(arm: Arm, name: str, password: str) -> int:
    form = {"grant_type": "password", "username": name, "password": password}
    more = {"client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "scope": f"{arm.services.endpoint}/.default openid"}
    return arm.stranger().post("/adfs/oauth2/token", data=form | more).status_code


def test_a_person_is_made_signs_in_and_is_shut_out(arm: Arm) -> None:
    made = done(arm().post(PEOPLE, json={"name": "bia", "displayName": "Bia", "password": "correct-Horse-7"}), 201)
    assert {key: made[key] for key in ("name", "displayName", "kind", "enabled")} == {
        "name": "bia",
        "displayName": "Bia",
        "kind": "User",
        "enabled": True,
    }
    assert "secret" not in made
    assert sign_in(arm, "bia", "correct-Horse-7") == 200
    assert done(arm().post(f"{PEOPLE}/bia/disable"))["enabled"] is False
    assert sign_in(arm, "bia", "correct-Horse-7") != 200
    assert done(arm().post(f"{PEOPLE}/bia/enable"))["enabled"] is True
    assert "bia" in [each["name"] for each in done(arm().get(PEOPLE))["value"]]
    assert told(arm().post(PEOPLE, json={"name": "BIA"}), 409)["target"] == "name"
    assert told(arm().post(PEOPLE, json={"displayName": "Nobody"}), 400)["target"] == "name"


def test_a_secret_that_was_made_is_shown_once(arm: Arm) -> None:
    program = done(arm().post(PEOPLE, json={"kind": "serviceprincipal", "displayName": "Backup"}), 201)
    assert (program["kind"], len(program["secret"])) == ("ServicePrincipal", 43)
    assert program["secret"] not in arm().get(PEOPLE).text
    made = done(arm().post(PEOPLE, json={"name": "caio"}), 201)
    assert sign_in(arm, "caio", made["secret"]) == 200
    renewed = done(arm().post(f"{PEOPLE}/caio/password", json={}))["secret"]
    assert sign_in(arm, "caio", made["secret"]) != 200
    assert sign_in(arm, "caio", renewed) == 200
    assert "secret" not in done(arm().post(f"{PEOPLE}/caio/password", json={"new": "correct-Horse-8"}))


def test_ones_own_password_is_changed_with_the_old_one(arm: Arm) -> None:
    made = done(arm().post(PEOPLE, json={"name": "davi", "password": "correct-Horse-7"}), 201)
    with arm.installation.context.database(reading=True) as uow:
        arm.installation.people["davi"] = uow.people.get(made["id"])
    path = f"{PEOPLE}/davi/password"
    davi = arm("davi")
    assert told(davi.post(path, json={"old": "wrong", "new": "correct-Horse-8"}), 400)["target"] == "old"
    assert told(davi.post(f"{PEOPLE}/admin/password", json={}), 404)["code"] == "SubscriptionNotFound"
    for own in (path, f"{PEOPLE}/{made['id']}/password", f"{PEOPLE}/DAVI/password"):
        assert told(davi.post(own, json={"new": "correct-Horse-8"}), 400)["target"] == "old", own
    done(davi.post(path, json={"old": "correct-Horse-7", "new": "correct-Horse-8"}))
    assert sign_in(arm, "davi", "correct-Horse-8") == 200
    assert davi.get(PEOPLE).status_code == 401, "tokens of before the change are refused at once"


def test_guessing_the_old_password_is_throttled_like_a_sign_in(arm: Arm) -> None:
    made = done(arm().post(PEOPLE, json={"name": "edu", "password": "correct-Horse-7"}), 201)
    with arm.installation.context.database(reading=True) as uow:
        arm.installation.people["edu"] = uow.people.get(made["id"])
    path, edu = f"{PEOPLE}/edu/password", arm("edu")
    answers = [edu.post(path, json={"old": f"wrong-{n}", "new": "correct-Horse-8"}).status_code for n in range(7)]
    assert answers == [400] * 5 + [401] * 2
    assert edu.post(path, json={"old": "correct-Horse-7", "new": "correct-Horse-8"}).status_code == 401


def test_a_name_that_looks_like_an_id_takes_nobody_over(arm: Arm) -> None:
    admin = arm.installation.people["admin"]
    for shape in (admin.id, admin.id.replace("-", ""), admin.id.upper()):
        refused = told(arm().post(PEOPLE, json={"name": shape, "password": "correct-Horse-7"}), 400)
        assert refused["target"] == "name", shape
    # One that was made before such names were refused.
    made = done(arm().post(PEOPLE, json={"name": "intruder", "password": "correct-Horse-7"}), 201)
    with arm.installation.context.database() as uow:
        intruder = arm.installation.people["intruder"] = uow.people.get(made["id"])
        intruder.name = admin.id
        uow.commit()
    mine = {"old": "correct-Horse-7", "new": "correct-Horse-8"}
    for path, body in (("password", mine), ("password", {}), ("disable", {})):
        assert arm("intruder").post(f"{PEOPLE}/{admin.id}/{path}", json=body).status_code == 404, path
    for path in ("secrets", "revoke", "identity"):
        assert arm("intruder").post(f"{PEOPLE}/{admin.id}/{path}", json={}).status_code == 404, path


def test_a_role_is_given_seen_and_taken(arm: Arm) -> None:
    reader = ROLES["Reader"].id
    role = f"{ROLE_DEFINITIONS}/{reader}"
    principal = arm.installation.people["nobody"].id
    assert done(arm("nobody").get("/subscriptions"))["value"] == []
    body = {"properties": {"roleDefinitionId": role, "principalId": principal}}
    given = done(arm().put(f"{ROLE_ASSIGNMENTS}/{GUID}", json=body), 201)
    assert given["properties"]["scope"] == SUB
    assert given["properties"]["roleDefinitionId"].endswith(reader)
    assert given["properties"]["galeria"] == {"roleName": "Reader", "principalName": "nobody"}
    assert len(done(arm("nobody").get("/subscriptions"))["value"]) == 1
    listed = done(arm().get(ROLE_ASSIGNMENTS, params={"$filter": f"principalId eq '{principal.upper()}'"}))["value"]
    assert listed == [given]
    assert done(arm().get(given["id"])) == given
    assert done(arm().delete(given["id"])) == given
    assert arm().delete(given["id"]).status_code == 204
    assert told(arm().get(given["id"]), 404)["code"] == "RoleAssignmentNotFound"
    assert done(arm("nobody").get("/subscriptions"))["value"] == []


def test_roles_are_found_by_name(arm: Arm) -> None:
    (found,) = done(arm().get(ROLE_DEFINITIONS, params={"$filter": "roleName eq 'lab creator'"}))["value"]
    assert found["properties"]["roleName"] == "Lab Creator"
    assert done(arm().get(f"{ROLE_DEFINITIONS}/{found['name']}")) == found
    assert len(done(arm().get(ROLE_DEFINITIONS))["value"]) == len(ROLES)
    told(arm().get(f"{ROLE_DEFINITIONS}/{GUID}"), 404)
    wrong = {"properties": {"roleDefinitionId": "King", "principalId": "nobody"}}
    assert "The roles are: Owner" in told(arm().put(f"{ROLE_ASSIGNMENTS}/{GUID}", json=wrong), 400)["message"]


def test_a_role_on_one_resource_opens_only_that_one(arm: Arm) -> None:
    other = GALLERY + "2"
    done(arm().put(other, json={"location": "brazilsouth"}), 201)
    body = {"properties": {"roleDefinitionId": "Reader", "principalId": "colleague"}}
    path = f"{GALLERY}/providers/microsoft.authorization/RoleAssignments/{GUID}"
    given = done(arm().put(path, json=body), 201)
    assert given["properties"]["scope"] == GALLERY.lower()
    assert done(arm("colleague").get(GALLERY))["name"] == "gal"
    assert told(arm("colleague").get(other), 404)["code"] == "ResourceNotFound"


def test_the_directory_shows_others_to_those_who_may_see_roles(arm: Arm) -> None:
    """A student does not get the names of everybody in the university."""
    people = [each for each in done(arm().get(PEOPLE))["value"] if each["kind"] == "User"]
    everybody = {each["name"]: each["id"] for each in people}
    assert {"admin", "nobody"} < set(everybody)

    def seen(who: str) -> set[str]:
        client = arm(who)
        listed = done(client.get("/v1.0/users"))["value"]
        by_id = done(client.post("/v1.0/directoryObjects/getByIds", json={"ids": list(everybody.values())}))["value"]
        ones = {name for name in everybody if client.get(f"/v1.0/users/{name}").status_code == 200}
        found = {each["userPrincipalName"] for each in listed}
        assert found == ones == {each["userPrincipalName"] for each in by_id}
        return found

    assert seen("admin") == set(everybody)
    assert seen("nobody") == {"nobody"}
    assert done(arm("nobody").get("/v1.0/users", params={"$filter": "userPrincipalName eq 'admin'"}))["value"] == []

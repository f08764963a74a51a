"""What stands around the resources: groups, subscription, providers, locks, roles, tags and the activity log."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.clients.client_server import AWAY, HOME, ClientServer
from tests.clients.clients import Az, Refused, Sdk
from tests.clients.requests import lab_body

pytestmark = pytest.mark.system

GROUP = "platform"


@pytest.fixture(scope="module", autouse=True)
def group(az: Az) -> Iterator[str]:
    """With an empty gallery in it."""
    az("group", "create", "-n", GROUP, "-l", HOME)
    az("sig", "create", "-g", GROUP, "-r", "platformgallery")
    yield GROUP
    az("group", "delete", "-n", GROUP, "--yes")


def test_a_group_is_made_shown_changed_and_deleted(az: Az) -> None:
    made = az("group", "create", "-n", "Passing.Group_(1)", "-l", "Brazil South", "--tags", "course=os")
    assert (made["name"], made["location"], made["tags"]) == ("Passing.Group_(1)", HOME, {"course": "os"})
    assert made["properties"]["provisioningState"] == "Succeeded"

    assert az("group", "show", "-n", "passing.group_(1)")["id"] == made["id"]
    assert made["name"] in {each["name"] for each in az("group", "list")}
    assert [each["name"] for each in az("group", "list", "--tag", "course=os")] == [made["name"]]
    changed = az("group", "update", "-n", made["name"], "--set", "tags.term=2026")
    assert changed["tags"] == {"course": "os", "term": "2026"}
    assert az("group", "exists", "-n", made["name"]) is True

    az("group", "delete", "-n", made["name"], "--yes")
    assert az("group", "exists", "-n", made["name"]) is False


def test_a_group_that_is_missing_is_reported_by_name(az: Az) -> None:
    for words in (("show",), ("delete", "--yes")):
        with pytest.raises(Refused) as refused:
            az("group", *words, "-n", "nowhere")
        assert refused.value.code == "ResourceGroupNotFound"
        assert "nowhere" in refused.value.message


def test_deleting_a_group_deletes_what_is_in_it(az: Az, seed: str) -> None:
    az("group", "create", "-n", "doomed", "-l", HOME)
    where = ("-g", "doomed", "-r", "doomedgallery")
    az("sig", "create", *where)
    image = (*where, "-i", "linux")
    kind = ("--os-type", "Linux", "--hyper-v-generation", "V1")
    az("sig", "image-definition", "create", *image, "-p", "p", "-f", "o", "-s", "doomed", *kind)
    az("sig", "image-version", "create", *image, "-e", "1.0.0", "--image-version", seed)

    az("group", "delete", "-n", "doomed", "--yes")

    assert "doomedgallery" not in {each["name"] for each in az("sig", "list")}
    assert az("group", "exists", "-n", "doomed") is False


def test_the_account_is_the_one_subscription(az: Az, client_server: ClientServer) -> None:
    shown = az("account", "show")

    assert (shown["id"], shown["tenantId"]) == (client_server.subscription, client_server.tenant)
    assert shown["environmentName"] == "Galeria"
    assert [each["id"] for each in az("account", "list", "--refresh")] == [client_server.subscription]
    assert {HOME, AWAY} <= {each["name"] for each in az("account", "list-locations")}


def test_every_provider_is_registered(az: Az) -> None:
    states = {each["namespace"]: each["registrationState"] for each in az("provider", "list")}

    wanted = {"Microsoft.Compute", "Microsoft.LabServices", "Microsoft.Resources", "Microsoft.Authorization"}
    assert wanted <= set(states)
    assert set(states.values()) == {"Registered"}
    types = {each["resourceType"] for each in az("provider", "show", "-n", "microsoft.compute")["resourceTypes"]}
    assert {"galleries", "galleries/images", "galleries/images/versions", "disks", "snapshots", "images"} <= types
    az("provider", "register", "-n", "Microsoft.LabServices", "--wait")


def test_resources_are_listed_shown_and_tagged_by_type(az: Az, client_server: ClientServer) -> None:
    kind = ("-g", GROUP, "-n", "platformgallery", "--resource-type", "Microsoft.Compute/galleries")

    listed = az("resource", "list", "-g", GROUP)
    assert [each["name"] for each in listed] == ["platformgallery"]
    assert az("resource", "list", "--resource-type", "Microsoft.Compute/galleries", "-g", GROUP) == listed
    assert az("resource", "list", "-n", "nothing-of-this-name") == []
    assert "platformgallery" in {each["name"] for each in az("resource", "list", "--location", "Brazil South")}
    assert "platformgallery" not in {each["name"] for each in az("resource", "list", "--location", AWAY)}
    assert az("resource", "show", *kind)["id"] == client_server.id(GROUP, "Microsoft.Compute/galleries/platformgallery")
    assert az("resource", "tag", *kind, "--tags", "owner=ana")["tags"] == {"owner": "ana"}
    assert [each["name"] for each in az("resource", "list", "--tag", "owner=ana")] == ["platformgallery"]


def test_a_resource_is_made_and_deleted_by_its_type(az: Az, client_server: ClientServer) -> None:
    id = client_server.id(GROUP, "Microsoft.LabServices/labPlans/generic")

    made = az("resource", "create", "--id", id, "-l", HOME, "-p", f'{{"allowedRegions": ["{HOME}"]}}')
    assert made["properties"]["allowedRegions"] == [HOME]
    az("resource", "delete", "--ids", id)
    with pytest.raises(Refused) as refused:
        az("resource", "show", "--ids", id)
    assert refused.value.code == "ResourceNotFound"


def test_tags_are_changed_by_themselves(az: Az, client_server: ClientServer) -> None:
    id = client_server.id(GROUP, "Microsoft.Compute/galleries/platformgallery")

    az("tag", "create", "--resource-id", id, "--tags", "a=1", "b=2")
    merged = az("tag", "update", "--resource-id", id, "--operation", "Merge", "--tags", "b=3")
    assert merged["properties"]["tags"] == {"a": "1", "b": "3"}
    assert az("sig", "show", "-g", GROUP, "-r", "platformgallery")["tags"] == {"a": "1", "b": "3"}
    az("tag", "delete", "--resource-id", id, "--yes")
    assert not az("tag", "list", "--resource-id", id)["properties"].get("tags")


def test_lab_services_are_used_without_commands_of_their_own(az: Az, client_server: ClientServer, seed: str) -> None:
    """The CLI has none for them: `az rest` and `az resource` do."""
    plan = client_server.id(GROUP, "Microsoft.LabServices/labPlans/byrest")
    gallery, image = seed.partition("/images/")[0], seed.rpartition("/versions/")[0]
    body = {"location": HOME, "properties": {"sharedGalleryId": gallery, "allowedRegions": [HOME]}}
    version = "?api-version=2022-08-01"
    az("rest", "--method", "put", "--url", plan + version, "--body", json.dumps(body))
    on = json.dumps({"properties": {"enabledState": "Enabled"}})
    az("rest", "--method", "patch", "--url", f"{plan}/images/linux{version}", "--body", on)
    lab = client_server.id(GROUP, "Microsoft.LabServices/labs/byresource")
    made = az("resource", "create", "--id", lab, "--is-full-object", "-p", json.dumps(lab_body(HOME, plan, image)))
    assert made["properties"]["provisioningState"] == "Succeeded"

    template = f"{lab}/virtualMachines/template"
    for action, state in (("start", "Running"), ("stop", "Stopped")):
        az("resource", "invoke-action", "--action", action, "--ids", template)
        assert az("resource", "show", "--ids", template)["properties"]["state"] == state
    changed = az("resource", "update", "--ids", lab, "--set", "properties.title=Changed")
    assert changed["properties"]["title"] == "Changed"
    for id in (lab, plan):
        az("resource", "delete", "--ids", id)
        az("resource", "wait", "--ids", id, "--deleted", "--interval", "1")


def test_any_url_can_be_asked_with_the_cli_s_token(az: Az, client_server: ClientServer) -> None:
    url = f"/subscriptions/{client_server.subscription}/providers/Microsoft.Galeria/operations?api-version=2026-03-03"

    assert "value" in az("rest", "--method", "get", "--url", url)


def test_a_lock_keeps_a_resource_from_being_deleted(az: Az) -> None:
    kind = ("-g", GROUP, "--resource", "platformgallery", "--resource-type", "Microsoft.Compute/galleries")

    lock = az("lock", "create", "-n", "keep", "--lock-type", "CanNotDelete", "--notes", "course", *kind)
    assert (lock["name"], lock["level"], lock["notes"]) == ("keep", "CanNotDelete", "course")
    assert [each["name"] for each in az("lock", "list", "-g", GROUP)] == ["keep"]
    assert az("lock", "show", "-n", "keep", *kind)["id"] == lock["id"]
    with pytest.raises(Refused) as refused:
        az("sig", "delete", "-g", GROUP, "-r", "platformgallery")
    assert refused.value.code == "ScopeLocked"
    assert "keep" in refused.value.message
    az("lock", "delete", "-n", "keep", *kind)
    assert az("lock", "list", "-g", GROUP) == []


def test_a_read_only_lock_on_a_group_reaches_what_is_in_it(az: Az) -> None:
    az("lock", "create", "-n", "frozen", "--lock-type", "ReadOnly", "-g", GROUP)
    try:
        with pytest.raises(Refused) as refused:
            az("sig", "update", "-g", GROUP, "-r", "platformgallery", "--set", "description=changed")
        assert refused.value.code == "ScopeLocked"
    finally:
        az("lock", "delete", "-n", "frozen", "-g", GROUP)


def test_a_role_is_given_by_name_listed_and_taken(az: Az, client_server: ClientServer, rest: httpx.Client) -> None:
    person = _person(client_server, rest, "rita@example.org")
    scope = client_server.id(GROUP)

    given = az("role", "assignment", "create", "--assignee", "rita@example.org", "--role", "Reader", "--scope", scope)
    assert given["principalId"] == person
    listed = az("role", "assignment", "list", "--scope", scope, "--assignee", "rita@example.org")
    assert [(each["roleDefinitionName"], each["principalName"]) for each in listed] == [("Reader", "rita@example.org")]
    az("role", "assignment", "delete", "--assignee", "rita@example.org", "--role", "Reader", "--scope", scope)
    assert az("role", "assignment", "list", "--scope", scope, "--assignee", "rita@example.org") == []


def test_a_role_is_given_by_object_id(az: Az, client_server: ClientServer, rest: httpx.Client) -> None:
    person = _person(client_server, rest, "otto")
    who = ("--assignee-object-id", person, "--assignee-principal-type", "User")
    scope = client_server.id(GROUP)

    given = az("role", "assignment", "create", *who, "--role", "Contributor", "--scope", scope)
    az("role", "assignment", "delete", "--ids", given["id"])
    # A second one with the same name of its own is the same: scripts repeat themselves.
    name = "0c1f5e0e-7a1b-4d8f-9d9c-0a8f6f1f2b11"
    for _ in range(2):
        az("role", "assignment", "create", *who, "--role", "Reader", "--scope", scope, "--name", name)
    az("role", "assignment", "delete", "--ids", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}")


def test_the_roles_that_the_product_needs_are_defined(az: Az) -> None:
    names = {each["roleName"] for each in az("role", "definition", "list")}

    assert names >= {
        "Owner",
        "Contributor",
        "Reader",
        "User Access Administrator",
        "Lab Creator",
        "Lab Contributor",
        "Lab Assistant",
        "Lab Operator",
        "Lab Services Contributor",
        "Lab Services Reader",
    }
    (reader,) = az("role", "definition", "list", "-n", "Reader")
    assert reader["name"] == "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assert reader["permissions"][0]["actions"] == ["*/read"]


def test_what_was_done_is_in_the_activity_log(az: Az, client_server: ClientServer) -> None:
    az("sig", "update", "-g", GROUP, "-r", "platformgallery", "--set", "description=logged")

    by_group = az("monitor", "activity-log", "list", "-g", GROUP, "--offset", "1h")
    writes = [each for each in by_group if each["operationName"]["value"] == "Microsoft.Compute/galleries/write"]
    assert writes
    assert writes[0]["status"]["value"] == "Succeeded"
    assert writes[0]["caller"] == client_server.connect["client_id"]
    id = client_server.id(GROUP, "Microsoft.Compute/galleries/platformgallery")
    by_resource = az("monitor", "activity-log", "list", "--resource-id", id, "--max-events", "1")
    assert [each["resourceId"].lower() for each in by_resource] == [id.lower()]
    correlation = by_resource[0]["correlationId"]
    together = az("monitor", "activity-log", "list", "--correlation-id", correlation)
    assert {each["correlationId"] for each in together} == {correlation}
    of_compute = az("monitor", "activity-log", "list", "--namespace", "Microsoft.Compute", "--status", "Succeeded")
    assert {each["operationName"]["value"].split("/")[0] for each in of_compute} == {"Microsoft.Compute"}
    mine = ("--caller", client_server.connect["client_id"])
    assert az("monitor", "activity-log", "list", "--resource-id", id, *mine, "--offset", "1h")
    assert az("monitor", "activity-log", "list", "--resource-id", id, "--caller", "somebody-else") == []
    assert az("monitor", "activity-log", "list", "--resource-id", id, "--end-time", "2020-01-02T00:00:00Z") == []


def test_what_a_role_does_not_allow_is_reported_with_action_and_scope(
    az: Az, client_server: ClientServer, rest: httpx.Client, compute: Sdk
) -> None:
    made = rest.post(
        f"/subscriptions/{client_server.subscription}/providers/Microsoft.Galeria/people",
        json={"displayName": "Reader program", "kind": "ServicePrincipal"},
    ).json()
    program = ("--assignee-object-id", made["id"], "--assignee-principal-type", "ServicePrincipal")
    az("role", "assignment", "create", *program, "--role", "Reader", "--scope", client_server.id(GROUP))
    reader = compute.signed_in(client_id=made["name"], client_secret=made["secret"])

    assert reader("galleries.get", GROUP, "platformgallery")["name"] == "platformgallery"
    with pytest.raises(Refused) as refused:
        reader("galleries.begin_delete", GROUP, "platformgallery")

    assert (refused.value.status, refused.value.code) == (403, "AuthorizationFailed")
    assert "Microsoft.Compute/galleries/delete" in refused.value.message
    assert (
        client_server.id(GROUP, "Microsoft.Compute/galleries/platformgallery").lower() in refused.value.message.lower()
    )


def _person(client_server: ClientServer, rest: httpx.Client, name: str) -> str:
    """Returns the object id."""
    url = f"/subscriptions/{client_server.subscription}/providers/Microsoft.Galeria/people"
    body = {"name": name, "displayName": name.title(), "password": "Long-enough-2026", "kind": "User"}
    return str(rest.post(url, json=body).raise_for_status().json()["id"])

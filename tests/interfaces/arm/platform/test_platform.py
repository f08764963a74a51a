"""What stands around the resources: groups with all that is in them, providers, lists over every type, tags, locks."""

import threading

from galeria.workflows.run_operation import run_operation
from tests.crashing import Steps
from tests.interfaces.arm.served import LABS, SUB, Arm, definition_body, done, lab_body, told
from tests.local_installation import GALLERY, disk_bytes

GROUP = f"{SUB}/resourceGroups/campus"
COMPUTE = f"{GROUP}/providers/Microsoft.Compute"


def work_on_group(arm: Arm, operation_id: str) -> None:
    """Two workers: one deletes the group and waits, the other does what the first began."""
    context = arm.installation.context
    first = threading.Thread(target=run_operation, args=(Steps(), context, operation_id))
    first.start()
    while first.is_alive():
        with context.database(reading=True) as uow:
            waiting = [each for each in uow.operations.unsettled() if each.id != operation_id]
        for child in waiting:
            run_operation(Steps(), context, child.id)
        first.join(0.01)


def test_providers_are_registered_and_name_their_api_versions(arm: Arm) -> None:
    value = done(arm().get(f"{SUB}/providers"))["value"]
    assert {each["registrationState"] for each in value} == {"Registered"}
    compute = done(arm().get(f"{SUB}/providers/microsoft.compute"))
    types = {each["resourceType"]: each["apiVersions"] for each in compute["resourceTypes"]}
    assert types["galleries/images/versions"][0] >= "2024-03-03"
    assert done(arm().post(f"{SUB}/providers/Microsoft.Compute/register"))["namespace"] == "Microsoft.Compute"
    assert told(arm().get(f"{SUB}/providers/Microsoft.Nothing"), 404)["code"] == "InvalidResourceNamespace"


def test_resources_of_every_type_come_in_one_list_and_filters_narrow_it(arm: Arm) -> None:
    done(arm().put(f"{COMPUTE}/galleries/gal/images/linux", json=definition_body("linux")), 201)
    listed = done(arm().get(f"{SUB}/resources"))["value"]
    assert {each["type"] for each in listed} >= {"Microsoft.Compute/galleries", "Microsoft.LabServices/labPlans"}
    only = {"$filter": "resourceGroup eq 'CAMPUS' and resourceType eq 'Microsoft.Compute/galleries/images'"}
    (found,) = done(arm().get(f"{SUB}/resources", params=only))["value"]
    assert found["name"] == "gal/linux"
    for region, names in (("Brazil South", {"gal/linux"}), ("westeurope", set())):
        where = {"$filter": f"location eq '{region}' and resourceType eq 'Microsoft.Compute/galleries/images'"}
        assert {each["name"] for each in done(arm().get(f"{SUB}/resources", params=where))["value"]} == names
    assert (
        told(arm().get(f"{SUB}/resources", params={"$filter": "size gt 3"}), 400)["code"]
        == "InvalidFilterInQueryString"
    )


def test_tags_of_any_resource_are_merged_replaced_and_deleted(arm: Arm) -> None:
    tags = f"{GALLERY}/providers/Microsoft.Resources/tags/default"
    done(arm().put(tags, json={"properties": {"tags": {"course": "os", "term": "1"}}}))
    merged = done(arm().patch(tags, json={"operation": "Merge", "properties": {"tags": {"COURSE": "db"}}}))
    assert merged["properties"]["tags"] == {"term": "1", "COURSE": "db"}
    left = done(arm().patch(tags, json={"operation": "Delete", "properties": {"tags": {"term": "1"}}}))
    assert left["properties"]["tags"] == {"COURSE": "db"}
    assert done(arm().get(str(GALLERY)))["tags"] == {"COURSE": "db"}
    assert arm().delete(tags).status_code == 200
    assert done(arm().get(tags))["properties"]["tags"] == {}


def test_a_lock_keeps_what_is_below_it_and_names_itself(arm: Arm) -> None:
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": "cannotdelete", "notes": "exam week"}}
    assert done(arm().put(lock, json=body), 201)["properties"]["level"] == "CanNotDelete"
    error = told(arm().delete(f"{COMPUTE}/galleries/gal"), 409)
    assert error["code"] == "ScopeLocked"
    assert "keep" in error["message"]
    done(arm().put(f"{COMPUTE}/galleries/gal", json={"location": "brazilsouth"}))
    done(arm().put(lock, json={"properties": {"level": "ReadOnly"}}))
    told(arm().put(f"{COMPUTE}/galleries/gal", json={"location": "brazilsouth"}), 409)
    (only,) = done(arm().get(f"{GROUP}/providers/Microsoft.Authorization/locks"))["value"]
    assert only["name"] == "keep"
    assert arm().delete(lock).status_code == 200
    done(arm().put(f"{COMPUTE}/galleries/gal", json={"location": "brazilsouth"}))


def test_a_lock_on_a_child_keeps_its_group(arm: Arm) -> None:
    lock = f"{GALLERY}/providers/Microsoft.Authorization/locks/keep"
    done(arm().put(lock, json={"properties": {"level": "CanNotDelete"}}), 201)
    assert told(arm().delete(GROUP), 409)["code"] == "ScopeLocked"
    assert arm().delete(lock).status_code == 200


def test_the_name_of_a_role_assignment_is_kept(arm: Arm) -> None:
    person = done(arm().post(f"{SUB}/providers/Microsoft.Galeria/people", json={"name": "rita"}), 201)
    name = "12345678-1234-4234-8234-123456789abc"
    path = f"{SUB}/providers/Microsoft.Authorization/roleAssignments/{name}"
    body = {"properties": {"roleDefinitionId": "Reader", "principalId": person["id"]}}
    assert done(arm().put(path, json=body), 201)["name"] == name
    assert done(arm().get(path))["name"] == name
    told(arm().put(path[:-1] + "zz", json=body), 400)


def test_an_update_from_an_old_copy_is_caught_when_the_tag_is_sent(arm: Arm) -> None:
    gallery = f"{COMPUTE}/galleries/tagged"
    done(arm().put(gallery, json={"location": "brazilsouth"}, headers={"If-None-Match": "*"}), 201)
    told(arm().put(gallery, json={"location": "brazilsouth"}, headers={"If-None-Match": "*"}), 412)
    seen = arm().get(gallery).headers["etag"]
    changed = {"location": "brazilsouth", "tags": {"by": "somebody else"}}
    assert arm().put(gallery, json=changed, headers={"If-Match": seen}).headers["etag"] != seen
    error = told(arm().put(gallery, json={"location": "brazilsouth"}, headers={"If-Match": seen}), 412)
    assert error["code"] == "PreconditionFailed"
    assert done(arm().get(gallery))["tags"] == {"by": "somebody else"}
    told(arm().put(f"{COMPUTE}/galleries/absent", json=changed, headers={"If-Match": "*"}), 412)
    assert arm().delete(f"{COMPUTE}/galleries/absent", headers={"If-Match": seen}).status_code == 204
    told(arm().patch(f"{COMPUTE}/galleries/absent", json={"tags": {}}), 404)
    told(arm().delete(gallery, headers={"If-Match": seen}), 412)
    auxiliary = {"x-ms-authorization-auxiliary": "Bearer of-another-tenant"}
    assert done(arm().get(gallery, headers=auxiliary))["name"] == "tagged"


def test_a_resource_group_goes_with_everything_in_it(arm: Arm) -> None:
    installation = arm.installation
    installation.run(installation.begin_import("linux", disk_bytes()))
    done(arm().put(f"{LABS}/algebra", json=lab_body(f"{GALLERY}/images/linux")), 201)
    answer = arm().delete(GROUP)
    assert answer.status_code == 202
    work_on_group(arm, answer.headers["azure-asyncoperation"].partition("?")[0].rpartition("/")[2])
    assert done(arm().get(answer.headers["azure-asyncoperation"]))["status"] == "Succeeded"
    assert arm().get(answer.headers["location"]).status_code == 204
    told(arm().get(GROUP), 404)
    assert installation.engine.machines() == []
    assert installation.context.stores["brazilsouth"].verify(None, progress=lambda *, done, total: None).chunks == 0
    assert told(arm().delete(GROUP), 404)["code"] == "ResourceGroupNotFound"

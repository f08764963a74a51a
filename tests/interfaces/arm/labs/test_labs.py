"""Labs and their machines, and an export of one to the gallery."""

from galeria.domain.labs.ways_in import NO_AGENT, STOP_SET_START, WayIn
from galeria.ports.machines import Observation
from galeria.reconcilers.machine_power import match_power
from tests.interfaces.arm.lab_machines import make_lab
from tests.interfaces.arm.served import LABS, PLAN, SUB, Arm, done, lab_body, told


def start(arm: Arm, lab: str) -> None:
    assert arm("educator").post(f"{lab}/virtualMachines/template/start").status_code == 202
    arm.work()


def test_a_lab_is_made_by_an_operation_and_never_tells_its_password(arm: Arm, image: str) -> None:
    path = f"{LABS}/algebra"
    first, second = (arm("educator").put(path, json=lab_body(image)) for _ in range(2))
    made = done(first, 201)
    assert made["properties"]["provisioningState"] == "Creating"
    assert done(second)["id"] == made["id"]
    url = first.headers["azure-asyncoperation"]
    assert f"{SUB}/providers/Microsoft.LabServices/operationResults/" in url
    assert second.headers["azure-asyncoperation"] == url
    arm.work()
    assert done(arm("educator").get(url))["status"] == "Succeeded"
    lab = done(arm("educator").get(path))
    properties = lab["properties"]
    assert (properties["title"], properties["labPlanId"], properties["state"]) == ("Álgebra", PLAN, "Draft")
    machine = properties["virtualMachineProfile"]
    assert machine["imageReference"] == {"id": image, "exactVersion": "1.0.0"}
    assert (machine["sku"], machine["adminUser"]) == ({"name": "Tiny", "capacity": 0}, {"username": "ana"})
    assert properties["galeria"]["versionId"] == f"{image}/versions/1.0.0"
    assert "correct-Horse-7" not in first.text + second.text + str(lab)
    again = arm("educator").put(path, json=lab | {"tags": {"a": "b"}})
    assert done(again)["tags"] == {"a": "b"}
    assert "azure-asyncoperation" not in again.headers
    changed = done(arm("educator").patch(path, json={"properties": {"title": "Analysis"}}))
    assert (changed["properties"]["title"], changed["tags"]) == ("Analysis", {"a": "b"})


def test_a_lab_can_be_made_from_a_version_and_from_a_plans_image(arm: Arm, image: str) -> None:
    for name, reference in (("exact", f"{image}/versions/1.0.0"), ("planned", f"{PLAN}/images/ready")):
        made = done(arm().put(f"{LABS}/{name}", json=lab_body(reference)), 201)
        assert made["properties"]["virtualMachineProfile"]["imageReference"]["exactVersion"] == "1.0.0"


def test_machines_start_stop_and_take_a_password(arm: Arm, image: str) -> None:
    template = make_lab(arm, image, "machines") + "/virtualMachines/template"
    client = arm("educator")
    stopped = done(client.get(template))["properties"]
    assert (stopped["vmType"], stopped["state"], stopped["provisioningState"]) == ("Template", "Stopped", "Succeeded")
    assert stopped["connectionProfile"]["sshAuthority"].startswith("127.0.0.1:")
    assert stopped["connectionProfile"]["adminUsername"] == "ana"
    assert client.post(f"{template}/stop").status_code == 200
    begun = client.post(f"{template}/start")
    assert (begun.status_code, begun.headers["retry-after"]) == (202, "1")
    assert client.post(f"{template}/start").headers["azure-asyncoperation"] == begun.headers["azure-asyncoperation"]
    given_up = client.post(f"{template}/stop")  # nobody has begun that start yet
    assert given_up.headers["azure-asyncoperation"] == begun.headers["azure-asyncoperation"]
    arm.work()
    assert done(client.get(template))["properties"]["state"] == "Stopped"
    begun = client.post(f"{template}/start")
    arm.work()
    assert done(client.get(begun.headers["location"]))["properties"]["state"] == "Running"
    assert client.post(f"{template}/start").status_code == 200
    credentials = {"username": "bruno", "password": "correct-Horse-8"}
    assert client.post(f"{template}/resetPassword", json=credentials).status_code == 202
    arm.work()
    (listed,) = done(client.get(template.rpartition("/")[0]))["value"]
    assert listed["properties"]["connectionProfile"]["adminUsername"] == "bruno"
    weak = told(client.post(f"{template}/resetPassword", json=credentials | {"password": "weak"}), 400)
    assert weak["target"] == "password"
    assert told(client.get(template.replace("template", "other")), 404)["message"].endswith("'template'.")


WARNINGS = ("imagePercent", "imageProblem", "shutdownWarning", "usageLeft", "usageWarning")


def test_a_machine_that_is_on_and_not_reached_is_neither_stopped_nor_running(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "silent")
    template, client, engine = f"{lab}/virtualMachines/template", arm("educator"), arm.installation.engine
    engine.silent, engine.shown = {WayIn.SSH}, Observation(console="one\ntwo")
    begun = client.post(f"{template}/start").headers["azure-asyncoperation"]
    arm.work()
    shown = done(client.get(template))["properties"]
    assert (shown["state"], shown["provisioningState"]) == ("Starting", "Failed")
    own = {"failure": "No answer by SSH.", "agentAnswers": None, "revision": 0, "updatesAtStop": False}
    assert shown["galeria"] == own | dict.fromkeys(WARNINGS)
    assert done(client.get(begun))["properties"]["console"] == "one\ntwo"
    credentials = {"username": "bruno", "password": "correct-Horse-8"}
    refused = told(client.post(f"{template}/resetPassword", json=credentials), 409)
    assert refused["message"].startswith("The machine is on, but cannot be reached: No answer by SSH.")
    assert client.post(f"{template}/stop").status_code == 202
    arm.work()
    assert done(client.get(template))["properties"]["state"] == "Stopped"


def test_a_machine_without_an_agent_says_how_its_password_is_set(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "agentless")
    arm.installation.engine.silent = {WayIn.AGENT}
    start(arm, lab)
    match_power(arm.installation.context)
    template = f"{lab}/virtualMachines/template"
    shown = done(arm("educator").get(template))["properties"]
    assert (shown["state"], shown["galeria"]["agentAnswers"]) == ("Running", False)
    credentials = {"username": "bruno", "password": "correct-Horse-8"}
    refused = told(arm("educator").post(f"{template}/resetPassword", json=credentials), 409)
    assert refused["code"] == "MachineHasNoAgent"
    assert refused["message"] == f"{NO_AGENT} {STOP_SET_START}"


def test_an_export_is_priced_then_made_then_usable(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "exported")
    start(arm, lab)
    body = {"name": "Álgebra — turma A", "labVirtualMachineId": f"{lab}/virtualMachines/template"}
    arm.installation.engine.write(arm.installation.guest_of("exported"), 1 << 20, b"homework" * 1000)
    estimate = done(arm("educator").post(f"{PLAN}/estimateImage", json=body))
    assert (estimate["image"], estimate["version"], estimate["isNewImage"]) == ("Algebra-turma-A", "1.0.0", True)
    assert estimate["readBytes"] > 0
    assert [each["region"] for each in estimate["regions"]] == ["brazilsouth", "brazilsoutheast"]
    assert [each["sendBytes"] > 0 for each in estimate["regions"]] == [False, True]
    answer = arm("educator").post(f"{PLAN}/saveImage", json=body, headers={"Prefer": "return=representation"})
    made = done(answer, 202)
    assert made["imageDefinitionId"].endswith("/images/Algebra-turma-A")
    assert made["imageVersionId"] == made["imageDefinitionId"] + "/versions/1.0.0"
    assert made["operationId"] in answer.headers["location"]
    (operation,) = arm.work()
    assert operation.status == "Succeeded", operation.error_message
    saved = done(arm().get(answer.headers["location"]))
    assert saved["id"] == made["imageVersionId"]
    assert saved["properties"]["galeria"]["parentDigest"]
    offered = done(arm("colleague").get(f"{PLAN}/images/Algebra-turma-A"))["properties"]
    assert (offered["displayName"], offered["osState"]) == ("Álgebra — turma A", "Specialized")
    assert offered["galeria"]["usable"] is True


def test_a_lab_is_deleted_with_its_machines(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "deleted")
    assert "deleted" in [each["name"] for each in done(arm("educator").get(LABS))["value"]]
    answer = arm("educator").delete(lab)
    assert answer.status_code == 202
    arm.work()
    assert arm("educator").get(answer.headers["location"]).status_code == 204
    assert arm().delete(lab).status_code == 204
    everywhere = done(arm().get(f"{SUB}/providers/Microsoft.LabServices/labs"))["value"]
    assert "deleted" not in [each["name"] for each in everywhere]


def test_an_image_that_cannot_make_a_lab_is_refused_with_reason_and_remedy(arm: Arm, image: str) -> None:
    body = lab_body(image) | {"location": "westeurope"}
    error = told(arm().put(f"{LABS}/far", json=body), 409)
    assert (error["code"], error["target"]) == ("ImageNotInRegion", "imageReference.id")
    assert "Replicate it to westeurope" in error["message"]
    wrong = told(arm().put(f"{LABS}/far", json=lab_body("ubuntu")), 400)
    assert wrong["target"] == "properties.virtualMachineProfile.imageReference.id"
    machine = {"name": "x", "labVirtualMachineId": f"{LABS}/far"}
    assert told(arm().post(f"{PLAN}/saveImage", json=machine), 400)["target"] == "labVirtualMachineId"

"""The machines of a lab's users, in the old words. Here one is made by hand, without publishing."""

from typing import Any

import pytest

from tests.interfaces.arm.lab_machines import student_machine
from tests.interfaces.arm.served import GROUP, LABS, PLAN, Arm, done, lab_body, told

LAB = f"{GROUP}/providers/Microsoft.LabServices/labaccounts/labs/labs"
ME = "/providers/Microsoft.LabServices/users/me"
PASSWORD = {"username": "bia", "password": "correct-Horse-9"}


@pytest.fixture(scope="module")
def lab(service: Arm, image: str) -> str:
    """The old path of the machines of an open lab with room for two, of which one is there."""
    opened = {"securityProfile": {"openAccess": "Enabled"}}
    body = lab_body(f"{PLAN}/images/ready", **opened)
    body["properties"]["virtualMachineProfile"]["sku"]["capacity"] = 2
    done(service("educator").put(f"{LABS}/class", json=body), 201)
    service.work()
    student_machine(service, "class", "one", 50101)
    return f"{LAB}/class/environmentsettings/default/environments"


def begun(arm: Arm, path: str, *, who: str, body: dict[str, Any] | None = None) -> None:
    """What was asked for was begun, and ended well."""
    assert arm(who).post(path, json=body).status_code == 202
    (operation,) = arm.work()
    assert operation.status == "Succeeded", operation.error_message


def test_one_is_claimed_and_then_used_by_its_person_alone(arm: Arm, lab: str) -> None:
    (free,) = done(arm("educator").get(lab))["value"]
    assert (free["name"], free["properties"]["isClaimed"]) == ("one", False)
    assert free["properties"]["lastKnownPowerState"] == "Stopped"
    told(arm("nobody").post(f"{lab}/one/start"), 404)

    assert arm("nobody").post(f"{lab}/one/claim").status_code == 200
    assert arm("nobody").post(f"{lab.rpartition('/')[0]}/claimAny").status_code == 200  # the same one again
    claimed = done(arm("educator").get(f"{lab}/one"))["properties"]
    assert (claimed["isClaimed"], claimed["claimedByUserName"]) == (True, "Nobody")
    told(arm("colleague").post(f"{lab}/one/claim"), 409)
    told(arm("colleague").post(f"{lab.rpartition('/')[0]}/claimAny"), 409)
    told(arm("colleague").post(f"{lab}/one/start"), 403)

    begun(arm, f"{lab}/one/start", who="nobody")
    shown = done(arm("educator").get(f"{lab}/one"))["properties"]
    assert (shown["lastKnownPowerState"], shown["provisioningState"]) == ("Running", "Succeeded")
    assert shown["networkInterface"] == {"sshAuthority": "127.0.0.1:50101", "username": "ana"}
    begun(arm, f"{lab}/one/resetPassword", who="nobody", body=PASSWORD)
    begun(arm, f"{lab}/one/stop", who="nobody")
    assert arm("nobody").post(f"{lab}/one/stop").status_code == 200  # it is off already
    assert arm.installation.machine("class").state == "Stopped", "the template was left alone"


def test_its_person_finds_and_steers_it_by_the_own_name(arm: Arm, lab: str) -> None:
    assert arm("nobody").post(f"{lab}/one/claim").status_code == 200
    (mine,) = done(arm("nobody").post(f"{ME}/listEnvironments"))["environments"]
    assert (mine["id"].lower(), mine["environmentState"]) == (f"{lab}/one".lower(), "Created")
    this = {"environmentId": mine["id"]}
    assert done(arm("nobody").post(f"{ME}/getEnvironment", json=this))["environment"] == mine
    told(arm("colleague").post(f"{ME}/startEnvironment", json=this), 403)

    begun(arm, f"{ME}/startEnvironment", who="nobody", body=this)
    begun(arm, f"{ME}/resetPassword", who="nobody", body=this | PASSWORD)
    (running,) = done(arm("nobody").post(f"{ME}/listEnvironments", json={"labId": f"{LAB}/class"}))["environments"]
    assert running["virtualMachineDetails"]["lastKnownPowerState"] == "Running"
    assert running["virtualMachineDetails"]["userName"] == "bia"
    begun(arm, f"{ME}/stopEnvironment", who="nobody", body=this)


def test_an_educator_starts_it_and_the_new_words_show_the_same_machine(arm: Arm, lab: str) -> None:
    begun(arm, f"{lab}/one/start", who="educator")

    listed = done(arm("educator").get(f"{LABS}/class/virtualMachines"))["value"]
    machines = {each["name"]: each["properties"] for each in listed}
    assert (machines["one"]["vmType"], machines["one"]["state"]) == ("User", "Running")
    assert machines["template"]["state"] == "Stopped"
    begun(arm, f"{LABS}/class/virtualMachines/one/stop", who="educator")
    assert done(arm("educator").get(f"{lab}/one"))["properties"]["lastKnownPowerState"] == "Stopped"


def test_nothing_of_it_is_written_and_it_goes_with_its_lab(arm: Arm, lab: str) -> None:
    before = done(arm("educator").get(f"{lab}/one"))
    for verb in ("PUT", "PATCH"):
        assert done(arm("educator").request(verb, f"{lab}/one", json=before)) == before
        assert told(arm("educator").request(verb, f"{lab}/one", json={"tags": {"a": "1"}}), 400)["target"] == "tags"
        told(arm("colleague").request(verb, f"{lab}/one", json={}), 403)
    assert "maxUsersInLab" in told(arm("educator").delete(f"{lab}/one"), 409)["message"]
    assert arm("educator").delete(f"{LABS}/class").status_code == 202
    (operation,) = arm.work()
    assert operation.status == "Succeeded", operation.error_message
    assert arm.installation.engine.machines() == []
    told(arm("educator").get(f"{lab}/one"), 404)

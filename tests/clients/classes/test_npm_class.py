"""A whole class by the SDK for Node.js, whose students register by the API of 2018: today's has no operation for that."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.clients.classes.students import add_student, use_up
from tests.clients.client_server import HOME, ClientServer
from tests.clients.clients import Refused, Sdk
from tests.clients.requests import class_body
from tests.waiting import until

pytestmark = pytest.mark.system

GROUP, PLAN, LAB = "npmclass", "plan", "class"
GIL, HUGO = "gil@example.org", "hugo@example.org"


@pytest.fixture(scope="module")
def students(client_server: ClientServer, rest: httpx.Client) -> dict[str, dict[str, str]]:
    return {each: add_student(client_server, rest, each) for each in (GIL, HUGO)}


@pytest.fixture(scope="module", autouse=True)
def lab(client_server: ClientServer, rest: httpx.Client, npm_labs: Sdk, seed: str) -> Iterator[dict[str, Any]]:
    rest.put(client_server.id(GROUP), json={"location": HOME}).raise_for_status()
    gallery = client_server.id("seeds", "Microsoft.Compute/galleries/seeds")
    body = {"location": HOME, "sharedGalleryId": gallery}
    plan = npm_labs("labPlans.beginCreateOrUpdateAndWait", GROUP, PLAN, body)
    npm_labs("images.update", GROUP, PLAN, "linux", {"enabledState": "Enabled"})
    wanted = class_body(HOME, plan["id"], seed.partition("/versions/")[0], capacity=2)
    body = {"location": wanted["location"], **wanted["properties"]}
    yield npm_labs("labs.beginCreateOrUpdateAndWait", GROUP, LAB, body)
    rest.delete(client_server.id(GROUP)).raise_for_status()


def test_a_lab_is_published_and_grows(npm_labs: Sdk, lab: dict[str, Any]) -> None:
    assert (lab["state"], lab["virtualMachineProfile"]["sku"]["capacity"]) == ("Draft", 2)
    npm_labs("labs.beginPublishAndWait", GROUP, LAB)

    assert npm_labs("labs.get", GROUP, LAB)["state"] == "Published"
    assert {each["state"] for each in _machines(npm_labs).values()} == {"Stopped"}
    profile = npm_labs("labs.get", GROUP, LAB)["virtualMachineProfile"]  # the client sends none but a whole one
    profile["sku"]["capacity"] = 3
    npm_labs("labs.beginUpdateAndWait", GROUP, LAB, {"virtualMachineProfile": profile})
    assert list(_machines(npm_labs)) == ["student-1", "student-2", "student-3"]


def test_invited_people_have_a_machine_each(npm_labs: Sdk, old_labs: Sdk, students: dict[str, dict[str, str]]) -> None:
    code = npm_labs("labs.get", GROUP, LAB)["securityProfile"]["registrationCode"]
    for address, who in students.items():
        name = address.partition("@")[0]
        npm_labs("users.beginCreateOrUpdateAndWait", GROUP, LAB, name, {"email": address})
        npm_labs("users.beginInviteAndWait", GROUP, LAB, name, {"text": "Welcome"})
        theirs = old_labs.signed_in(**who)
        theirs("global_users.register", "me", {"registrationCode": code})
        theirs("environment_settings.claim_any", GROUP, PLAN, LAB, "default")

    assert {each["registrationState"] for each in npm_labs("users.listByLab", GROUP, LAB)} == {"Registered"}
    assert len({_own(npm_labs, "gil"), _own(npm_labs, "hugo")}) == 2


def test_a_student_uses_the_own_machine_and_no_other(npm_labs: Sdk, students: dict[str, dict[str, str]]) -> None:
    student, own = npm_labs.signed_in(**students[GIL]), (GROUP, LAB, _own(npm_labs, "gil"))
    password = {"username": "student", "password": "Another-Word-2026"}

    student("virtualMachines.beginStartAndWait", *own)
    assert student("virtualMachines.get", *own)["state"] == "Running"
    student("virtualMachines.beginResetPasswordAndWait", *own, password)
    student("virtualMachines.beginRedeployAndWait", *own)
    student("virtualMachines.beginStopAndWait", *own)
    student("virtualMachines.beginReimageAndWait", *own)
    assert student("virtualMachines.get", *own)["state"] == "Stopped"
    for call in ("get", "beginStartAndWait", "beginReimageAndWait"):
        with pytest.raises(Refused) as refused:
            student(f"virtualMachines.{call}", GROUP, LAB, _own(npm_labs, "hugo"))
        assert (refused.value.status, refused.value.code) == (404, "ResourceNotFound"), call


def test_hours_are_shown_and_more_count_at_once(
    npm_labs: Sdk, students: dict[str, dict[str, str]], client_server: ClientServer
) -> None:
    student, own = npm_labs.signed_in(**students[HUGO]), (GROUP, LAB, _own(npm_labs, "hugo"))
    use_up(client_server, HUGO, 10)

    assert npm_labs("users.get", GROUP, LAB, "hugo")["totalUsage"] == "PT10H"
    with pytest.raises(Refused) as refused:
        student("virtualMachines.beginStartAndWait", *own)
    assert refused.value.code == "QuotaExceeded"
    npm_labs("users.beginUpdateAndWait", GROUP, LAB, "hugo", {"additionalUsageQuota": "PT2H"})
    student("virtualMachines.beginStartAndWait", *own)
    student("virtualMachines.beginStopAndWait", *own)


def test_a_class_starts_the_machines_that_somebody_has(npm_labs: Sdk) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    times = {"startAt": _iso(now), "stopAt": _iso(now + timedelta(hours=2)), "timeZoneId": "UTC"}
    npm_labs("schedules.createOrUpdate", GROUP, LAB, "now", times)

    owned = {_own(npm_labs, name) for name in ("gil", "hugo")}
    until(lambda: owned == _running(npm_labs), "the machines run", seconds=60, pause=0.2)
    used = {each["name"]["value"]: each["currentValue"] for each in npm_labs("usages.listByLocation", HOME)}
    assert (used["cores"] >= 2, used["memoryInMiB"] >= 1024) == (True, True)
    npm_labs("schedules.beginDeleteAndWait", GROUP, LAB, "now")


def test_a_deleted_lab_is_gone(npm_labs: Sdk) -> None:
    npm_labs("labs.beginDeleteAndWait", GROUP, LAB)

    with pytest.raises(Refused) as refused:
        npm_labs("labs.get", GROUP, LAB)
    assert refused.value.status == 404


def _machines(npm_labs: Sdk) -> dict[str, dict[str, Any]]:
    listed = npm_labs("virtualMachines.listByLab", GROUP, LAB)
    return {each["name"]: each for each in listed if each["vmType"] == "User"}


def _running(npm_labs: Sdk) -> set[str]:
    return {name for name, each in _machines(npm_labs).items() if each["state"] == "Running"}


def _own(npm_labs: Sdk, user: str) -> str:
    id = npm_labs("users.get", GROUP, LAB, user)["id"]
    (name,) = [name for name, each in _machines(npm_labs).items() if each.get("claimedByUserId") == id]
    return name


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

"""A whole class by the SDK of today: published, scaled, invited; students with their machines; classes, hours, the end.

A student registers on a page or, where a program does it, with the older API: today's has no operation for that.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from tests.clients.classes.students import add_student, machines_of, use_up
from tests.clients.client_server import HOME, ClientServer
from tests.clients.clients import Refused, Sdk
from tests.clients.requests import class_body
from tests.waiting import until

pytestmark = pytest.mark.system

GROUP, PLAN, LAB = "classsdk", "plan", "class"
CAIO, DORA = "caio@example.org", "dora@example.org"
NEW_PASSWORD = {"username": "student", "password": "Another-Word-2026"}


@pytest.fixture(scope="module")
def students(client_server: ClientServer, rest: httpx.Client, labs: Sdk) -> dict[str, Sdk]:
    return {each: labs.signed_in(**add_student(client_server, rest, each)) for each in (CAIO, DORA)}


@pytest.fixture(scope="module", autouse=True)
def lab(client_server: ClientServer, rest: httpx.Client, labs: Sdk, seed: str) -> Iterator[dict[str, Any]]:
    """For three students, who have hours of their own; nothing is published yet."""
    rest.put(client_server.id(GROUP), json={"location": HOME}).raise_for_status()
    gallery = client_server.id("seeds", "Microsoft.Compute/galleries/seeds")
    plan = labs(
        "lab_plans.begin_create_or_update",
        GROUP,
        PLAN,
        {"location": HOME, "properties": {"sharedGalleryId": gallery}},
    )
    labs("images.update", GROUP, PLAN, "linux", {"properties": {"enabledState": "Enabled"}})
    body = class_body(HOME, plan["id"], seed.partition("/versions/")[0], capacity=3)
    yield labs("labs.begin_create_or_update", GROUP, LAB, body)
    rest.delete(client_server.id(GROUP)).raise_for_status()


def test_publishing_ends_when_every_machine_is_made(labs: Sdk) -> None:
    labs("labs.begin_publish", GROUP, LAB)

    assert labs("labs.get", GROUP, LAB)["properties"]["state"] == "Published"
    machines = machines_of(labs, GROUP, LAB)
    assert list(machines) == ["student-1", "student-2", "student-3"]
    assert {(each["state"], each["provisioningState"]) for each in machines.values()} == {("Stopped", "Succeeded")}
    assert not any("claimedByUserId" in each for each in machines.values())


def test_a_larger_capacity_is_waited_for(labs: Sdk) -> None:
    changed = labs("labs.begin_update", GROUP, LAB, _capacity(4))

    assert changed["properties"]["virtualMachineProfile"]["sku"]["capacity"] == 4
    assert changed["properties"]["state"] == "Published"
    assert len(machines_of(labs, GROUP, LAB)) == 4


def test_invited_people_register_and_have_a_machine_each(
    labs: Sdk, old_labs: Sdk, lab: dict[str, Any], students: dict[str, Sdk]
) -> None:
    code = labs("labs.get", GROUP, LAB)["properties"]["securityProfile"]["registrationCode"]
    for address, student in students.items():
        name = address.partition("@")[0]
        labs("users.begin_create_or_update", GROUP, LAB, name, {"properties": {"email": address}})
        labs("users.begin_invite", GROUP, LAB, name, {"text": "Welcome"})
        assert labs("users.get", GROUP, LAB, name)["properties"]["invitationState"] == "Failed"  # no mail is set up

        theirs = old_labs.signed_in(username=student.connect["username"], password=student.connect["password"])
        theirs("global_users.register", "me", {"registrationCode": code})
        theirs("environment_settings.claim_any", GROUP, PLAN, LAB, "default")

        assert labs("users.get", GROUP, LAB, name)["properties"]["registrationState"] == "Registered"
        assert _own(labs, name) in machines_of(labs, GROUP, LAB)


def test_a_student_uses_the_own_machine_and_no_other(labs: Sdk, students: dict[str, Sdk]) -> None:
    student, own = students[CAIO], (GROUP, LAB, _own(labs, "caio"))

    student("virtual_machines.begin_start", *own)
    running = student("virtual_machines.get", *own)["properties"]
    assert (running["state"], running["vmType"]) == ("Running", "User")
    assert running["connectionProfile"]["sshAuthority"]
    student("virtual_machines.begin_reset_password", *own, NEW_PASSWORD)
    student("virtual_machines.begin_redeploy", *own)
    assert student("virtual_machines.get", *own)["properties"]["state"] == "Running"

    for call in ("get", "begin_start", "begin_stop", "begin_redeploy", "begin_reimage"):
        for other in {*machines_of(labs, GROUP, LAB), "template"} - {own[-1]}:
            with pytest.raises(Refused) as refused:
                student(f"virtual_machines.{call}", GROUP, LAB, other)
            assert refused.value.status == 404, (call, other)
    for call in ("labs.get", "virtual_machines.list_by_lab", "users.list_by_lab", "schedules.list_by_lab"):
        with pytest.raises(Refused) as refused:
            student(call, GROUP, LAB)
        assert refused.value.status == 404, call


def test_hours_are_shown_and_end_and_more_count_at_once(
    labs: Sdk, students: dict[str, Sdk], client_server: ClientServer
) -> None:
    student, own = students[DORA], (GROUP, LAB, _own(labs, "dora"))
    use_up(client_server, DORA, 10)

    assert labs("users.get", GROUP, LAB, "dora")["properties"]["totalUsage"] == "PT10H"
    with pytest.raises(Refused) as refused:
        student("virtual_machines.begin_start", *own)
    assert (refused.value.status, refused.value.code) == (409, "QuotaExceeded")
    labs("users.begin_update", GROUP, LAB, "dora", {"properties": {"additionalUsageQuota": "PT2H"}})
    student("virtual_machines.begin_start", *own)
    student("virtual_machines.begin_stop", *own)


def test_a_machine_goes_back_to_what_was_published(labs: Sdk, students: dict[str, Sdk]) -> None:
    student, own = students[CAIO], (GROUP, LAB, _own(labs, "caio"))
    student("virtual_machines.begin_stop", *own)

    student("virtual_machines.begin_reimage", *own)

    again = student("virtual_machines.get", *own)["properties"]
    assert (again["state"], again["provisioningState"]) == ("Stopped", "Succeeded")
    assert again["claimedByUserId"].endswith("/users/caio")


def test_a_class_starts_the_machines_that_somebody_has(labs: Sdk) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    times = {"startAt": _iso(now), "stopAt": _iso(now + timedelta(hours=2)), "timeZoneId": "UTC"}
    labs("schedules.create_or_update", GROUP, LAB, "now", {"properties": times})

    owned = {_own(labs, name) for name in ("caio", "dora")}
    until(lambda: _running(labs) == owned, "the machines run", seconds=60, pause=0.2)
    labs("schedules.begin_delete", GROUP, LAB, "now")
    for name in owned:
        until(partial(_stopped, labs, name), f"{name} stops", pause=0.2)
    assert _running(labs) == set()


def test_fewer_machines_than_people_have_are_refused_with_their_names(labs: Sdk) -> None:
    with pytest.raises(Refused) as refused:
        labs("labs.begin_update", GROUP, LAB, _capacity(1))
    assert (refused.value.status, refused.value.code) == (409, "MachinesAreClaimed")
    assert "caio, dora" in refused.value.message

    labs("labs.begin_update", GROUP, LAB, _capacity(2))
    assert set(machines_of(labs, GROUP, LAB)) == {_own(labs, name) for name in ("caio", "dora")}


def test_usages_count_machines_cores_and_memory(labs: Sdk) -> None:
    before = _usages(labs)
    labs("virtual_machines.begin_start", GROUP, LAB, "template")
    after = _usages(labs)

    assert after["virtualMachines"] == before["virtualMachines"]
    assert after["cores"] == before["cores"] + 1
    assert after["memoryInMiB"] >= before["memoryInMiB"] + 512
    labs("virtual_machines.begin_stop", GROUP, LAB, "template")
    assert _usages(labs) == before


def test_a_deleted_lab_takes_its_machines_along(labs: Sdk, old_labs: Sdk, students: dict[str, Sdk]) -> None:
    labs("labs.begin_delete", GROUP, LAB)

    theirs = students[DORA].connect
    mine = old_labs.signed_in(username=theirs["username"], password=theirs["password"])
    assert mine("global_users.list_environments", "me", {})["environments"] == []


def _capacity(count: int) -> dict[str, Any]:
    return {"properties": {"virtualMachineProfile": {"sku": {"name": "Tiny", "capacity": count}}}}


def _own(labs: Sdk, user: str) -> str:
    """The one machine that this user of the lab has claimed."""
    id = labs("users.get", GROUP, LAB, user)["id"]
    (name,) = [name for name, each in machines_of(labs, GROUP, LAB).items() if each.get("claimedByUserId") == id]
    return name


def _usages(labs: Sdk) -> dict[str, int]:
    found = labs("usages.list_by_location", HOME)
    assert all(each["currentValue"] <= each["limit"] for each in found)
    return {each["name"]["value"]: each["currentValue"] for each in found}


def _stopped(labs: Sdk, name: str) -> bool:
    """Whether it could be stopped: it runs a moment before its start has ended, of which only the server knows."""
    try:
        labs("virtual_machines.begin_stop", GROUP, LAB, name)
    except Refused as refused:
        if (refused.status, refused.code) != (409, "Conflict"):
            raise
        return False
    return True


def _running(labs: Sdk) -> set[str]:
    return {name for name, each in machines_of(labs, GROUP, LAB).items() if each["state"] == "Running"}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

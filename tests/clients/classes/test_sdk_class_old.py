"""A whole class in the words of 2018: published, scaled, registered with; students with their environments; the end."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients.classes.students import PASSWORD, add_student, use_up
from tests.clients.client_server import HOME, ClientServer
from tests.clients.clients import Refused, Sdk
from tests.waiting import until

pytestmark = pytest.mark.system

GROUP, ACCOUNT, LAB = "oldclass", "account", "class"
PLACE = (GROUP, ACCOUNT, LAB)
DEFAULT = (*PLACE, "default")
EVA, FABIO = "eva@example.org", "fabio@example.org"
NEW_PASSWORD = {"username": "teacher", "password": "Another-Word-2026"}


@pytest.fixture(scope="module")
def students(client_server: ClientServer, rest: httpx.Client, old_labs: Sdk) -> dict[str, Sdk]:
    return {each: old_labs.signed_in(**add_student(client_server, rest, each)) for each in (EVA, FABIO)}


@pytest.fixture(scope="module", autouse=True)
def lab(client_server: ClientServer, rest: httpx.Client, old_labs: Sdk, seed: str) -> Iterator[str]:
    """For three students; the id that students' programs name it by."""
    rest.put(client_server.id(GROUP), json={"location": HOME}).raise_for_status()
    old_labs("lab_accounts.create_or_update", GROUP, ACCOUNT, {"location": HOME})
    gallery = {"properties": {"sharedGalleryId": client_server.id("seeds", "Microsoft.Compute/galleries/seeds")}}
    plan = client_server.id(GROUP, f"Microsoft.LabServices/labPlans/{ACCOUNT}")
    rest.patch(plan, json=gallery).raise_for_status()  # only the unpublished API of 2019 attaches one
    old_labs("gallery_images.update", GROUP, ACCOUNT, "linux", {"properties": {"isEnabled": True}})
    account = old_labs("lab_accounts.get", GROUP, ACCOUNT)["id"]
    machine = {"userName": "teacher", "password": PASSWORD}
    image = f"{account}/galleryimages/linux"
    settings = {"galleryImageResourceId": image, "size": "Basic", "referenceVmCreationParameters": machine}
    body = {
        "name": LAB,
        "location": HOME,
        "labCreationParameters": {"maxUsersInLab": 3},
        "environmentSettingCreationParameters": {"resourceSettingCreationParameters": settings},
    }
    old_labs("lab_accounts.create_lab", GROUP, ACCOUNT, body)
    await_state(old_labs, "provisioningState", "Succeeded")
    yield f"{account}/labs/{LAB}"
    rest.delete(client_server.id(GROUP)).raise_for_status()


def test_a_lab_is_published_and_every_environment_is_there(old_labs: Sdk) -> None:
    old_labs("labs.update", *PLACE, {"properties": {"usageQuota": "PT10H"}})
    old_labs("environment_settings.publish", *DEFAULT, {"useExistingImage": False})

    await_state(old_labs, "publishingState", "Published")
    found = _environments(old_labs)
    assert list(found) == ["student-1", "student-2", "student-3"]
    assert {(each["isClaimed"], each["lastKnownPowerState"]) for each in found.values()} == {(False, "Stopped")}


def test_more_are_made_of_the_image_that_is_there(old_labs: Sdk) -> None:
    old_labs("labs.update", *PLACE, {"properties": {"maxUsersInLab": 4}})
    old_labs("environment_settings.publish", *DEFAULT, {"useExistingImage": True})

    until(lambda: len(_environments(old_labs)) == 4, "one more is made", seconds=60, pause=0.2)
    await_state(old_labs, "publishingState", "Published")
    assert {each["provisioningState"] for each in _environments(old_labs).values()} == {"Succeeded"}


def test_who_is_on_the_list_registers_and_claims(old_labs: Sdk, lab: str, students: dict[str, Sdk]) -> None:
    code = old_labs("labs.get", *PLACE)["properties"]["invitationCode"]
    eva, fabio = students.values()
    with pytest.raises(Refused) as refused:
        eva("global_users.register", "me", {"registrationCode": code})
    assert refused.value.status == 403  # nobody has listed them yet
    old_labs("labs.add_users", *PLACE, {"emailAddresses": list(students)})

    eva("global_users.register", "me", {"registrationCode": code})
    assert [each["id"].lower() for each in eva("global_users.list_labs", "me")["labs"]] == [lab.lower()]
    eva("environment_settings.claim_any", *DEFAULT)
    own = _own(eva)
    fabio("labs.register", *PLACE)
    free = next(name for name, each in _environments(old_labs).items() if not each["isClaimed"])
    with pytest.raises(Refused) as refused:
        fabio("environments.claim", *DEFAULT, own.rpartition("/")[2])
    assert refused.value.status == 409
    fabio("environments.claim", *DEFAULT, free)

    claimed = {
        each["claimedByUserPrincipalId"]: name for name, each in _environments(old_labs).items() if each["isClaimed"]
    }
    assert claimed == {EVA: own.rpartition("/")[2], FABIO: free}


def test_a_student_uses_the_own_environment_and_no_other(old_labs: Sdk, students: dict[str, Sdk]) -> None:
    eva, fabio = students.values()
    mine, other = ({"environmentId": _own(each)} for each in (eva, fabio))

    with pytest.raises(Refused) as refused:
        eva("global_users.begin_start_environment", "me", mine)
    assert refused.value.code == "PasswordNotSet"  # everybody has their own in a lab of this API
    eva("global_users.begin_reset_password", "me", {**mine, **NEW_PASSWORD})
    eva("global_users.begin_start_environment", "me", mine)
    details = eva("global_users.get_environment", "me", mine)["environment"]
    assert details["virtualMachineDetails"]["lastKnownPowerState"] == "Running"
    assert details["virtualMachineDetails"]["sshAuthority"]
    eva("global_users.begin_reset_password", "me", {**mine, **NEW_PASSWORD})
    eva("global_users.begin_stop_environment", "me", mine)

    name = other["environmentId"].rpartition("/")[2]
    for call in ("get_environment", "begin_start_environment", "begin_stop_environment"):
        with pytest.raises(Refused) as refused:
            eva(f"global_users.{call}", "me", other)
        assert refused.value.status == 404, call
    for call in ("get", "begin_start", "begin_stop"):
        with pytest.raises(Refused) as refused:
            eva(f"environments.{call}", *DEFAULT, name)
        assert refused.value.status == 404, call
    for call in ("labs.get", "users.list", "environment_settings.list"):
        with pytest.raises(Refused) as refused:
            eva(call, *PLACE)
        assert refused.value.status == 404, call
    fabio("environments.begin_reset_password", *DEFAULT, name, NEW_PASSWORD)
    fabio("environments.begin_start", *DEFAULT, name)
    fabio("environments.begin_stop", *DEFAULT, name)
    assert _environments(old_labs)[name]["lastKnownPowerState"] == "Stopped"


def test_hours_are_shown_and_end(old_labs: Sdk, client_server: ClientServer, students: dict[str, Sdk]) -> None:
    eva = students[EVA]
    use_up(client_server, EVA, 10)

    environment = _environments(old_labs)[_own(eva).rpartition("/")[2]]
    assert environment["totalUsage"] == "PT10H"
    (user,) = [each for each in old_labs("users.list", *PLACE) if each["properties"]["email"] == EVA]
    assert user["properties"]["totalUsage"] == "PT10H"
    with pytest.raises(Refused) as refused:
        eva("global_users.begin_start_environment", "me", {"environmentId": _own(eva)})
    assert (refused.value.status, refused.value.code) == (409, "QuotaExceeded")
    old_labs("labs.update", *PLACE, {"properties": {"usageQuota": "PT12H"}})
    eva("global_users.begin_start_environment", "me", {"environmentId": _own(eva)})


def test_who_is_taken_off_the_list_has_no_environment(old_labs: Sdk, students: dict[str, Sdk]) -> None:
    (user,) = [each for each in old_labs("users.list", *PLACE) if each["properties"]["email"] == FABIO]
    fabio, name = students[FABIO], _own(students[FABIO]).rpartition("/")[2]

    old_labs("users.begin_delete", *PLACE, user["name"])

    assert fabio("global_users.list_environments", "me", {})["environments"] == []
    state = "lastKnownPowerState"
    until(lambda: _environments(old_labs)[name][state] == "Stopped", "the machine is stopped", seconds=60, pause=0.2)
    assert _environments(old_labs)[name]["isClaimed"] is False


def test_an_educator_starts_and_stops_what_students_have(old_labs: Sdk, students: dict[str, Sdk]) -> None:
    own = (*DEFAULT, _own(students[EVA]).rpartition("/")[2])

    old_labs("environments.begin_stop", *own)
    old_labs("environments.begin_start", *own)
    assert old_labs("environments.get", *own)["properties"]["lastKnownPowerState"] == "Running"
    old_labs("environments.begin_stop", *own)


def test_a_deleted_lab_takes_its_environments_along(old_labs: Sdk, students: dict[str, Sdk]) -> None:
    old_labs("labs.begin_delete", *PLACE)

    assert students[EVA]("global_users.list_environments", "me", {})["environments"] == []


def await_state(old_labs: Sdk, which: str, wanted: str) -> None:
    until(lambda: _setting(old_labs)[which] == wanted, f"{which} is {wanted}", seconds=60, pause=0.2)


def _setting(old_labs: Sdk) -> dict[str, Any]:
    properties: dict[str, Any] = old_labs("environment_settings.get", *DEFAULT)["properties"]
    return properties


def _environments(old_labs: Sdk) -> dict[str, dict[str, Any]]:
    return {each["name"]: each["properties"] for each in old_labs("environments.list", *DEFAULT)}


def _own(student: Sdk) -> str:
    """The id of the one environment that this student has."""
    (environment,) = student("global_users.list_environments", "me", {})["environments"]
    return str(environment["id"])

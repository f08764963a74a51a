"""The limits at the door of the API: Azure's codes, the limit in the sentence, and usages that say the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.domain.labs.start_queue import StartLimits
from galeria.domain.limits import Limit, Limits
from galeria.domain.settings import Settings
from tests.interfaces.arm.served import (
    GALLERY,
    GROUP,
    LABS,
    PLAN,
    SUB,
    Arm,
    definition_body,
    done,
    lab_body,
    serving,
    told,
    version_body,
)
from tests.local_installation import disk_bytes

IMAGE = f"{GALLERY}/images/linux"
USAGES = f"{SUB}/providers/Microsoft.LabServices/locations/{{}}/usages"
LIMITS = Limits(
    labs=Limit(per_person=2, in_all=3),
    machines=Limit(per_person=30, in_all=40),
    operations=Limit(per_person=1, in_all=10),
)


@pytest.fixture
def few(tmp_path: Path, migrated_file: Path, token_key: RSAPrivateKey) -> Iterator[Arm]:
    with serving(
        tmp_path / "arm",
        migrated_file,
        token_key,
        settings=Settings(limits=LIMITS, starts=StartLimits(memory_mib=1300)),
    ) as arm:
        done(arm().put(IMAGE, json=definition_body("linux")), 201)
        body = version_body(arm.installation.upload(disk_bytes()), "brazilsouth", "brazilsoutheast")
        done(arm().put(f"{IMAGE}/versions/1.0.0", json=body), 201)
        arm.work()
        yield arm


def usages(arm: Arm, region: str = "brazilsouth") -> dict[str, tuple[int, int]]:
    found = done(arm().get(USAGES.format(region)))["value"]
    return {each["name"]["value"]: (each["currentValue"], each["limit"]) for each in found}


def counts(arm: Arm, region: str = "brazilsouth") -> dict[str, tuple[int, int]]:
    """Of labs and machines, whether these are on or not."""
    return {name: figures for name, figures in usages(arm, region).items() if name in ("labs", "virtualMachines")}


def with_capacity(count: int) -> dict[str, object]:
    return {"properties": {"virtualMachineProfile": {"sku": {"name": "Tiny", "capacity": count}}}}


def test_too_many_labs_are_a_conflict_and_usages_say_how_many_are_left(few: Arm) -> None:
    assert counts(few) == {"labs": (0, 3), "virtualMachines": (0, 40)}
    for name in ("one", "two"):
        done(few("educator").put(f"{LABS}/{name}", json=lab_body(IMAGE)), 201)
        few.work()
    error = told(few("educator").put(f"{LABS}/three", json=lab_body(IMAGE)), 409)
    assert error["code"] == "QuotaExceeded"
    assert error["message"].startswith("One person may have 2 labs at a time, and this would be number 3.")
    assert "an administrator can raise 'labs_per_person'" in error["message"]
    assert counts(few) == {"labs": (2, 3), "virtualMachines": (2, 40)}
    assert counts(few, "brazilsoutheast") == {"labs": (0, 1), "virtualMachines": (0, 38)}


def test_cores_and_memory_of_machines_that_are_on_are_usages(few: Arm) -> None:
    done(few("educator").put(f"{LABS}/one", json=lab_body(IMAGE)), 201)
    few.work()
    before = usages(few)
    assert (before["cores"], before["memoryInMiB"]) == ((0, 2), (0, 1300))
    assert few("educator").post(f"{LABS}/one/virtualMachines/template/start").status_code == 202
    few.work()

    assert (usages(few)["cores"], usages(few)["memoryInMiB"]) == ((1, 2), (608, 1300))
    elsewhere = usages(few, "brazilsoutheast")
    assert (elsewhere["cores"], elsewhere["memoryInMiB"]) == ((0, 1), (0, 692))


def test_a_draft_of_the_older_api_counts_and_is_refused_alike(few: Arm) -> None:
    older = f"{GROUP}/providers/Microsoft.LabServices/labaccounts/labs/labs"
    old = {"api-version": "2018-10-15"}
    for name in ("one", "two"):
        body = {"properties": {"maxUsersInLab": 10}}
        assert few("educator").put(f"{older}/{name}", json=body, params=old).status_code == 201
    assert counts(few) == {"labs": (2, 3), "virtualMachines": (20, 40)}
    refused = few("educator").put(f"{older}/three", json={"properties": {}}, params=old)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "QuotaExceeded"


def test_capacity_is_limited_when_a_lab_is_made_and_when_it_changes(few: Arm) -> None:
    lab = f"{LABS}/one"
    body = lab_body(IMAGE)
    body["properties"]["virtualMachineProfile"]["sku"]["capacity"] = 30
    assert told(few("educator").put(lab, json=body), 409)["code"] == "QuotaExceeded"
    done(few("educator").put(lab, json=lab_body(IMAGE)), 201)
    few.work()
    error = told(few("educator").patch(lab, json=with_capacity(30)), 409)
    assert error["message"].startswith("The labs of one person may have 30 machines together, and this would make 31.")
    assert few("educator").patch(lab, json=with_capacity(29)).status_code in (200, 202)
    assert usages(few)["virtualMachines"] == (30, 40)


def test_too_much_at_a_time_is_429_and_programs_learn_when_to_come_again(few: Arm) -> None:
    done(few("educator").put(f"{LABS}/one", json=lab_body(IMAGE)), 201)
    refused = few("educator").put(f"{LABS}/two", json=lab_body(IMAGE))
    error = told(refused, 429)
    assert error["code"] == "OperationNotAllowed"
    assert "as one person may have at a time: 1." in error["message"]
    assert int(refused.headers["retry-after"]) > 0
    few.work()
    done(few("educator").put(f"{LABS}/two", json=lab_body(IMAGE)), 201)
    assert PLAN in few("educator").get(f"{LABS}/two").text

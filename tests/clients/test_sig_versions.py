"""Image versions as the Azure CLI makes, spreads, hides, deletes and restores them. Every one holds a real disk."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clients.client_server import AWAY, HOME, ClientServer
from tests.clients.clients import Az, Refused

pytestmark = pytest.mark.system

GROUP = "versions"
GALLERY = ("-g", GROUP, "-r", "versionsgallery")
IMAGE = (*GALLERY, "-i", "linux")
KIND = ("--os-type", "Linux", "--hyper-v-generation", "V1")
EARLY = ("--interval", "1")


@pytest.fixture(scope="module", autouse=True)
def image(az: Az) -> Iterator[None]:
    az("group", "create", "-n", GROUP, "-l", HOME)
    az("sig", "create", *GALLERY)
    az("sig", "image-definition", "create", *IMAGE, "-p", "campus", "-f", "linux", "-s", "versions", *KIND)
    yield
    az("group", "delete", "-n", GROUP, "--yes")


@pytest.fixture(scope="module")
def first(az: Az, seed: str) -> dict[str, Any]:
    """Version 1.0.0, in the home region and another one."""
    regions = ("--target-regions", HOME, f"{AWAY}=2=standard_zrs")
    made: dict[str, Any] = az("sig", "image-version", "create", *_at("1.0.0"), "--image-version", seed, *regions)
    return made


def test_a_version_is_done_when_every_region_has_it(az: Az, first: dict[str, Any]) -> None:
    assert first["provisioningState"] == "Succeeded"
    targets = {each["name"]: each for each in first["publishingProfile"]["targetRegions"]}
    assert set(targets) == {HOME, AWAY}
    assert (targets[AWAY]["regionalReplicaCount"], targets[AWAY]["storageAccountType"]) == (2, "Standard_ZRS")
    assert first["publishingProfile"]["publishedDate"]
    assert first["storageProfile"]["osDiskImage"]["sizeInGB"] == 1

    shown = az("sig", "image-version", "show", *_at("1.0.0"), "--expand", "ReplicationStatus")
    status = shown["replicationStatus"]
    assert status["aggregatedState"] == "Completed"
    assert {(each["region"], each["state"], each["progress"]) for each in status["summary"]} == {
        (HOME, "Completed", 100),
        (AWAY, "Completed", 100),
    }
    assert not az("sig", "image-version", "show", *_at("1.0.0")).get("replicationStatus")
    assert [each["name"] for each in az("sig", "image-version", "list", *IMAGE)] == ["1.0.0"]
    az("sig", "image-version", "wait", *_at("1.0.0"), "--created", *EARLY)


def test_a_version_without_regions_is_in_its_own(az: Az, seed: str) -> None:
    made = az("sig", "image-version", "create", *_at("1.1.0"), "--image-version", seed, "-l", "Brazil Southeast")

    assert made["location"] == AWAY
    assert [each["name"] for each in made["publishingProfile"]["targetRegions"]] == [AWAY]
    assert made["publishingProfile"]["replicationMode"] == "Full"
    assert made["publishingProfile"]["storageAccountType"] == "Standard_LRS"


def test_regions_are_added_and_taken_away(az: Az, first: dict[str, Any], seed: str) -> None:
    az("sig", "image-version", "create", *_at("1.2.0"), "--image-version", seed)

    spread = az(
        "sig", "image-version", "update", *_at("1.2.0"), "--add", "publishingProfile.targetRegions", f"name={AWAY}"
    )
    assert [each["name"] for each in spread["publishingProfile"]["targetRegions"]] == [HOME, AWAY]
    gathered = az("sig", "image-version", "update", *_at("1.2.0"), "--target-regions", HOME)
    assert [each["name"] for each in gathered["publishingProfile"]["targetRegions"]] == [HOME]


def test_a_version_is_hidden_from_latest(az: Az, seed: str) -> None:
    made = az(
        *("sig", "image-version", "create", *_at("1.3.0"), "--image-version", seed),
        *("--exclude-from-latest", "true", "--no-wait"),
    )
    assert made is None
    az("sig", "image-version", "wait", *_at("1.3.0"), "--created", *EARLY)
    assert az("sig", "image-version", "show", *_at("1.3.0"))["publishingProfile"]["excludeFromLatest"] is True
    flag = ("--set", "publishingProfile.excludeFromLatest=false")
    assert az("sig", "image-version", "update", *_at("1.3.0"), *flag)["publishingProfile"]["excludeFromLatest"] is False


def test_a_shallow_version_stays_where_it_is(az: Az, seed: str) -> None:
    shallow = ("--image-version", seed, "--replication-mode", "Shallow")

    made = az("sig", "image-version", "create", *_at("1.4.0"), *shallow)
    assert made["publishingProfile"]["replicationMode"] == "Shallow"
    for wrong in (("--target-regions", HOME, AWAY), ("--replica-count", "2")):
        with pytest.raises(Refused) as refused:
            az("sig", "image-version", "create", *_at("1.4.1"), *shallow, *wrong)
        assert refused.value.code == "InvalidParameter"
    with pytest.raises(Refused):
        az("sig", "image-version", "update", *_at("1.4.0"), "--target-regions", HOME, AWAY)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--target-regions", HOME, "Brazil South"), "Duplicate regions are not allowed"),
        (("--target-regions", AWAY), HOME),
        (("--target-regions", f"{HOME}=101"), "must be between"),
        (("--replica-count", "0"), "must be between"),
        (("--target-regions", HOME, "atlantis"), "atlantis"),
        (("--end-of-life-date", "2020-01-01"), "2020"),
    ],
)
def test_a_publishing_profile_that_cannot_be_meant_is_refused(
    az: Az, seed: str, wrong: tuple[str, ...], said: str
) -> None:
    with pytest.raises(Refused) as refused:
        az("sig", "image-version", "create", *_at("3.0.0"), "--image-version", seed, *wrong)

    assert refused.value.code in ("InvalidParameter", "LocationNotAvailableForResourceType")
    assert said in refused.value.message


@pytest.mark.parametrize("number", ["1.0", "1.0.0.0", "1.0.2147483648", "01.0.0", "a.b.c"])
def test_a_version_s_number_is_checked(az: Az, seed: str, number: str) -> None:
    with pytest.raises(Refused) as refused:
        az("sig", "image-version", "create", *_at(number), "--image-version", seed)
    assert "Major" in refused.value.text or "pattern" in refused.value.text or "format" in refused.value.text


def test_a_source_of_another_kind_is_refused_at_once(az: Az, seed: str) -> None:
    """Azure finds out only in the end."""
    for name, kind, word in (
        ("special", ("--os-state", "specialized", *KIND), "OS state"),
        ("windows", ("--os-type", "Windows", "--hyper-v-generation", "V1"), "OS type"),
        ("uefi", ("--os-type", "Linux", "--hyper-v-generation", "V2"), "generation"),
    ):
        where = (*GALLERY, "-i", name)
        az("sig", "image-definition", "create", *where, "-p", "campus", "-f", "linux", "-s", name, *kind)
        with pytest.raises(Refused) as refused:
            az("sig", "image-version", "create", *where, "-e", "1.0.0", "--image-version", seed)
        assert word.lower() in refused.value.message.lower()
        assert az("sig", "image-version", "list", *where) == []


@pytest.mark.parametrize(
    "source",
    [
        ("--image-version", "{seed}/versions/9.9.9"),
        ("--os-snapshot", "absent"),
        ("--managed-image", "absent"),
        # Azure's own machines are none of ours, and the CLI takes no other id here.
        ("--virtual-machine", "{group}/providers/Microsoft.Compute/virtualMachines/absent"),
    ],
)
def test_a_source_that_is_missing_is_named(
    az: Az, client_server: ClientServer, seed: str, source: tuple[str, str]
) -> None:
    option, value = source
    with pytest.raises(Refused) as refused:
        az(
            *("sig", "image-version", "create", *_at("3.1.0"), option),
            value.format(seed=seed.rpartition("/versions/")[0], group=client_server.id(GROUP)),
        )
    assert refused.value.code in ("ResourceNotFound", "NotFound", "GalleryImageNotFound", "InvalidParameter")
    assert "9.9.9" in refused.value.message or "absent" in refused.value.message


def test_a_version_that_is_protected_lives_to_its_end(az: Az, seed: str) -> None:
    end = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    guarded = ("--block-deletion-before-end-of-life", "true", "--end-of-life-date", end)
    az("sig", "image-version", "create", *_at("1.5.0"), "--image-version", seed, *guarded)

    with pytest.raises(Refused) as refused:
        az("sig", "image-version", "delete", *_at("1.5.0"))
    assert refused.value.code == "DeleteGalleryImageVersionBlockedBeforeEndOfLife"
    az("sig", "image-version", "update", *_at("1.5.0"), "--set", "safetyProfile.blockDeletionBeforeEndOfLife=false")
    az("sig", "image-version", "delete", *_at("1.5.0"))
    az("sig", "image-version", "wait", *_at("1.5.0"), "--deleted", *EARLY)


def test_a_region_may_be_protected_from_being_taken_away(az: Az, seed: str) -> None:
    spread = ("--target-regions", HOME, AWAY, "--allow-replicated-location-deletion", "false")
    made = az("sig", "image-version", "create", *_at("1.6.0"), "--image-version", seed, *spread)
    assert made["safetyProfile"]["allowDeletionOfReplicatedLocations"] is False

    with pytest.raises(Refused):
        az("sig", "image-version", "update", *_at("1.6.0"), "--target-regions", HOME)
    free = ("--allow-replicated-location-deletion", "true")
    az("sig", "image-version", "update", *_at("1.6.0"), *free)
    az("sig", "image-version", "update", *_at("1.6.0"), "--target-regions", HOME)


def test_a_deleted_version_can_be_restored_where_the_gallery_keeps_them(
    az: Az, client_server: ClientServer, seed: str
) -> None:
    gallery = ("-g", GROUP, "-r", "softgallery")
    image = (*gallery, "-i", "linux")
    version = (*image, "-e", "1.0.0")
    policy = ("--soft-delete", "true", "--soft-delete-retention-period", "7", "--soft-delete-grace-period", "30")
    made = az("sig", "create", *gallery, *policy)
    assert made["softDeletePolicy"]["isSoftDeleteEnabled"] is True
    assert made["softDeletePolicy"]["retentionPeriodInDays"] == 7
    az("sig", "image-definition", "create", *image, "-p", "campus", "-f", "linux", "-s", "soft", *KIND)
    az("sig", "image-version", "create", *version, "--image-version", seed)

    az("sig", "image-version", "delete", *version)
    with pytest.raises(Refused):
        az("sig", "image-version", "show", *version)
    (gone,) = az("sig", "image-version", "list-soft-deleted", *gallery, "-i", "linux")
    assert gone["name"] == "1.0.0"
    assert gone["resourceArmId"].lower().endswith("/images/linux/versions/1.0.0")
    assert gone["softDeletedTime"] < gone["consumptionEndTime"] < gone["hardDeletionTargetTime"]

    back = az("sig", "image-version", "undelete", *version)
    assert back["provisioningState"] == "Succeeded"
    assert [each["name"] for each in back["publishingProfile"]["targetRegions"]] == [HOME]
    assert az("sig", "image-version", "list-soft-deleted", *gallery, "-i", "linux") == []
    off = az("sig", "update", *gallery, "--soft-delete", "false")
    assert off["softDeletePolicy"]["isSoftDeleteEnabled"] is False
    az("sig", "image-version", "delete", *version)
    assert az("sig", "image-version", "list", *image) == []


def test_a_version_can_be_deleted_while_it_is_being_made(az: Az, seed: str) -> None:
    source = ("--image-version", seed, "--target-regions", HOME, AWAY)
    az("sig", "image-version", "create", *_at("1.7.0"), *source, "--no-wait")
    # Saying it again joins what is under way.
    az("sig", "image-version", "create", *_at("1.7.0"), *source, "--no-wait")

    az("sig", "image-version", "delete", *_at("1.7.0"))

    assert "1.7.0" not in {each["name"] for each in az("sig", "image-version", "list", *IMAGE)}


def _at(number: str) -> tuple[str, ...]:
    return (*IMAGE, "-e", number)

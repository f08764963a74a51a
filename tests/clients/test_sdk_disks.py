"""Disks, snapshots and managed images through both generations of the SDK. They hold the bytes of a real image."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients.client_server import HOME, ClientServer
from tests.clients.clients import Refused, Sdk
from tests.clients.requests import definition_properties, from_version

pytestmark = pytest.mark.system

GROUP = "disksdk"


@pytest.fixture(scope="module", autouse=True)
def group(client_server: ClientServer, rest: httpx.Client) -> Iterator[None]:
    rest.put(client_server.id(GROUP), json={"location": HOME}).raise_for_status()
    yield
    rest.delete(client_server.id(GROUP)).raise_for_status()


@pytest.fixture
def source(generation: Sdk, seed: str) -> Any:
    """A disk that is a copy of an image version, made by the generation that is tested."""
    created = {"createOption": "FromImage", "galleryImageReference": {"id": seed}}
    body = {"location": HOME, "properties": {"creationData": created, "osType": "Linux", "hyperVGeneration": "V1"}}
    return generation("disks.begin_create_or_update", GROUP, f"{generation.age}disk", body)


def test_a_disk_is_made_changed_lent_and_deleted(generation: Sdk, source: dict[str, Any], disk: bytes) -> None:
    where = (GROUP, source["name"])
    assert source["properties"]["diskState"] == "Unattached"
    assert source["properties"]["diskSizeBytes"] == len(disk)
    assert source["sku"]["name"] == "Standard_LRS"

    assert generation("disks.begin_update", *where, {"tags": {"a": "1"}})["tags"] == {"a": "1"}
    granted = generation("disks.begin_grant_access", *where, {"access": "Read", "durationInSeconds": 300})
    address = granted.get("accessSAS") or granted["properties"]["output"]["accessSAS"]
    assert address.startswith("https://")
    assert generation("disks.get", *where)["properties"]["diskState"] == "ActiveSAS"
    with pytest.raises(Refused) as refused:
        generation("disks.begin_delete", *where)
    assert refused.value.status == 409
    generation("disks.begin_revoke_access", *where)
    assert source["name"] in {each["name"] for each in generation("disks.list")}
    assert source["name"] in {each["name"] for each in generation("disks.list_by_resource_group", GROUP)}
    generation("disks.begin_delete", *where)
    with pytest.raises(Refused):
        generation("disks.get", *where)


def test_a_snapshot_is_taken_changed_lent_and_deleted(generation: Sdk, source: dict[str, Any]) -> None:
    where = (GROUP, f"{generation.age}snapshot")
    created = {"createOption": "Copy", "sourceResourceId": source["id"]}
    made = generation(
        "snapshots.begin_create_or_update", *where, {"location": HOME, "properties": {"creationData": created}}
    )

    assert made["properties"]["diskSizeBytes"] == source["properties"]["diskSizeBytes"]
    assert made["properties"]["osType"] == "Linux"
    assert generation("snapshots.begin_update", *where, {"tags": {"a": "1"}})["tags"] == {"a": "1"}
    generation("snapshots.begin_grant_access", *where, {"access": "Read", "durationInSeconds": 300})
    generation("snapshots.begin_revoke_access", *where)
    assert generation("snapshots.get", *where)["properties"]["diskState"] == "Unattached"
    assert where[1] in {each["name"] for each in generation("snapshots.list")}
    assert where[1] in {each["name"] for each in generation("snapshots.list_by_resource_group", GROUP)}
    # What was copied does not go with what it was copied from.
    generation("disks.begin_delete", GROUP, source["name"])
    assert generation("snapshots.get", *where)["properties"]["provisioningState"] == "Succeeded"
    generation("snapshots.begin_delete", *where)


def test_a_disk_grows(generation: Sdk, source: dict[str, Any]) -> None:
    where = (GROUP, source["name"])
    grown = generation("disks.begin_update", *where, {"properties": {"diskSizeGB": 2}})
    assert (grown["properties"]["diskSizeBytes"], grown["properties"]["provisioningState"]) == (2 << 30, "Succeeded")
    with pytest.raises(Refused) as refused:
        generation("disks.begin_update", *where, {"properties": {"diskSizeGB": 1}})
    assert refused.value.status == 400
    generation("disks.begin_delete", *where)


def test_a_snapshot_is_protected_from_deletion(compute: Sdk, client_server: ClientServer, rest: httpx.Client) -> None:
    """In a group of its own, which cannot be deleted after it."""
    where = ("protectedsdk", "protected")
    rest.put(client_server.id(where[0]), json={"location": HOME}).raise_for_status()
    body = {"location": HOME, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
    compute("snapshots.begin_create_or_update", *where, body)
    days = {"immutabilityDurationDays": 1}
    unlocked = compute("snapshots.begin_update_immutability_policy", *where, {**days, "type": "Unlocked"})
    assert unlocked["properties"]["immutabilityPolicy"]["type"] == "Unlocked"
    locked = compute("snapshots.begin_update_immutability_policy_lock", *where, {**days, "type": "Locked"})
    assert locked["properties"]["immutabilityPolicy"]["isPolicyExpired"] is False
    with pytest.raises(Refused) as refused:
        compute("snapshots.begin_delete", *where)
    assert (refused.value.status, refused.value.code) == (409, "OperationNotAllowed")


def test_a_managed_image_is_made_of_a_disk_and_used(generation: Sdk, source: dict[str, Any]) -> None:
    where = (GROUP, f"{generation.age}image")
    system = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": source["id"]}}
    body = {"location": HOME, "properties": {"storageProfile": {"osDisk": system}, "hyperVGeneration": "V1"}}
    made = generation("images.begin_create_or_update", *where, body)

    assert made["properties"]["provisioningState"] == "Succeeded"
    assert generation("images.begin_update", *where, {"tags": {"a": "1"}})["tags"] == {"a": "1"}
    assert generation("images.get", *where)["id"] == made["id"]
    assert where[1] in {each["name"] for each in generation("images.list")}
    assert where[1] in {each["name"] for each in generation("images.list_by_resource_group", GROUP)}
    gallery = f"{generation.age}imagegallery"
    generation("galleries.begin_create_or_update", GROUP, gallery, {"location": HOME})
    definition = {"location": HOME, "properties": definition_properties(gallery)}
    generation("gallery_images.begin_create_or_update", GROUP, gallery, "linux", definition)
    version = (GROUP, gallery, "linux", "1.0.0")
    published = generation("gallery_image_versions.begin_create_or_update", *version, from_version(made["id"], HOME))
    assert published["properties"]["provisioningState"] == "Succeeded"
    generation("images.begin_delete", *where)


def test_an_image_that_does_not_match_its_definition_is_refused(generation: Sdk, source: dict[str, Any]) -> None:
    gallery = f"{generation.age}wronggallery"
    generation("galleries.begin_create_or_update", GROUP, gallery, {"location": HOME})
    for name, kind in (("special", ("Specialized", "V1")), ("uefi", ("Generalized", "V2"))):
        definition = {"location": HOME, "properties": definition_properties(name, *kind)}
        generation("gallery_images.begin_create_or_update", GROUP, gallery, name, definition)
        image = (GROUP, f"{generation.age}wrong")
        system = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": source["id"]}}
        body = {"location": HOME, "properties": {"storageProfile": {"osDisk": system}, "hyperVGeneration": "V1"}}
        made = generation("images.begin_create_or_update", *image, body)

        version = (GROUP, gallery, name, "1.0.0")
        with pytest.raises(Refused) as refused:
            generation("gallery_image_versions.begin_create_or_update", *version, from_version(made["id"], HOME))
        assert refused.value.status in (400, 409)
        generation("images.begin_delete", *image)

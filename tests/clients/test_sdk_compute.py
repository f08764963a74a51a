"""Galleries through the Python SDK of today. Every answer is held against the SDK's own description of it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients.client_server import AWAY, HOME, ClientServer
from tests.clients.clients import Refused, Sdk
from tests.clients.requests import definition_properties, from_upload, from_version

pytestmark = pytest.mark.system

GROUP, GALLERY = "sdk", "sdkgallery"
IMAGE = (GROUP, GALLERY, "linux")


@pytest.fixture(scope="module", autouse=True)
def image(client_server: ClientServer, rest: httpx.Client, compute: Sdk) -> Iterator[None]:
    rest.put(client_server.id(GROUP), json={"location": HOME}).raise_for_status()
    compute("galleries.begin_create_or_update", GROUP, GALLERY, {"location": HOME, "tags": {"a": "1"}})
    body = {"location": HOME, "properties": definition_properties("sdk")}
    compute("gallery_images.begin_create_or_update", *IMAGE, body)
    yield
    rest.delete(client_server.id(GROUP)).raise_for_status()


@pytest.fixture(scope="module")
def first(client_server: ClientServer, rest: httpx.Client, compute: Sdk, disk: bytes) -> dict[str, Any]:
    """Version 1.0.0 in both regions, made of an upload."""
    body = from_upload(client_server.upload(rest, disk), HOME, AWAY)
    made: dict[str, Any] = compute("gallery_image_versions.begin_create_or_update", *IMAGE, "1.0.0", body)
    return made


def test_a_gallery_is_read_changed_and_deleted(compute: Sdk, client_server: ClientServer) -> None:
    name = "shortlived"
    made = compute("galleries.begin_create_or_update", GROUP, name, {"location": "Brazil South"})
    assert made["location"] == HOME
    assert made["type"] == "Microsoft.Compute/galleries"
    assert made["systemData"]["createdByType"] == "Application"
    assert compute("galleries.get", GROUP, name) == made

    body = {"properties": {"description": "Changed"}, "tags": {"b": "2"}}
    changed = compute("galleries.begin_update", GROUP, name, body)
    assert (changed["properties"]["description"], changed["tags"]) == ("Changed", {"b": "2"})
    assert name in {each["name"] for each in compute("galleries.list")}
    assert name in {each["name"] for each in compute("galleries.list_by_resource_group", GROUP)}

    compute("galleries.begin_delete", GROUP, name)
    with pytest.raises(Refused) as refused:
        compute("galleries.get", GROUP, name)
    assert (refused.value.kind, refused.value.status) == ("ResourceNotFoundError", 404)
    compute("galleries.begin_delete", GROUP, name)  # of what is not there is no error


def test_a_definition_is_read_changed_and_deleted(compute: Sdk) -> None:
    where = (GROUP, GALLERY, "shortlived")
    body = {"location": HOME, "properties": {**definition_properties("shortlived"), "description": "First"}}
    made = compute("gallery_images.begin_create_or_update", *where, body)

    assert compute("gallery_images.get", *where) == made
    changed = compute("gallery_images.begin_update", *where, {"properties": {"description": "Second"}})
    assert changed["properties"]["description"] == "Second"
    assert changed["properties"]["identifier"] == made["properties"]["identifier"]
    names = [each["name"] for each in compute("gallery_images.list_by_gallery", GROUP, GALLERY)]
    assert names == sorted(names)
    assert "shortlived" in names
    compute("gallery_images.begin_delete", *where)
    with pytest.raises(Refused):
        compute("gallery_images.get", *where)


def test_a_version_is_read_changed_and_deleted(compute: Sdk, first: dict[str, Any]) -> None:
    assert first["properties"]["provisioningState"] == "Succeeded"
    shown = compute("gallery_image_versions.get", *IMAGE, "1.0.0", expand="ReplicationStatus")
    assert shown["properties"]["replicationStatus"]["aggregatedState"] == "Completed"
    assert {each["name"] for each in shown["properties"]["publishingProfile"]["targetRegions"]} == {HOME, AWAY}

    compute("gallery_image_versions.begin_create_or_update", *IMAGE, "1.10.0", from_version(first["id"], HOME))
    change = {"properties": {"publishingProfile": {"excludeFromLatest": True}}, "tags": {"c": "3"}}
    changed = compute("gallery_image_versions.begin_update", *IMAGE, "1.10.0", change)
    assert changed["properties"]["publishingProfile"]["excludeFromLatest"] is True
    assert [each["name"] for each in changed["properties"]["publishingProfile"]["targetRegions"]] == [HOME]
    names = [each["name"] for each in compute("gallery_image_versions.list_by_gallery_image", *IMAGE)]
    assert names == ["1.0.0", "1.10.0"]
    compute("gallery_image_versions.begin_delete", *IMAGE, "1.10.0")
    with pytest.raises(Refused):
        compute("gallery_image_versions.get", *IMAGE, "1.10.0")


def test_a_failure_of_a_long_operation_has_code_and_message(
    compute: Sdk, rest: httpx.Client, client_server: ClientServer
) -> None:
    """The bytes are no disk: that is found when they are read, after the PUT was answered."""
    body = from_upload(client_server.upload(rest, b"This is no disk. " * 1000), HOME)

    with pytest.raises(Refused) as refused:
        compute("gallery_image_versions.begin_create_or_update", *IMAGE, "4.0.0", body)

    assert refused.value.code
    assert refused.value.message
    shown = compute("gallery_image_versions.get", *IMAGE, "4.0.0")
    assert shown["properties"]["provisioningState"] == "Failed"
    compute("gallery_image_versions.begin_delete", *IMAGE, "4.0.0")


def test_lists_come_in_pages_that_lose_nothing(compute: Sdk) -> None:
    wanted = {f"paged{number:03}" for number in range(120)}
    for name in wanted:
        body = {"location": HOME, "properties": definition_properties(name)}
        compute("gallery_images.begin_create_or_update", GROUP, GALLERY, name, body, polling=False)

    found = [each["name"] for each in compute("gallery_images.list_by_gallery", GROUP, GALLERY)]

    assert wanted <= set(found)
    assert len(found) == len(set(found))
    for name in wanted:
        compute("gallery_images.begin_delete", GROUP, GALLERY, name, polling=False)


def test_a_write_from_an_old_copy_is_refused_where_the_client_asks(compute: Sdk, first: dict[str, Any]) -> None:
    body = {"properties": {"description": "Mine"}}

    with pytest.raises(Refused) as refused:
        compute("galleries.begin_update", GROUP, GALLERY, body, headers={"If-Match": '"of-another-day"'})
    assert (refused.value.status, refused.value.code) == (412, "PreconditionFailed")
    compute("galleries.begin_update", GROUP, GALLERY, body, headers={"If-Match": "*"})


def test_a_gallery_is_shared_and_found(generation: Sdk, client_server: ClientServer, first: dict[str, Any]) -> None:
    compute = generation
    where = (GROUP, f"{compute.age}shared")
    name = f"{client_server.subscription}-{compute.age.upper()}SHARED"
    _fill(compute, *where, {"sharingProfile": {"permissions": "Groups"}}, first["id"])
    groups = [{"type": "Subscriptions", "ids": [client_server.subscription]}]
    body = {"operationType": "Add", "groups": groups}

    assert compute("gallery_sharing_profile.begin_update", *where, body)["operationType"] == "Add"
    shown = compute("galleries.get", *where, expand="SharingProfile/Groups")
    assert shown["properties"]["sharingProfile"]["groups"] == groups
    assert name in {each["name"] for each in compute("shared_galleries.list", HOME)}
    compute("shared_galleries.get", HOME, name)
    assert [each["name"] for each in compute("shared_gallery_images.list", HOME, name)] == ["linux"]
    compute("shared_gallery_images.get", HOME, name, "linux")
    assert [each["name"] for each in compute("shared_gallery_image_versions.list", HOME, name, "linux")] == ["1.0.0"]
    compute("shared_gallery_image_versions.get", HOME, name, "linux", "1.0.0")


def test_a_community_gallery_is_found(generation: Sdk, first: dict[str, Any]) -> None:
    compute = generation
    where = (GROUP, f"{compute.age}public")
    info = {
        "publisherUri": "https://example.org",
        "publisherContact": "ana@example.org",
        "eula": "Free",
        "publicNamePrefix": f"sdk{compute.age}",
    }
    profile = {"permissions": "Community", "communityGalleryInfo": info}
    _fill(compute, *where, {"sharingProfile": profile}, first["id"])
    compute("gallery_sharing_profile.begin_update", *where, {"operationType": "EnableCommunity"})

    shown = compute("galleries.get", *where)
    (name,) = shown["properties"]["sharingProfile"]["communityGalleryInfo"]["publicNames"]
    assert compute("community_galleries.get", HOME, name)["name"] == name
    assert [each["name"] for each in compute("community_gallery_images.list", HOME, name)] == ["linux"]
    compute("community_gallery_images.get", HOME, name, "linux")
    versions = compute("community_gallery_image_versions.list", HOME, name, "linux")
    assert [each["name"] for each in versions] == ["1.0.0"]
    compute("community_gallery_image_versions.get", HOME, name, "linux", "1.0.0")
    if compute.age == "new":  # the older models have no word for it
        public = {"communityGalleryImageId": f"/CommunityGalleries/{name}/Images/linux/Versions/1.0.0"}
        body = {"location": HOME, "properties": {"storageProfile": {"source": public}}}
        copied = compute("gallery_image_versions.begin_create_or_update", *where, "linux", "2.0.0", body)
        assert copied["properties"]["storageProfile"]["source"] == public
        assert copied["properties"]["provisioningState"] == "Succeeded"
    compute("gallery_sharing_profile.begin_update", *where, {"operationType": "Reset"})


def test_what_was_deleted_softly_is_listed_and_restored(compute: Sdk, first: dict[str, Any]) -> None:
    where = (GROUP, "sdksoft")
    policy = {"isSoftDeleteEnabled": True, "retentionPeriodInDays": 7, "gracePeriodInDays": 30}
    _fill(compute, *where, {"softDeletePolicy": policy}, first["id"])
    compute("gallery_image_versions.begin_delete", *where, "linux", "1.0.0")

    (gone,) = compute("soft_deleted_resource.list_by_artifact_name", *where, "Images", "linux")
    assert gone["properties"]["softDeletedArtifactType"] == "Images"
    body = {"location": HOME, "properties": {"restore": True, "storageProfile": {}}}
    back = compute("gallery_image_versions.begin_create_or_update", *where, "linux", "1.0.0", body)
    assert back["properties"]["provisioningState"] == "Succeeded"
    compute("gallery_image_versions.begin_delete", *where, "linux", "1.0.0", params={"bypassSoftDelete": "true"})
    assert compute("soft_deleted_resource.list_by_artifact_name", *where, "Images", "linux") == []


def _fill(compute: Sdk, group: str, gallery: str, properties: dict[str, Any], source: str) -> None:
    """A gallery with one image."""
    compute("galleries.begin_create_or_update", group, gallery, {"location": HOME, "properties": properties})
    body = {"location": HOME, "properties": definition_properties(gallery)}
    compute("gallery_images.begin_create_or_update", group, gallery, "linux", body)
    version = (group, gallery, "linux", "1.0.0")
    compute("gallery_image_versions.begin_create_or_update", *version, from_version(source, HOME))

"""Images of community galleries as a source: found by their public name, by everybody who may look for them."""

from typing import Any

import pytest

from tests.interfaces.arm.compute.shared_galleries import COMMUNITY, filled, gallery, share
from tests.interfaces.arm.compute.version_bodies import body, contents, defined
from tests.interfaces.arm.served import GROUP, SUB, Arm, done, told
from tests.interfaces.arm.storage import disk_body, disk_id, made
from tests.local_installation import disk_bytes


@pytest.fixture(scope="module")
def public(service: Arm) -> str:
    """The public id of an image of a gallery that is open to everybody, in brazilsouth and westeurope."""
    id = gallery(service, "everybodys", sharingProfile=COMMUNITY)
    filled(service, id)
    done(share(service, id, "EnableCommunity"))
    info = done(service().get(id))["properties"]["sharingProfile"]["communityGalleryInfo"]
    return f"/CommunityGalleries/{info['publicNames'][0]}/Images/linux"


def reference(id: str) -> dict[str, Any]:
    return {"communityGalleryImageId": id}


def test_a_version_is_made_of_one(arm: Arm, public: str) -> None:
    id = defined(arm, "from-community")
    shown = made(arm, id, body({"source": reference(f"{public}/Versions/1.0.0")}, location="westeurope"))
    assert contents(arm, id, "westeurope") == [disk_bytes()]
    assert shown["properties"]["storageProfile"]["source"] == reference(f"{public}/Versions/1.0.0")
    assert done(arm().put(id, json=shown))["properties"] == shown["properties"]


@pytest.mark.parametrize("version", ["", "/versions/latest"])
def test_without_a_number_the_latest_is_meant(arm: Arm, public: str, version: str) -> None:
    id = defined(arm, f"latest-community{len(version)}")
    shown = made(arm, id, body({"source": reference(public.lower() + version)}))
    assert shown["properties"]["storageProfile"]["source"] == reference(f"{public}/Versions/1.0.0")


def test_a_disk_is_made_of_one(arm: Arm, public: str) -> None:
    id = disk_id("from-community")
    shown = made(arm, id, disk_body("FromImage", galleryImageReference=reference(f"{public}/Versions/1.0.0")))
    assert shown["properties"]["creationData"]["galleryImageReference"] == reference(f"{public}/Versions/1.0.0")
    assert shown["properties"]["osType"] == "Linux"
    assert done(arm().put(id, json=shown))["name"] == "from-community"


@pytest.mark.parametrize(
    ("id", "status", "words"),
    [
        ("/CommunityGalleries/nobodys/Images/linux", 404, "no shared gallery"),
        ("{public}/Versions/9.0.0", 404, "no version"),
        ("{public}x", 404, "no image definition"),
        ("nonsense", 400, "community gallery's image"),
    ],
)
def test_what_is_not_shared_is_not_found(arm: Arm, public: str, id: str, status: int, words: str) -> None:
    version = defined(arm, "absent-community")
    refused = arm().put(version, json=body({"source": reference(id.format(public=public))}))
    assert words in told(refused, status)["message"]


def test_where_the_image_is_not_its_regions_are_named(arm: Arm, public: str) -> None:
    version = defined(arm, "far-community")
    asked = body({"source": reference(f"{public}/Versions/1.0.0")}, location="northeurope")
    error = told(arm().put(version, json=asked), 404)
    assert "It is in: brazilsouth, westeurope." in error["message"]


def test_one_source_is_enough(arm: Arm, public: str) -> None:
    both = reference(public) | {"id": f"{GROUP}/providers/Microsoft.Compute/images/x"}
    refused = arm().put(defined(arm, "two-sources"), json=body({"source": both}))
    assert "communityGalleryImageId" in told(refused, 400)["message"]


def test_whoever_may_not_look_for_shared_galleries_may_not_copy_from_them(arm: Arm, public: str) -> None:
    role = {"properties": {"roleDefinitionId": "Contributor", "principalId": arm.installation.people["nobody"].id}}
    scope = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-00000000000a"
    done(arm().put(scope, json=role), 201)
    version = defined(arm, "forbidden-community")
    refused = arm("nobody").put(version, json=body({"source": reference(public)}))
    assert "communityGalleries/read" in told(refused, 403)["message"]
    assert SUB in refused.text

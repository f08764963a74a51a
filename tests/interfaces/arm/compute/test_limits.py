"""What Azure offers for image versions and Galeria does not is refused with a reason; what only sounds new is taken."""

from typing import Any

import pytest

from tests.interfaces.arm.served import GALLERY, Arm, definition_body, done, told, version_body
from tests.local_installation import disk_bytes


@pytest.fixture(scope="module")
def definition(service: Arm) -> str:
    id = f"{GALLERY}/images/limits"
    done(service().put(id, json=definition_body("limits")), 201)
    return id


def body(arm: Arm, profile: dict[str, Any] | None = None, target: dict[str, Any] | None = None) -> dict[str, Any]:
    made = version_body(arm.installation.upload(disk_bytes()), "brazilsouth", "westeurope")
    publishing = made["properties"]["publishingProfile"]
    publishing.update(profile or {})
    publishing["targetRegions"][1].update(target or {})
    return made


def test_a_strategy_chooses_the_kind_of_storage(arm: Arm, definition: str) -> None:
    id = f"{definition}/versions/1.0.0"
    asked = body(
        arm, {"storageAccountStrategy": "preferstandard_zrs"}, {"storageAccountStrategy": "DefaultStandard_LRS"}
    )
    made = done(arm().put(id, json=asked), 201)["properties"]["publishingProfile"]
    assert made["storageAccountType"] == "Standard_ZRS"
    assert [each["storageAccountType"] for each in made["targetRegions"]] == ["Standard_ZRS", "Standard_LRS"]


@pytest.mark.parametrize(
    ("profile", "target", "words"),
    [
        (
            {"storageAccountStrategy": "PreferStandard_ZRS", "storageAccountType": "Premium_LRS"},
            {},
            "storageAccountStrategy",
        ),
        ({"storageAccountStrategy": "Cheapest"}, {}, "storageAccountStrategy"),
        ({"targetExtendedLocations": [{"name": "westeurope"}]}, {}, "edge zones"),
        (
            {},
            {"additionalReplicaSets": [{"storageAccountType": "PremiumV2_LRS", "regionalReplicaCount": 1}]},
            "one set of replicas",
        ),
        ({}, {"encryption": {"osDiskImage": {"diskEncryptionSetId": "/x"}}}, "keys of the caller's"),
    ],
)
def test_a_profile_that_cannot_be_kept_is_refused(
    arm: Arm, definition: str, profile: dict[str, Any], target: dict[str, Any], words: str
) -> None:
    id = f"{definition}/versions/2.0.0"
    assert words in str(told(arm().put(id, json=body(arm, profile, target)), 400))
    assert arm().get(id).status_code == 404


def test_keys_for_uefi_are_refused(arm: Arm, definition: str) -> None:
    asked = body(arm)
    asked["properties"]["securityProfile"] = {"uefiSettings": {"signatureTemplateNames": ["NoSignatureTemplate"]}}
    assert "UEFI" in told(arm().put(f"{definition}/versions/2.0.0", json=asked), 400)["message"]


def test_empty_lists_ask_for_nothing(arm: Arm, definition: str) -> None:
    asked = body(arm, {"targetExtendedLocations": []}, {"additionalReplicaSets": []})
    asked["properties"]["securityProfile"] = {}
    done(arm().put(f"{definition}/versions/3.0.0", json=asked), 201)

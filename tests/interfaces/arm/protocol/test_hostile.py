"""Whatever is sent, the answer is never a 500."""

import copy
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.interfaces.arm.served import (
    GALLERY,
    GROUP,
    LABS,
    PLAN,
    SUB,
    Arm,
    definition_body,
    lab_body,
    version_body,
)
from tests.interfaces.arm.storage import COMPUTE, copy_body, disk_body

OLD = PLAN.replace("/labPlans/", "/labaccounts/")
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", f"{COMPUTE}/disks/hostile"): disk_body("Upload", uploadSizeBytes=1 << 20, osType="Linux", diskSizeGB=1),
    ("PUT", f"{COMPUTE}/snapshots/hostile"): copy_body(f"{COMPUTE}/disks/hostile", incremental=True),
    ("PUT", f"{COMPUTE}/disks/imported"): disk_body("Import", sourceUri="https://files.example/os.vhd"),
    ("POST", f"{COMPUTE}/disks/hostile/beginGetAccess"): {"access": "Write", "durationInSeconds": 60},
    ("PUT", f"{COMPUTE}/images/hostile"): {
        "location": "brazilsouth",
        "properties": {
            "storageProfile": {
                "osDisk": {"osType": "Linux", "osState": "Generalized", "blobUri": "https://files.example/os.vhd"},
                "dataDisks": [{"lun": 0, "managedDisk": {"id": f"{COMPUTE}/disks/hostile"}}],
            }
        },
    },
    ("PUT", f"{GALLERY}/images/ready/versions/4.0.0"): {
        "location": "brazilsouth",
        "properties": {
            "storageProfile": {
                "source": {"id": f"{GALLERY}/images/ready/versions/1.0.0"},
                "osDiskImage": {"source": {"id": f"{COMPUTE}/disks/hostile", "uri": "https://files.example/os.vhd"}},
                "dataDiskImages": [{"lun": 0, "source": {"id": f"{COMPUTE}/disks/hostile"}}],
            }
        },
    },
    ("PUT", f"{SUB}/resourceGroups/hostile"): {"location": "brazilsouth", "tags": {"a": "b"}},
    ("PUT", f"{GROUP}/providers/Microsoft.Compute/galleries/hostile"): {
        "location": "brazilsouth",
        "properties": {"description": "d"},
    },
    ("PATCH", GALLERY): {"properties": {"description": "d"}, "tags": {}},
    ("PUT", f"{GALLERY}/images/hostile"): definition_body("hostile", galeria={"displayName": "x"}),
    ("PATCH", f"{GALLERY}/images/ready"): {"properties": {"description": "d", "galeria": {"displayName": "x"}}},
    ("PUT", f"{GALLERY}/images/ready/versions/3.0.0"): version_body("0" * 32),
    ("PATCH", f"{GALLERY}/images/ready/versions/1.0.0"): {
        "properties": {"publishingProfile": {"targetRegions": [{"name": "brazilsouth"}], "endOfLifeDate": "2030-01-01"}}
    },
    ("PUT", f"{GROUP}/providers/Microsoft.LabServices/labPlans/hostile"): {
        "location": "brazilsouth",
        "properties": {
            "sharedGalleryId": GALLERY,
            "allowedRegions": ["brazilsouth"],
            "galeria": {"osDiskLimitInGB": 5},
        },
    },
    ("PATCH", PLAN): {"properties": {"sharedGalleryId": GALLERY, "galeria": {"imagesEnabledByDefault": True}}},
    ("PUT", f"{PLAN}/images/ready"): {"properties": {"enabledState": "Enabled"}},
    ("PUT", f"{LABS}/hostile"): lab_body(f"{GALLERY}/images/ready"),
    ("PATCH", f"{LABS}/hostile"): {
        "tags": ["a:b"],
        "properties": {
            "title": "t",
            "description": "d",
            "virtualMachineProfile": {"usageQuota": "PT1H", "sku": {"capacity": 1}},
            "autoShutdownProfile": {"idleDelay": "PT15M"},
            "rosterProfile": {"activeDirectoryGroupId": "8a1e2b1c-5d0f-4f9e-9a53-0c8f3a4e5b6d"},
        },
    },
    ("PUT", f"{LABS}/hostile/users/u"): {"properties": {"email": "ana@example.org", "additionalUsageQuota": "PT1H"}},
    ("POST", f"{LABS}/hostile/users/u/invite"): {"text": "t"},
    ("PUT", f"{LABS}/hostile/schedules/s"): {
        "properties": {
            "startAt": "2030-01-07T08:00:00Z",
            "stopAt": "2030-01-07T10:00:00Z",
            "timeZoneId": "UTC",
            "recurrencePattern": {"frequency": "Weekly", "weekDays": ["Monday"], "expirationDate": "2030-02-01"},
        }
    },
    ("PATCH", f"{LABS}/hostile/schedules/s"): {"properties": {"notes": "n", "recurrencePattern": None}},
    ("PUT", f"{OLD}/labs/hostile2"): {"properties": {"maxUsersInLab": 2, "usageQuota": "PT1H"}, "tags": {}},
    ("POST", f"{OLD}/createLab"): {
        "name": "hostile3",
        "labCreationParameters": {"maxUsersInLab": 2},
        "environmentSettingCreationParameters": {
            "resourceSettingCreationParameters": {
                "galleryImageResourceId": f"{OLD}/galleryimages/ready",
                "size": "Basic",
                "referenceVmCreationParameters": {"userName": "a", "password": "b"},
            }
        },
    },
    ("PUT", f"{OLD}/labs/hostile/environmentsettings/default"): {"properties": {"title": "t", "resourceSettings": {}}},
    ("POST", "/providers/Microsoft.LabServices/users/me/getEnvironment"): {
        "environmentId": f"{OLD}/labs/hostile/environmentsettings/default/environments/e"
    },
    ("POST", f"{PLAN}/estimateImage"): {"name": "x", "labVirtualMachineId": f"{LABS}/hostile/virtualMachines/template"},
    ("POST", f"{LABS}/hostile/virtualMachines/template/resetPassword"): {"username": "a", "password": "b"},
    ("POST", f"{SUB}/providers/Microsoft.Galeria/people"): {"name": "x", "displayName": "y", "password": "z"},
    ("PUT", f"{SUB}/providers/Microsoft.Authorization/roleAssignments/x"): {
        "properties": {"roleDefinitionId": "Reader", "principalId": "nobody"}
    },
}

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["", "\x00", "\ud800", "/", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "a" * 5000])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path, *(place for key, inner in value.items() for place in places(inner, (*path, key)))]
    if isinstance(value, list):
        return [path, *(place for key, inner in enumerate(value) for place in places(inner, (*path, key)))]
    return [path]


def put_at(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(body)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A sound request with one value in it replaced by anything."""
    method, path = draw(st.sampled_from(sorted(BODIES)))
    body = BODIES[(method, path)]
    return method, path, put_at(body, draw(st.sampled_from(places(body))), draw(VALUES))


@pytest.fixture(scope="module")
def ready(service: Arm, image: str) -> Arm:
    return service


@given(request=requests())
@settings(max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_body_makes_a_fault(ready: Arm, request: tuple[str, str, Any]) -> None:
    method, path, body = request
    headers = {"Content-Type": "application/json"}
    answer = ready().request(method, path, content=json.dumps(body).encode(), headers=headers)
    assert answer.status_code < 500, (method, path, body, answer.text)


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300), method=st.sampled_from("GPD"))
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_name_makes_a_fault(ready: Arm, name: str, method: str) -> None:
    path = f"{GROUP}/providers/Microsoft.Compute/galleries/{quote(name, safe='')}"
    verb = {"G": "GET", "P": "PUT", "D": "DELETE"}[method]
    answer = ready().request(verb, path, json={"location": "brazilsouth"} if verb == "PUT" else None)
    assert answer.status_code < 500, (verb, name, answer.text)


@pytest.mark.parametrize(
    "query", ["$top=x", "$skipToken=%00", "$filter=%27", "$expand=%F0%9F", "monitor=perhaps", "region=%00"]
)
def test_no_query_makes_a_fault(ready: Arm, query: str) -> None:
    for path in (f"{GALLERY}/images", f"{PLAN}/images", f"{SUB}/providers/Microsoft.Galeria/operations"):
        answer = ready().get(f"{path}?api-version=2024-01-01&{query}")
        assert answer.status_code < 500, answer.text

"""Bodies of requests that several tests send, and the waiting for what they begin."""

import time
from typing import Any

import httpx

WORK_SECONDS = 60.0


def definition_properties(sku: str, state: str = "Generalized", generation: str = "V1") -> dict[str, Any]:
    return {
        "osType": "Linux",
        "osState": state,
        "hyperVGeneration": generation,
        "identifier": {"publisher": "campus", "offer": "tests", "sku": sku},
    }


def from_upload(upload: str, home: str, *regions: str) -> dict[str, Any]:
    """A version made of a file that was sent to /uploads."""
    return {
        "location": home,
        "properties": {
            "storageProfile": {"osDiskImage": {"source": {"uploadId": upload}}},
            "publishingProfile": {"targetRegions": [{"name": name} for name in (home, *regions)]},
        },
    }


def from_version(source: str, home: str, *regions: str, **profile: Any) -> dict[str, Any]:
    """A version that is a copy of another one. `profile` is more of the publishing profile."""
    return {
        "location": home,
        "properties": {
            "storageProfile": {"source": {"id": source}},
            "publishingProfile": {"targetRegions": [{"name": name} for name in (home, *regions)], **profile},
        },
    }


def lab_body(home: str, plan: str, image: str) -> dict[str, Any]:
    """The smallest lab of an image, with a template."""
    machine = {
        "createOption": "TemplateVM",
        "imageReference": {"id": image},
        "sku": {"name": "Tiny", "capacity": 0},
        "usageQuota": "PT0S",
        "adminUser": {"username": "teacher", "password": "Course-Work-2026"},
    }
    profiles = {"autoShutdownProfile": {}, "connectionProfile": {}, "securityProfile": {"openAccess": "Disabled"}}
    return {"location": home, "properties": {"labPlanId": plan, "virtualMachineProfile": machine, **profiles}}


def class_body(home: str, plan: str, image: str, *, capacity: int) -> dict[str, Any]:
    """A lab for students who have one password, an account without rights, and ten hours each."""
    body = lab_body(home, plan, image)
    machine: dict[str, Any] = body["properties"]["virtualMachineProfile"]
    machine |= {"useSharedPassword": "Enabled", "usageQuota": "PT10H", "sku": {"name": "Tiny", "capacity": capacity}}
    machine["nonAdminUser"] = {"username": "student", "password": "Learning-Is-Fun-1"}
    return body


def finish(rest: httpx.Client, begun: httpx.Response) -> dict[str, Any]:
    """Follow an operation to its end, which must be a good one; returns what it then says."""
    place = begun.headers["azure-asyncoperation"]
    deadline = time.monotonic() + WORK_SECONDS
    while True:
        found: dict[str, Any] = rest.get(place).raise_for_status().json()
        if found["status"] not in ("NotStarted", "InProgress"):
            assert found["status"] == "Succeeded", found
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)

"""Resources in the shapes of the REST interface, always the same."""

from typing import Any

from galeria.domain.images.findings import Look
from galeria.interfaces.arm.compute.found_views import found_view
from tests.found_samples import FOUND
from tests.interfaces.client.rest_double import SUBSCRIPTION, RestDouble

SUB = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/galeria"
GALLERY = f"{GROUP}/providers/Microsoft.Compute/galleries/campus"
IMAGE = f"{GALLERY}/images/algebra"
VERSION = f"{IMAGE}/versions/1.0.1"
ACCOUNT = f"{GROUP}/providers/Microsoft.LabServices/labPlans/labs"
LAB = f"{GROUP}/providers/Microsoft.LabServices/labs/turma-a"
MACHINE = f"{LAB}/virtualMachines/template"
OPERATIONS = f"{SUB}/providers/Microsoft.Galeria/operations"
OPERATION = "0a0a0a0a-1111-2222-3333-444444444444"
MIB = 1 << 20
GIB = 1 << 30


def replica(region: str, state: str, progress: int, sent: int) -> dict[str, Any]:
    return {
        "region": region,
        "state": state,
        "progress": progress,
        "bytesDone": progress,
        "bytesTotal": 100,
        "sentBytes": sent,
        "failure": "",
        "verifiedAt": None,
    }


VERSION_BODY = {
    "id": VERSION,
    "name": "1.0.1",
    "location": "brazilsouth",
    "tags": {},
    "properties": {
        "provisioningState": "Succeeded",
        "publishingProfile": {
            "publishedDate": "2026-11-23T09:30:00.000Z",
            "targetRegions": [{"name": "brazilsouth"}, {"name": "brazilsoutheast"}],
        },
        "galeria": {
            "logicalBytes": 8 * GIB,
            "dataBytes": 2 * GIB,
            "readBytes": 40 * MIB,
            "storedBytes": 11 * MIB,
            "failure": "",
            "found": found_view(Look(findings=FOUND)),
            "replicas": [
                replica("brazilsouth", "Completed", 100, 0),
                replica("brazilsoutheast", "Replicating", 42, 5 * MIB),
            ],
        },
    },
}


def offered(name: str, display_name: str, *obstacles: dict[str, str]) -> dict[str, Any]:
    return {
        "id": f"{ACCOUNT}/images/{name}",
        "name": name,
        "properties": {
            "enabledState": "Enabled",
            "displayName": display_name,
            "osType": "Linux",
            "osState": "Specialized",
            "sharedGalleryId": f"{GALLERY}/images/{name}",
            "availableRegions": ["brazilsouth", "brazilsoutheast"],
            "galeria": {"usable": not obstacles, "version": "1.0.1", "obstacles": list(obstacles)},
        },
    }


TOO_LARGE = {
    "code": "OsDiskTooLarge",
    "reason": "The OS disk has 200 GB; labs here take less than 128 GB.",
    "cure": "Shrink the disk and import it again.",
}
DEFINITION_BODY = {
    "id": IMAGE,
    "name": "algebra",
    "location": "brazilsouth",
    "properties": {"osType": "Linux", "osState": "Specialized", "hyperVGeneration": "V2"},
}
GALLERY_BODY = {
    "id": GALLERY,
    "name": "campus",
    "location": "brazilsouth",
    "properties": {"description": "For all campuses", "provisioningState": "Succeeded"},
}
ACCOUNT_BODY = {
    "id": ACCOUNT,
    "name": "labs",
    "location": "brazilsouth",
    "properties": {
        "sharedGalleryId": GALLERY,
        "allowedRegions": ["brazilsouth", "westeurope"],
        "galeria": {
            "osDiskLimitInGB": 128,
            "imagesEnabledByDefault": True,
            "network": {"internet": "Names", "names": ["pypi.org", "*.debian.org"], "commonInLab": True},
        },
    },
}
LAB_BODY = {
    "id": LAB,
    "name": "turma-a",
    "location": "brazilsouth",
    "properties": {
        "title": "Álgebra, turma A",
        "labPlanId": ACCOUNT,
        "provisioningState": "Succeeded",
        "state": "Draft",
        "virtualMachineProfile": {
            "imageReference": {"id": IMAGE, "exactVersion": "1.0.1"},
            "sku": {"name": "Tiny", "capacity": 0},
        },
        "galeria": {"failure": ""},
    },
}
MACHINE_BODY = {
    "id": MACHINE,
    "name": "template",
    "properties": {
        "state": "Running",
        "connectionProfile": {
            "sshAuthority": "labs.example.org:61023",
            "rdpAuthority": "labs.example.org:61024",
            "adminUsername": "ana",
        },
        "galeria": {"failure": "", "agentAnswers": True},
    },
}
ESTIMATE = {
    "image": "algebra",
    "version": "1.0.2",
    "isNewImage": False,
    "readBytes": 40 * MIB,
    "regions": [
        {
            "region": "brazilsouth",
            "sendBytes": 0,
            "storeBytes": 51 * MIB,
            "pricePerMonth": "0.002490",
            "priceOnce": "0.000000",
        },
        {
            "region": "brazilsoutheast",
            "sendBytes": 40 * MIB,
            "storeBytes": 51 * MIB,
            "pricePerMonth": "0.002490",
            "priceOnce": "0.000781",
        },
    ],
    "pricePerMonth": "0.004980",
    "priceOnce": "0.000781",
    "currency": "USD",
    "pricesAreExamples": True,
}
COSTS = {
    "currency": "USD",
    "pricesAreExamples": True,
    "value": [
        {
            "image": "algebra",
            "displayName": "Álgebra",
            "version": "1.0.1",
            "versionId": VERSION,
            "logicalBytes": 8 * GIB,
            "pricePerMonth": "0.024900",
            "regions": [
                {
                    "region": "brazilsouth",
                    "storedBytes": 11 * MIB,
                    "wholeBytes": 510 * MIB,
                    "pricePerMonth": "0.024900",
                }
            ],
            "labs": [{"id": LAB, "name": "turma-a", "title": "Álgebra, turma A", "createdBy": "ana"}],
        }
    ],
    "totalPerMonth": "0.024900",
}
OPERATION_BODY = {
    "id": f"{OPERATIONS}/{OPERATION}",
    "name": OPERATION,
    "status": "Failed",
    "startTime": "2026-11-23T09:29:00.000Z",
    "percentComplete": 42,
    "error": {"code": "OutOfSpace", "message": "The store's disk is full. Free disk space, then retry."},
    "properties": {
        "kind": "export_template",
        "resourceId": VERSION,
        "attempt": 1,
        "output": {},
        "steps": [
            {
                "name": "capture",
                "region": "brazilsouth",
                "status": "Succeeded",
                "runs": 1,
                "bytesDone": 40 * MIB,
                "bytesTotal": 40 * MIB,
            },
            {
                "name": "replicate",
                "region": "brazilsoutheast",
                "status": "Failed",
                "runs": 2,
                "bytesDone": 5 * MIB,
                "bytesTotal": 11 * MIB,
            },
        ],
    },
}
PERSON = {"id": "p-1", "name": "ana", "displayName": "Ana Lima", "kind": "User", "enabled": True}
ASSIGNMENT = {
    "id": f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/1",
    "properties": {
        "scope": ACCOUNT.lower(),
        "roleDefinitionId": "/providers/x/roleDefinitions/b97fb8bc-a8b2-4522-a38b-dd33c7e65ead",
        "principalId": "p-1",
        "galeria": {"roleName": "Lab Creator", "principalName": "ana"},
    },
}
IMPACT = {
    "version": VERSION,
    "labs": [{"id": LAB, "name": "turma-a", "title": "Álgebra, turma A", "createdBy": "ana"}],
    "regions": [{"region": "brazilsouth", "freedNowBytes": 0, "freedLaterBytes": 11 * MIB}],
}


SCHEDULE = f"{LAB}/schedules/monday"
SCHEDULE_BODY = {
    "id": SCHEDULE,
    "name": "monday",
    "properties": {
        "startAt": "2026-11-23T09:00:00Z",
        "stopAt": "2026-11-23T11:00:00Z",
        "recurrencePattern": {
            "frequency": "Weekly",
            "interval": 1,
            "weekDays": ["Monday", "Wednesday"],
            "expirationDate": "2026-12-31T00:00:00Z",
        },
        "timeZoneId": "America/Sao_Paulo",
        "notes": "",
        "provisioningState": "Succeeded",
        "galeria": {"changes": [{"localStart": "2026-11-30T09:00:00Z"}]},
    },
}


def fill(double: RestDouble) -> None:
    """Everything that the commands under test ask for."""
    lists = {
        f"{SUB}/resourceGroups": [{"name": "galeria", "location": "brazilsouth"}],
        f"{SUB}/providers/Microsoft.Compute/galleries": [GALLERY_BODY],
        f"{SUB}/providers/Microsoft.LabServices/labPlans": [ACCOUNT_BODY],
        f"{SUB}/providers/Microsoft.LabServices/labs": [LAB_BODY],
        f"{ACCOUNT}/images": [offered("algebra", "Álgebra"), offered("video", "Video\x1b[31m 4K", TOO_LARGE)],
        f"{GALLERY}/images": [DEFINITION_BODY],
        f"{IMAGE}/versions": [VERSION_BODY],
        f"{LAB}/virtualMachines": [MACHINE_BODY],
        f"{LAB}/schedules": [SCHEDULE_BODY],
        OPERATIONS: [OPERATION_BODY],
        f"{SUB}/providers/Microsoft.Galeria/people": [PERSON],
        f"{SUB}/providers/Microsoft.Authorization/roleAssignments": [ASSIGNMENT],
    }
    single = {
        GALLERY: GALLERY_BODY,
        ACCOUNT: ACCOUNT_BODY,
        LAB: LAB_BODY,
        MACHINE: MACHINE_BODY,
        SCHEDULE: SCHEDULE_BODY,
        VERSION: VERSION_BODY,
        f"{VERSION}/impact": IMPACT,
        f"{GALLERY}/costs": COSTS,
        f"{OPERATIONS}/{OPERATION}": OPERATION_BODY,
    }
    for path, items in lists.items():
        double.put("GET", path, {"value": items})
    for path, body in single.items():
        double.put("GET", path, body)
    double.put("POST", f"{ACCOUNT}/estimateImage", ESTIMATE)

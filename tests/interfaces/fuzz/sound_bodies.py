"""Bodies that are accepted and hold most of what they may hold, so that a single wrong value in one meets all later checks."""

from typing import Any

from tests.interfaces.arm.request_bodies import BODIES
from tests.interfaces.arm.served import GALLERY, LABS, PLAN, definition_body, lab_body
from tests.interfaces.arm.storage import COMPUTE, copy_body, disk_body

READY = f"{GALLERY}/images/ready"
MACHINE = f"{LABS}/held/virtualMachines/template"
TAGS = {"course": "algebra"}
PUBLISHING = {
    "targetRegions": [{"name": "brazilsouth", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"}],
    "endOfLifeDate": "2030-01-01",
    "excludeFromLatest": False,
    "replicaCount": 1,
}
DEFINITION = {
    "description": "d",
    "eula": "e",
    "privacyStatementUri": "https://example.org/p",
    "releaseNoteUri": "https://example.org/r",
    "endOfLifeDate": "2030-01-01",
    "recommended": {"vCPUs": {"min": 1, "max": 2}, "memory": {"min": 1, "max": 2}},
    "disallowed": {"diskTypes": ["Premium_LRS"]},
    "purchasePlan": {"name": "n", "publisher": "p", "product": "o"},
    "galeria": {"displayName": "x"},
}
GALLERY_PROPERTIES = {
    "description": "d",
    "softDeletePolicy": {"isSoftDeleteEnabled": True, "retentionPeriodInDays": 7},
}
SHUTDOWN = {
    "shutdownOnDisconnect": "Enabled",
    "disconnectDelay": "PT15M",
    "shutdownOnIdle": "None",
    "idleDelay": "PT15M",
}
PLAN_PROPERTIES = {
    "sharedGalleryId": GALLERY,
    "allowedRegions": ["brazilsouth"],
    "galeria": {
        "osDiskLimitInGB": 5,
        "imagesEnabledByDefault": True,
        "network": {"internet": "Names", "names": ["pypi.org"], "commonInLab": True},
    },
    "supportInfo": {"url": "https://example.org", "email": "help@example.org", "phone": "1", "instructions": "i"},
    "defaultAutoShutdownProfile": SHUTDOWN,
}
LAB_CHANGES = {
    "title": "t",
    "description": "d",
    "virtualMachineProfile": {"usageQuota": "PT1H", "sku": {"capacity": 1}},
    "autoShutdownProfile": SHUTDOWN,
    "rosterProfile": {"activeDirectoryGroupId": "8a1e2b1c-5d0f-4f9e-9a53-0c8f3a4e5b6d"},
    "securityProfile": {"openAccess": "Disabled"},
}
SCHEDULE = {
    "startAt": "2030-01-07T08:00:00Z",
    "stopAt": "2030-01-07T10:00:00Z",
    "timeZoneId": "UTC",
    "recurrencePattern": {"frequency": "Weekly", "weekDays": ["Monday"], "expirationDate": "2030-02-01", "interval": 1},
    "notes": "n",
}
MANAGED_IMAGE = {
    "osDisk": {"osType": "Linux", "osState": "Generalized", "blobUri": "https://files.example/os.vhd"},
    "dataDisks": [{"lun": 0, "managedDisk": {"id": f"{COMPUTE}/disks/held"}}],
}
CLASSIC_LAB = {
    "name": "classic",
    "labCreationParameters": {"maxUsersInLab": 2},
    "environmentSettingCreationParameters": {
        "resourceSettingCreationParameters": {
            "galleryImageResourceId": f"{PLAN.replace('/labPlans/', '/labaccounts/')}/galleryimages/ready",
            "size": "Basic",
            "referenceVmCreationParameters": {"userName": "ana", "password": "correct-Horse-7"},
        }
    },
}

SOUND: dict[str, dict[str, Any]] = {
    **BODIES,
    "Disks_CreateOrUpdate": disk_body("Upload", uploadSizeBytes=1024, osType="Linux", diskSizeGB=1) | {"tags": TAGS},
    "Disks_Update": {"tags": TAGS, "properties": {"osType": "Linux", "diskSizeGB": 1}},
    "Snapshots_CreateOrUpdate": copy_body(f"{COMPUTE}/disks/held", incremental=True),
    "Snapshots_Update": {"tags": TAGS, "properties": {}},
    "ManagedImages_CreateOrUpdate": {"location": "brazilsouth", "properties": {"storageProfile": MANAGED_IMAGE}},
    "ManagedImages_Update": {"tags": TAGS},
    "ResourceGroups_CreateOrUpdate": {"location": "brazilsouth", "tags": TAGS},
    "ResourceGroups_Update": {"tags": TAGS},
    "Tags_CreateOrUpdateAtScope": {"properties": {"tags": TAGS}},
    "Tags_UpdateAtScope": {"operation": "Merge", "properties": {"tags": TAGS}},
    "ManagementLocks_CreateOrUpdateByScope": {"properties": {"level": "CanNotDelete", "notes": "n"}},
    "Galleries_CreateOrUpdate": {"location": "brazilsouth", "tags": TAGS, "properties": GALLERY_PROPERTIES},
    "Galleries_Update": {"tags": TAGS, "properties": GALLERY_PROPERTIES},
    "GallerySharingProfile_Update": {"operationType": "Add", "groups": [{"type": "Subscriptions", "ids": []}]},
    "GalleryImages_CreateOrUpdate": definition_body("ready", **DEFINITION),
    "GalleryImages_Update": {"tags": TAGS, "properties": DEFINITION},
    "GalleryImageVersions_CreateOrUpdate": {
        "location": "brazilsouth",
        "properties": {
            "publishingProfile": PUBLISHING,
            "storageProfile": {"source": {"id": f"{READY}/versions/1.0.0"}},
        },
    },
    "GalleryImageVersions_Update": {"tags": TAGS, "properties": {"publishingProfile": PUBLISHING}},
    "LabPlans_CreateOrUpdate": {"location": "brazilsouth", "tags": TAGS, "properties": PLAN_PROPERTIES},
    "LabPlans_Update": {"tags": TAGS, "properties": PLAN_PROPERTIES},
    "LabPlans_SaveImage": {"name": "x", "labVirtualMachineId": MACHINE, "version": "1.0.0", "regions": ["brazilsouth"]},
    "Labs_CreateOrUpdate": lab_body(READY, description="d", autoShutdownProfile=SHUTDOWN),
    "Labs_Update": {"properties": LAB_CHANGES},
    "LabAccounts_CreateOrUpdate": {
        "location": "brazilsouth",
        "tags": TAGS,
        "properties": {"enabledRegionSelection": True},
    },
    "LabAccounts_Update": {"tags": TAGS, "properties": {"enabledRegionSelection": True}},
    "LabAccounts_CreateLab": CLASSIC_LAB,
    "Labs2018_CreateOrUpdate": {"properties": {"maxUsersInLab": 2, "usageQuota": "PT1H"}, "tags": TAGS},
    "Labs2018_Update": {"properties": {"maxUsersInLab": 2, "usageQuota": "PT1H", "userAccessMode": "Restricted"}},
    "EnvironmentSettings_CreateOrUpdate": {"properties": {"title": "t", "description": "d", "resourceSettings": {}}},
    "EnvironmentSettings_Update": {"properties": {"title": "t", "description": "d"}},
    "Users_CreateOrUpdate": {"properties": {"email": "student@example.org", "additionalUsageQuota": "PT1H"}},
    "Users_Update": {"properties": {"additionalUsageQuota": "PT1H"}},
    "Users_Invite": {"text": "t"},
    "Schedules_CreateOrUpdate": {"properties": SCHEDULE},
    "Schedules_Update": {"properties": SCHEDULE},
    "People_Create": {"name": "somebody", "displayName": "Somebody", "password": "correct-Horse-7"},
    "PeopleSecrets_Create": {"displayName": "d", "endDateTime": "2030-01-01T00:00:00Z"},
    "VirtualMachines_ResetPassword": {"username": "ana", "password": "correct-Horse-7"},
}

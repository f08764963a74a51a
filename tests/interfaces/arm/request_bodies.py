"""Bodies to ask with, where a route takes one: sound enough to get past the check of the wire types."""

from typing import Any

from tests.interfaces.arm import lab_bodies
from tests.interfaces.arm.served import LABS, PLAN, definition_body, lab_body

EXPORT = {"name": "x", "labVirtualMachineId": f"{LABS}/held/virtualMachines/template"}
UPLOAD = {"createOption": "Upload", "uploadSizeBytes": 1024}
DISK = {"location": "brazilsouth", "properties": {"creationData": UPLOAD}}
SNAPSHOT = {"location": "brazilsouth", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
BODIES: dict[str, dict[str, Any]] = {
    **lab_bodies.BODIES,
    "Disks_CreateOrUpdate": DISK,
    "Disks_Update": {},
    "Disks_GrantAccess": {"access": "Write", "durationInSeconds": 60},
    "Snapshots_CreateOrUpdate": SNAPSHOT,
    "Snapshots_Update": {},
    "Snapshots_GrantAccess": {"access": "Read", "durationInSeconds": 60},
    "Snapshots_UpdateImmutabilityPolicy": {"immutabilityDurationDays": 0, "type": "Unlocked"},
    "Snapshots_UpdateImmutabilityPolicyLock": {"immutabilityDurationDays": 0, "type": "Locked"},
    "ManagedImages_CreateOrUpdate": {"location": "brazilsouth"},
    "ManagedImages_Update": {},
    "ResourceGroups_CreateOrUpdate": {"location": "brazilsouth"},
    "ResourceGroups_Update": {},
    "Tags_CreateOrUpdateAtScope": {"properties": {"tags": {}}},
    "Tags_UpdateAtScope": {"operation": "Merge", "properties": {"tags": {}}},
    "ManagementLocks_CreateOrUpdateByScope": {"properties": {"level": "CanNotDelete"}},
    "Galleries_CreateOrUpdate": {"location": "brazilsouth"},
    "Galleries_Update": {},
    "GallerySharingProfile_Update": {"operationType": "Reset"},
    "ResourceGraph_Resources": {
        "query": "communitygalleryresources| where type == 'microsoft.compute/locations/communitygalleries' "
    },
    "GalleryImages_CreateOrUpdate": definition_body("ready"),
    "GalleryImages_Update": {},
    "GalleryImageVersions_CreateOrUpdate": {"location": "brazilsouth"},
    "GalleryImageVersions_Update": {},
    "LabPlans_CreateOrUpdate": {"location": "brazilsouth"},
    "LabPlans_Update": {},
    "LabPlans_SaveImage": EXPORT,
    "LabPlans_EstimateImage": EXPORT,
    "Images_CreateOrUpdate": {"properties": {"enabledState": "Enabled"}},
    "Images_Update": {"properties": {"enabledState": "Enabled"}},
    "Labs_CreateOrUpdate": lab_body(f"{PLAN}/images/ready"),
    "Labs_Update": {},
    "VirtualMachines_ResetPassword": {"username": "ana", "password": "correct-Horse-7"},
    "Labs_RestoreWork": {"id": "no-such-work"},
    "Labs_UpdateMachines": {"when": "AtStop"},
    "VirtualMachines_Update": {"when": "Now"},
    "VirtualMachines_BringBack": {"id": "no-such-machine"},
    "People_SetPassword": {"new": "correct-Horse-7"},
    "RoleAssignments_Create": {"properties": {"roleDefinitionId": "Reader", "principalId": "victim"}},
}

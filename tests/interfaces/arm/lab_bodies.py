"""Bodies to ask with, of users, schedules and machines of labs, and of everything of the older API."""

from typing import Any

from tests.interfaces.arm.served import GALLERY, LABS

SCHEDULE = {"stopAt": "2030-01-07T10:00:00Z", "timeZoneId": "America/Sao_Paulo"}
ENVIRONMENT = {"environmentId": f"{LABS}/held/virtualMachines/template"}
BODIES: dict[str, dict[str, Any]] = {
    "Users_CreateOrUpdate": {"properties": {"email": "student@example.org"}},
    "Users_Update": {},
    "Schedules_CreateOrUpdate": {"properties": SCHEDULE},
    "Schedules_Update": {},
    "LabAccounts_CreateOrUpdate": {"location": "brazilsouth"},
    "LabAccounts_Update": {},
    "LabAccounts_CreateLab": {"name": "held", "labCreationParameters": {}},
    "GalleryImages2018_CreateOrUpdate": {"properties": {"isEnabled": True}},
    "GalleryImages2018_Update": {"properties": {"isEnabled": True}},
    "SharedImages_Update": {"properties": {"EnableState": "Enabled"}},
    "SharedGalleries_Attach": {"properties": {"galleryId": GALLERY}},
    "Labs2018_CreateOrUpdate": {},
    "Labs2018_Update": {},
    "Labs2018_AddUsers": {"emailAddresses": ["student@example.org"]},
    "EnvironmentSettings_CreateOrUpdate": {},
    "EnvironmentSettings_Update": {},
    "EnvironmentSettings_SaveImage": {"name": "x"},
    "EnvironmentSettings_ResetPassword": {"password": "correct-Horse-7"},
    "Environments_CreateOrUpdate": {},
    "Environments_Update": {},
    "Environments_ResetPassword": {"password": "correct-Horse-7"},
    "Users2018_CreateOrUpdate": {"properties": {"email": "student@example.org"}},
    "Users2018_Update": {},
    "GlobalUsers_GetEnvironment": ENVIRONMENT,
    "GlobalUsers_StartEnvironment": ENVIRONMENT,
    "GlobalUsers_StopEnvironment": ENVIRONMENT,
    "GlobalUsers_ResetPassword": ENVIRONMENT | {"password": "correct-Horse-7"},
    "GlobalUsers_GetPersonalPreferences": {},
    "GlobalUsers_Register": {"registrationCode": "no-such-code"},
}

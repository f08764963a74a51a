"""The table of access of the REST API: for each route the rights that it takes, in the order in which they are asked."""

from tests.access.rows import ANY_ROLE, LOCKED, ROSTER, SIGNED_IN, Row, row

_IN_LOCKED = LOCKED.removeprefix("/subscriptions/")
_ON_LAB = "11111111-2222-3333-4444-555555555555/resourceGroups/campus/providers/Microsoft.LabServices/labs/held"


def _rows(says: str, *routes: str) -> tuple[Row, ...]:
    return tuple(row(route, says) for route in routes)


PLATFORM = (
    *_rows(SIGNED_IN, "Tenants_List", "Subscriptions_List", "ResourceGroups_List", "Operations_ListProvider"),
    *_rows(ANY_ROLE, "Subscriptions_Get", "Subscriptions_ListLocations", "Skus_List", "Providers_List"),
    *_rows(ANY_ROLE, "Providers_Get", "Providers_Register", "Resources_List", "Usages_ListByLocation"),
    *_rows(ANY_ROLE, "RoleDefinitions_List", "RoleDefinitions_Get", "ComputeMachines_ListAll"),
    row("ComputeMachines_Get", ANY_ROLE, 404),
    *_rows("G/read @group", "ResourceGroups_Get", "ResourceGroups_CheckExistence", "Tags_GetAtScope"),
    *_rows("G/read @group", "Resources_ListByResourceGroup"),
    *_rows("G/write @group", "ResourceGroups_CreateOrUpdate", "ResourceGroups_Update"),
    row("ResourceGroups_Delete", "G/delete @group", 409),
    *_rows("R/tags/write @group", "Tags_CreateOrUpdateAtScope", "Tags_UpdateAtScope", "Tags_DeleteAtScope"),
    row("ManagementLocks_ListByScope", "A/locks/read @sub"),
    row("ManagementLocks_ListByScope", "A/locks/read @lab", scope=_ON_LAB),
    row("ManagementLocks_GetByScope", "A/locks/read @locked", scope=_IN_LOCKED),
    row("ManagementLocks_CreateOrUpdateByScope", "A/locks/write @sub"),
    row("ManagementLocks_CreateOrUpdateByScope", "A/locks/write @lab", scope=_ON_LAB),
    row("ManagementLocks_DeleteByScope", "A/locks/delete @locked", scope=_IN_LOCKED),
    row("RoleAssignments_ListForScope", "A/roleAssignments/read @sub"),
    row("RoleAssignments_ListForScope", "A/roleAssignments/read @lab", scope=_ON_LAB),
    row("RoleAssignments_Create", "A/roleAssignments/write @sub"),
    row("RoleAssignments_Create", "A/roleAssignments/write @lab", scope=_ON_LAB),
    row("RoleAssignments_Get", "A/roleAssignments/read @sub"),
    row("RoleAssignments_Delete", "A/roleAssignments/delete @sub"),
    row("RoleAssignments_Delete", "A/roleAssignments/delete @lab", scope=_ON_LAB),
    row("ActivityLogs_List", "I/eventtypes/values/read @sub"),
    row("People_List", "A/roleAssignments/read @sub"),
    *_rows("A/roleAssignments/write @sub", "People_Create", "People_SetPassword", "People_Disable", "People_Enable"),
    row("People_CreateIdentity", "A/roleAssignments/write @sub", 400),
    row("People_Revoke", "A/roleAssignments/write @sub"),
    *(row(f"PeopleSecrets_{verb}", "A/roleAssignments/write @sub", 400) for verb in ("List", "Create", "Delete")),
    row("Operations_List", SIGNED_IN),
    *_rows("C/galleries/images/versions/read @draft", "CapsOperations_Get", "Operations_Get"),
    *_rows("C/galleries/images/versions/write @draft", "CapsOperations_Cancel", "Operations_Cancel"),
    row("Operations_Retry", "C/galleries/images/versions/write @draft", 409),
    *_rows("L/labs/read @lab", "OperationResults_Get", "LabOperations2018_Get"),
    row("OperationResults_Cancel", "L/labs/write @lab"),
)

_STORED = tuple(
    each
    for kind, one in (("Disks", "disk"), ("Snapshots", "snapshot"))
    for type in (f"C/{one}s",)
    for each in (
        row(f"{kind}_List", SIGNED_IN),
        row(f"{kind}_ListByResourceGroup", f"list {type}/read @group"),
        row(f"{kind}_Get", f"{type}/read @{one}"),
        row(f"{kind}_CreateOrUpdate", f"{type}/write @{one}", 409),
        row(f"{kind}_Update", f"{type}/write @{one}", 409),
        row(f"{kind}_Delete", f"{type}/delete @{one}", 409),
        row(f"{kind}_GrantAccess", f"{type}/beginGetAccess/action @{one}", 409),
        row(f"{kind}_RevokeAccess", f"{type}/endGetAccess/action @{one}", 409),
    )
)

COMPUTE = (
    row("Galleries_List", SIGNED_IN),
    row("Galleries_ListByResourceGroup", "list C/galleries/read @group"),
    *_rows("C/galleries/read @gallery", "Galleries_Get", "Galleries_Costs"),
    *_rows("C/galleries/write @gallery", "Galleries_CreateOrUpdate", "Galleries_Update"),
    row("Galleries_Delete", "C/galleries/delete @gallery", 409),
    row("GallerySharingProfile_Update", "C/galleries/share/action @gallery", 409),
    *_rows("C/galleries/images/read @definition", "GalleryImages_Get"),
    row("GalleryImages_ListByGallery", "C/galleries/read @gallery"),
    *_rows("C/galleries/images/write @definition", "GalleryImages_CreateOrUpdate", "GalleryImages_Update"),
    row("GalleryImages_Delete", "C/galleries/images/delete @definition", 409),
    *_rows(
        "C/galleries/images/versions/read @definition",
        "GalleryImageVersions_ListByGalleryImage",
        "SoftDeletedResource_ListByArtifactName",
    ),
    *_rows("C/galleries/images/versions/read @version", "GalleryImageVersions_Get", "GalleryImageVersions_Impact"),
    row("GalleryImageVersions_CreateOrUpdate", "C/galleries/images/versions/write @version", 409, 400),
    row("GalleryImageVersions_Update", "C/galleries/images/versions/write @version", 409),
    row("GalleryImageVersions_Delete", "C/galleries/images/versions/delete @version", 409),
    *_rows("C/locations/sharedGalleries/read @sub", "SharedGalleries_List", "SharedGalleries_Get"),
    *_rows("C/locations/sharedGalleries/read @sub", "SharedGalleryImages_List", "SharedGalleryImages_Get"),
    *_rows("C/locations/sharedGalleries/read @sub", "SharedGalleryImageVersions_List"),
    *_rows("C/locations/sharedGalleries/read @sub", "SharedGalleryImageVersions_Get"),
    *_rows("C/locations/communityGalleries/read @sub", "CommunityGalleries_Get", "CommunityGalleryImages_List"),
    *_rows("C/locations/communityGalleries/read @sub", "CommunityGalleryImages_Get"),
    *_rows("C/locations/communityGalleries/read @sub", "CommunityGalleryImageVersions_List"),
    *_rows("C/locations/communityGalleries/read @sub", "CommunityGalleryImageVersions_Get"),
    row("ResourceGraph_Resources", "C/locations/communityGalleries/read @sub"),
    *_STORED,
    row("Snapshots_UpdateImmutabilityPolicy", "C/snapshots/updateImmutabilityPolicy/action @snapshot", 400, 409),
    row(
        "Snapshots_UpdateImmutabilityPolicyLock", "C/snapshots/updateImmutabilityPolicyLock/action @snapshot", 400, 409
    ),
    row("ManagedImages_List", SIGNED_IN),
    row("ManagedImages_ListByResourceGroup", "list C/images/read @group"),
    row("ManagedImages_Get", "C/images/read @image"),
    row("ManagedImages_CreateOrUpdate", "C/images/write @image", 400, 409),
    row("ManagedImages_Update", "C/images/write @image"),
    row("ManagedImages_Delete", "C/images/delete @image", 409),
)

LABS = (
    row("LabPlans_ListBySubscription", SIGNED_IN),
    row("LabPlans_ListByResourceGroup", "list L/labPlans/read @group"),
    row("LabPlans_Get", "L/labPlans/read @plan"),
    *_rows("L/labPlans/write @plan", "LabPlans_CreateOrUpdate", "LabPlans_Update"),
    row("LabPlans_Delete", "L/labPlans/delete @plan", 409),
    *_rows(
        "L/labPlans/saveImage/action @plan, L/labs/virtualMachines/resetPassword/action @lab",
        "LabPlans_SaveImage",
        "LabPlans_EstimateImage",
        "EnvironmentSettings_SaveImage",
    ),
    *_rows("L/labPlans/images/read @plan", "Images_ListByLabPlan", "Images_Get"),
    *_rows("L/labPlans/images/write @plan", "Images_CreateOrUpdate", "Images_Update"),
    row("Labs_ListBySubscription", SIGNED_IN),
    row("Labs_ListByResourceGroup", "list L/labs/read @group"),
    row("Labs_CreateOrUpdate", "L/labPlans/createLab/action @plan", lab="one-more"),
    row("Labs_CreateOrUpdate", "L/labs/write @lab", 400, 409, lab="held"),
    row("Labs_Get", "L/labs/read @lab"),
    row("Labs_Update", "L/labs/write @lab"),
    row("Labs_Delete", "L/labs/delete @lab"),
    row("Labs_Publish", "L/labs/publish/action @lab", 409),
    row("Labs_SyncGroup", "L/labs/syncGroup/action @lab", 409),
    *_rows("L/labs/read @lab", "VirtualMachines_ListByLab", "VirtualMachines_Get"),
    *(
        row(f"VirtualMachines_{verb[0].upper()}{verb[1:]}", f"L/labs/virtualMachines/{verb}/action @lab", 409)
        for verb in ("start", "stop", "reimage", "redeploy", "resetPassword")
    ),
    row("Labs_DeletionImpact", "L/labs/read @lab"),
    row("Labs_ListKeptWork", "L/labs/write @lab"),
    row("Labs_RestoreWork", "L/labs/write @lab", 404),
    row("Labs_UpdateMachines", "L/labs/virtualMachines/reimage/action @lab"),
    row("VirtualMachines_ListEarlier", "L/labs/virtualMachines/reimage/action @lab"),
    row("VirtualMachines_Update", "L/labs/virtualMachines/reimage/action @lab", 409),
    row("VirtualMachines_BringBack", "L/labs/virtualMachines/reimage/action @lab", 404, 409),
    row("VirtualMachines_KeepRunning", "L/labs/virtualMachines/start/action @lab", 409),
    *_rows("L/labs/users/read @lab", "Users_ListByLab", "Users_Get"),
    *_rows("L/labs/users/write @lab", "Users_CreateOrUpdate", "Users_Update"),
    row("Users_Delete", "L/labs/users/delete @lab"),
    row("Users_Invite", "L/labs/users/invite/action @lab"),
    *_rows("L/labs/schedules/read @lab", "Schedules_ListByLab", "Schedules_Get"),
    *_rows("L/labs/schedules/write @lab", "Schedules_CreateOrUpdate", "Schedules_Update"),
    row("Schedules_Delete", "L/labs/schedules/delete @lab"),
)

CLASSIC = (
    row("LabAccounts_ListBySubscription", SIGNED_IN),
    row("LabAccounts_ListByResourceGroup", "list L/labPlans/read @group"),
    *_rows("L/labPlans/read @plan", "LabAccounts_Get", "LabAccounts_GetRegionalAvailability"),
    *_rows("L/labPlans/write @plan", "LabAccounts_CreateOrUpdate", "LabAccounts_Update"),
    # It deletes the account's labs, too; to whom these are hidden it does not name them.
    row("LabAccounts_Delete", "L/labPlans/delete @plan, L/labs/delete @labs, L/labs/delete @others", 409),
    row("LabAccounts_CreateLab", "L/labPlans/createLab/action @plan", 400, 409),
    *_rows("L/labPlans/images/read @plan", "GalleryImages2018_List", "GalleryImages2018_Get", "SharedImages_List"),
    *_rows("L/labPlans/images/write @plan", "GalleryImages2018_CreateOrUpdate", "GalleryImages2018_Update"),
    *_rows("L/labPlans/images/write @plan", "GalleryImages2018_Delete", "SharedImages_Update"),
    *_rows("L/labPlans/read @plan", "SharedGalleries_ListByAccount", "SharedGalleries_GetAttached", "Labs2018_List"),
    row("SharedGalleries_Attach", "L/labPlans/write @plan"),  # where it is attached already
    row("SharedGalleries_Attach", "L/labPlans/write @bare, C/galleries/read @gallery", account="other"),
    row("SharedGalleries_Detach", "L/labPlans/write @plan"),
    *_rows("L/labs/read @lab", "Labs2018_Get", "EnvironmentSettings_List", "EnvironmentSettings_Get"),
    *_rows("L/labs/read @lab", "Environments_List", "Environments_Get", "GlobalUsers_GetEnvironment"),
    *_rows("L/labs/write @lab", "Labs2018_CreateOrUpdate", "Labs2018_Update", "Environments_CreateOrUpdate"),
    *_rows("L/labs/write @lab", "EnvironmentSettings_CreateOrUpdate", "EnvironmentSettings_Update"),
    *_rows("L/labs/write @lab", "Environments_Update"),
    row("Environments_Delete", "L/labs/write @lab", 409),
    row("Labs2018_Delete", "L/labs/delete @lab"),
    row("EnvironmentSettings_Delete", "L/labs/delete @lab"),
    row("Labs2018_AddUsers", "L/labs/users/write @lab"),
    *(
        row(f"{kind}_{verb}", f"L/labs/virtualMachines/{verb[0].lower()}{verb[1:]}/action @lab", 409)
        for kind in ("EnvironmentSettings", "Environments")
        for verb in ("Start", "Stop", "ResetPassword")
    ),
    row("GlobalUsers_StartEnvironment", "L/labs/virtualMachines/start/action @lab", 409),
    row("GlobalUsers_StopEnvironment", "L/labs/virtualMachines/stop/action @lab", 409),
    row("GlobalUsers_ResetPassword", "L/labs/virtualMachines/resetPassword/action @lab", 409),
    row("EnvironmentSettings_Publish", "L/labs/publish/action @lab", 409),
    *_rows("L/labs/users/read @lab", "Users2018_List", "Users2018_Get"),
    *_rows("L/labs/users/write @lab", "Users2018_CreateOrUpdate", "Users2018_Update"),
    row("Users2018_Delete", "L/labs/users/delete @lab"),
    *_rows("L/labs/read @lab", "GlobalUsers_GetOperationStatus", "GlobalUsers_GetOperationBatchStatus"),
    *_rows(SIGNED_IN, "GlobalUsers_GetPersonalPreferences", "GlobalUsers_ListEnvironments", "GlobalUsers_ListLabs"),
    row("GlobalUsers_Register", SIGNED_IN, 404),
    *_rows(ROSTER, "Labs2018_Register", "EnvironmentSettings_ClaimAny", "Environments_Claim"),
)

ARM: tuple[Row, ...] = (*PLATFORM, *COMPUTE, *LABS, *CLASSIC)

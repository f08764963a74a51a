"""Refuse options of Azure that this service does not have, instead of ignoring them."""

from galeria.domain.errors import Invalid
from galeria.domain.images.publishing import PROFILE
from galeria.domain.messages import Message
from galeria.interfaces.arm.compute.storage_schemas import DiskOptions
from galeria.interfaces.arm.compute.version_schemas import PublishingProfile, VersionProperties

VERSION = "galleryImageVersion.properties"
PLATFORM_KEY = "encryptionatrestwithplatformkey"


def require_possible(said: VersionProperties) -> None:
    """Raise Invalid for options of a version that are not supported."""
    _require_possible_copies(said.publishing_profile or PublishingProfile())
    if said.security_profile and said.security_profile.uefi_settings:
        raise Invalid(
            Message("Keys of one's own for UEFI are not kept with an image version here."),
            hint=Message("Leave out securityProfile: a machine starts with the firmware of its host."),
            target=f"{VERSION}.securityProfile.uefiSettings",
        )


def require_possible_disk(said: DiskOptions) -> None:
    """Raise Invalid for options of a disk that are not supported."""
    security, encryption = said.security_profile, said.encryption
    if security and (security.security_type or "Standard").lower() != "standard":
        raise Invalid(
            Message("Disks have no security type {security_type} here.", security_type=str(security.security_type)),
            hint=Message("Leave out securityProfile, or say Standard."),
            target="securityProfile.securityType",
        )
    if encryption and ((encryption.type or PLATFORM_KEY).lower() != PLATFORM_KEY or encryption.disk_encryption_set_id):
        raise Invalid(
            Message("Disks are not encrypted with keys of the caller's here."),
            hint=Message("Leave out encryption."),
            target="encryption",
        )
    if (said.network_access_policy or "AllowAll").lower() != "allowall" or said.disk_access_id:
        raise Invalid(
            Message("Who may reach a disk's bytes is decided by its address alone here."),
            hint=Message(
                "Leave out networkAccessPolicy and diskAccessId: without a granted address nobody reaches them."
            ),
            target="networkAccessPolicy",
        )
    if (said.public_network_access or "Enabled").lower() != "enabled":
        raise Invalid(
            Message("Access to a disk cannot be closed to networks here."),
            hint=Message("Leave out publicNetworkAccess: without a granted address nobody reaches the bytes."),
            target="publicNetworkAccess",
        )


def _require_possible_copies(profile: PublishingProfile) -> None:
    if profile.target_extended_locations:
        raise Invalid(
            Message("There are no edge zones here."),
            hint=Message("Leave out targetExtendedLocations; target regions are where copies go."),
            target=f"{PROFILE}.targetExtendedLocations",
        )
    for region in profile.target_regions or ():
        if region.encryption:
            raise Invalid(
                Message("Images are not encrypted with keys of the caller's here ({region}).", region=region.name),
                hint=Message("Leave out encryption."),
                target=f"{PROFILE}.targetRegions.encryption",
            )
        if region.additional_replica_sets:
            raise Invalid(
                Message("A region has one set of replicas here ({region}).", region=region.name),
                hint=Message("Leave out additionalReplicaSets, and say the number in regionalReplicaCount."),
                target=f"{PROFILE}.targetRegions.additionalReplicaSets",
            )

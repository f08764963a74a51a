"""Request bodies of image versions."""

from typing import Annotated, Any

from pydantic import Field

from galeria.domain.images.publishing import ReplicationMode, StorageStrategy, StorageType
from galeria.interfaces.arm.compute.gallery_schemas import Count
from galeria.interfaces.arm.protocol.wire_types import Changed, Moment, Text, Tracked, Wire, Word, any_case

Lun = Annotated[int, Field(ge=0, le=63)]
Storage = Annotated[StorageType | None, any_case(StorageType)]
Strategy = Annotated[StorageStrategy | None, any_case(StorageStrategy)]


class TargetRegion(Wire):
    name: Word
    exclude_from_latest: bool | None = None
    regional_replica_count: Count | None = None
    storage_account_type: Storage = None
    storage_account_strategy: Strategy = None
    additional_replica_sets: list[Any] | None = None
    encryption: dict[str, Any] | None = None


class PublishingProfile(Wire):
    target_regions: Annotated[list[TargetRegion], Field(max_length=100)] | None = None
    exclude_from_latest: bool | None = None
    end_of_life_date: Moment | None = None
    replica_count: Count | None = None
    storage_account_type: Storage = None
    storage_account_strategy: Strategy = None
    replication_mode: Annotated[ReplicationMode | None, any_case(ReplicationMode)] = None
    target_extended_locations: list[Any] | None = None


class SafetyProfile(Wire):
    allow_deletion_of_replicated_locations: bool | None = None
    block_deletion_before_end_of_life: bool | None = None


class DiskSourceBody(Wire):
    """The source of a disk. `id` names a disk or snapshot; in older versions of the API a storage account beside the `uri`."""

    id: Text | None = None
    uri: Text | None = None
    storage_account_id: Text | None = None
    upload_id: Word | None = None


class OsDiskImage(Wire):
    source: DiskSourceBody | None = None


class DataDiskImage(Wire):
    lun: Lun
    source: DiskSourceBody | None = None


class WholeSource(Wire):
    id: Text | None = None
    virtual_machine_id: Text | None = None
    community_gallery_image_id: Text | None = None


class StorageProfile(Wire):
    source: WholeSource | None = None
    os_disk_image: OsDiskImage | None = None
    data_disk_images: Annotated[list[DataDiskImage], Field(max_length=64)] | None = None


class VersionSecurity(Wire):
    uefi_settings: dict[str, Any] | None = None


class VersionProperties(Wire):
    publishing_profile: PublishingProfile | None = None
    storage_profile: StorageProfile | None = None
    safety_profile: SafetyProfile | None = None
    security_profile: VersionSecurity | None = None
    restore: bool | None = None


class VersionBody(Tracked):
    properties: VersionProperties | None = None


class VersionPatch(Changed):
    properties: VersionProperties | None = None

"""Request bodies of disks, snapshots and managed images."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from galeria.domain.images.galleries import Architecture, Generation, OsState, OsType
from galeria.domain.images.storage import AccessLevel, DiskCreateOption
from galeria.interfaces.arm.compute.gallery_schemas import Count
from galeria.interfaces.arm.compute.version_schemas import Lun
from galeria.interfaces.arm.protocol.wire_types import Changed, Text, Tracked, Wire, any_case


class DiskSku(StrEnum):
    """Every kind of storage that clients ask for. They are all the same here."""

    STANDARD = "Standard_LRS"
    STANDARD_ZONES = "Standard_ZRS"
    STANDARD_SSD = "StandardSSD_LRS"
    STANDARD_SSD_ZONES = "StandardSSD_ZRS"
    PREMIUM = "Premium_LRS"
    PREMIUM_ZONES = "Premium_ZRS"
    PREMIUM_2 = "PremiumV2_LRS"
    ULTRA = "UltraSSD_LRS"


def _started_copy(value: object) -> object:
    """Read CopyStart as Copy: Azure names a copy between regions differently, and here any copy may be one."""
    return "Copy" if isinstance(value, str) and value.lower() == "copystart" else value


Option = Annotated[DiskCreateOption, any_case(DiskCreateOption), BeforeValidator(_started_copy)]
Size = Annotated[int, Field(ge=0, le=2**62)]


class DiskTypeSku(Wire):
    name: Annotated[DiskSku | None, any_case(DiskSku)] = None


class DiskImageReference(Wire):
    id: Text | None = None
    community_gallery_image_id: Text | None = None
    lun: Lun | None = None


class CreationData(Wire):
    create_option: Option
    source_resource_id: Text | None = None
    source_uri: Text | None = None
    upload_size_bytes: Size | None = None
    image_reference: DiskImageReference | None = None
    gallery_image_reference: DiskImageReference | None = None


class DiskCapabilities(Wire):
    architecture: Annotated[Architecture | None, any_case(Architecture)] = None


class DiskSecurity(Wire):
    security_type: Text | None = None


class DiskEncryption(Wire):
    type: Text | None = None
    disk_encryption_set_id: Text | None = None


class DiskOptions(Wire):
    """The properties of an existing disk that a request may repeat."""

    security_profile: DiskSecurity | None = None
    encryption: DiskEncryption | None = None
    network_access_policy: Text | None = None
    public_network_access: Text | None = None
    disk_access_id: Text | None = None


class DiskProperties(DiskOptions):
    creation_data: CreationData
    disk_size_gb: Annotated[Size | None, Field(alias="diskSizeGB")] = None
    os_type: Annotated[OsType | None, any_case(OsType)] = None
    hyper_v_generation: Annotated[Generation | None, any_case(Generation)] = None
    supported_capabilities: DiskCapabilities | None = None
    incremental: bool | None = None


class DiskBody(Tracked):
    sku: DiskTypeSku | None = None
    properties: DiskProperties


class DiskChange(DiskOptions):
    disk_size_gb: Annotated[Size | None, Field(alias="diskSizeGB")] = None
    os_type: Annotated[OsType | None, any_case(OsType)] = None
    hyper_v_generation: Annotated[Generation | None, any_case(Generation)] = None
    supported_capabilities: DiskCapabilities | None = None


class DiskPatch(Changed):
    sku: DiskTypeSku | None = None
    properties: DiskChange | None = None


class AccessBody(Wire):
    access: Annotated[AccessLevel, any_case(AccessLevel)]
    duration_in_seconds: Size


class PolicyKind(StrEnum):
    UNLOCKED = "Unlocked"
    LOCKED = "Locked"


class ImmutabilityBody(Wire):
    immutability_duration_days: Count
    type: Annotated[PolicyKind, any_case(PolicyKind)]


class Reference(Wire):
    id: Text | None = None


class ImageDisk(Wire):
    managed_disk: Reference | None = None
    snapshot: Reference | None = None
    blob_uri: Text | None = None


class ImageOsDisk(ImageDisk):
    os_type: Annotated[OsType | None, any_case(OsType)] = None
    os_state: Annotated[OsState | None, any_case(OsState)] = None


class ImageDataDisk(ImageDisk):
    lun: Lun


class ImageStorage(Wire):
    os_disk: ImageOsDisk | None = None
    data_disks: Annotated[list[ImageDataDisk], Field(max_length=64)] | None = None


class ImageProperties(Wire):
    source_virtual_machine: Reference | None = None
    storage_profile: ImageStorage | None = None
    hyper_v_generation: Annotated[Generation | None, any_case(Generation)] = None


class ManagedImageBody(Tracked):
    properties: ImageProperties | None = None


class ManagedImagePatch(Changed):
    pass

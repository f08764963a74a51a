"""Disks, snapshots and managed images as the API answers them: Azure's form, and in `galeria` further figures."""

from typing import Any

from galeria.actions.core.request import Request
from galeria.actions.storage.disks import shown_state
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import DiskCreateOption, ManagedImage, ManagedImageDisk, Snapshot, StoredDisk
from galeria.domain.units import gigabytes
from galeria.interfaces.arm.compute.version_sources import image_reference
from galeria.interfaces.arm.protocol.envelope import envelope, when


def disk_view(request: Request, disk: StoredDisk) -> dict[str, Any]:
    properties = {
        **({"osType": disk.os_type.value} if disk.os_type else {}),
        **({"hyperVGeneration": disk.generation.value} if disk.generation else {}),
        "creationData": _creation(disk),
        "diskSizeGB": gigabytes(disk.size),
        "diskSizeBytes": disk.size,
        "diskState": shown_state(request, disk).value,
        "timeCreated": when(disk.created_at),
        "uniqueId": disk.id,
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "supportedCapabilities": {"architecture": disk.architecture.value},
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "galeria": _figures(disk),
    }
    if isinstance(disk, Snapshot):
        properties["incremental"] = disk.incremental
        properties |= _protection(request, disk)
    sku = {"name": disk.sku, "tier": disk.sku.partition("_")[0]}
    return {**envelope(disk, properties), "sku": sku}


def image_view(image: ManagedImage, disks: list[ManagedImageDisk]) -> dict[str, Any]:
    storage: dict[str, Any] = {
        "dataDisks": [{"lun": disk.lun, **_image_disk(disk)} for disk in disks if disk.lun != OS_DISK],
        "zoneResilient": False,
    }
    for disk in disks:
        if disk.lun == OS_DISK:
            states = {"osType": image.os_type.value, "osState": image.os_state.value}
            storage["osDisk"] = states | _image_disk(disk, from_machine=bool(image.source_machine))
    properties: dict[str, Any] = {
        "storageProfile": storage,
        "hyperVGeneration": image.generation.value,
        "galeria": {
            "failure": image.failure,
            "disks": [{"lun": disk.lun, **_figures(disk)} for disk in disks],
        },
    }
    if image.source_machine:
        properties["sourceVirtualMachine"] = {"id": image.source_machine}
    return envelope(image, properties)


def _protection(request: Request, snapshot: Snapshot) -> dict[str, Any]:
    """Return the immutability policy; nothing for a snapshot that never had one."""
    if snapshot.immutable_since is None:
        return {}
    policy = {
        "immutabilityDurationDays": snapshot.immutable_days,
        "type": "Locked" if snapshot.immutability_locked else "Unlocked",
        "policyStartTime": when(snapshot.immutable_since),
        "policyExpirationTime": when(snapshot.immutable_until),
        "isPolicyExpired": not snapshot.is_immutable(request.clock.now()),
    }
    return {"immutabilityPolicy": policy}


def _creation(disk: StoredDisk) -> dict[str, Any]:
    said: dict[DiskCreateOption, dict[str, Any]] = {
        DiskCreateOption.UPLOAD: {"uploadSizeBytes": disk.upload_bytes},
        DiskCreateOption.COPY: {"sourceResourceId": disk.source},
        DiskCreateOption.IMPORT: {"sourceUri": disk.source},
        DiskCreateOption.FROM_IMAGE: {"galleryImageReference": image_reference(disk.source)},
    }
    return {"createOption": disk.option.value, **said.get(disk.option, {})}


def _image_disk(disk: ManagedImageDisk, *, from_machine: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "diskSizeGB": gigabytes(disk.size),
        "caching": "None",
        "storageAccountType": "Standard_LRS",
    }
    lowered = disk.source.lower()
    if "/snapshots/" in lowered:
        shown["snapshot"] = {"id": disk.source}
    elif "/disks/" in lowered and not lowered.startswith("http"):
        shown["managedDisk"] = {"id": disk.source}
    elif not from_machine:
        shown["blobUri"] = disk.source
    return shown


def _figures(disk: StoredDisk | ManagedImageDisk) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "digest": disk.digest or None,
        "sizeBytes": disk.size,
        "dataBytes": disk.data_bytes,
        "readBytes": disk.read_bytes,
        "storedBytes": disk.stored_bytes,
    }
    return figures if isinstance(disk, ManagedImageDisk) else {**figures, "failure": disk.failure}

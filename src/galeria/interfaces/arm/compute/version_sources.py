"""The sources of a version in every form that the API has had."""

from collections.abc import Callable
from typing import Any

from galeria.actions.storage.sources import NamedDisk
from galeria.actions.versions.version_sources import STORAGE, NamedSources
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, ImageVersion, SourceKind
from galeria.domain.images.sharing import CommunityImage
from galeria.domain.messages import Message
from galeria.interfaces.arm.compute.version_schemas import DiskSourceBody, StorageProfile, WholeSource
from galeria.interfaces.arm.protocol.path_ids import named_id


def sources_named(profile: StorageProfile | None) -> NamedSources:
    """Return the sources by LUN; the OS disk has a number of its own, `OS_DISK`. Raises Invalid."""
    if profile is None:
        return NamedSources()
    said: dict[int, DiskSourceBody] = {}
    if profile.os_disk_image and profile.os_disk_image.source:
        said[OS_DISK] = profile.os_disk_image.source
    order: list[int] = []
    for disk in profile.data_disk_images or ():
        if disk.lun in order:
            raise Invalid(
                Message("Two data disks have the LUN {lun}.", lun=disk.lun),
                hint=Message("Give every data disk a LUN of its own."),
                target=f"{STORAGE}.dataDiskImages",
            )
        order.append(disk.lun)
        if disk.source:
            said[disk.lun] = disk.source
    uploads = {lun: each.upload_id for lun, each in said.items() if each.upload_id}
    disks = {lun: _disk(each) for lun, each in said.items() if not each.upload_id and (each.id or each.uri)}
    return NamedSources(uploads=uploads, disks=disks, whole=_whole(profile.source), order=tuple(order))


def with_source(version: ImageVersion, storage: dict[str, Any]) -> dict[str, Any]:
    """Add the source to a version's storage profile, where it is a resource or an address that a client named."""
    kind, id = version.source_kind, version.source_id
    if kind in _WHOLE and id.startswith("/"):
        return {**storage, "source": _WHOLE[kind](id)}
    if kind in _SINGLE and "osDiskImage" in storage:
        return {**storage, "osDiskImage": {**storage["osDiskImage"], "source": {_SINGLE[kind]: id}}}
    return storage


def image_reference(id: str) -> dict[str, Any]:
    """Return an image version as the API names a source: by its resource id, or by its public id in a community gallery."""
    is_public = id.startswith("/CommunityGalleries/")
    return {"communityGalleryImageId": id} if is_public else {"id": id}


_WHOLE: dict[SourceKind, Callable[[str], dict[str, Any]]] = {
    SourceKind.IMAGE: lambda id: {"id": id},
    SourceKind.VERSION: image_reference,
    SourceKind.MACHINE: lambda id: {"virtualMachineId": id},
}
_SINGLE = {SourceKind.DISK: "id", SourceKind.SNAPSHOT: "id", SourceKind.URI: "uri"}


def _disk(source: DiskSourceBody) -> NamedDisk:
    """Return the source of a disk. A storage account beside an address belongs to the address, and is not used here."""
    if source.uri:
        if source.id and "/storageaccounts/" not in source.id.lower():
            raise Invalid(Message("A disk has two sources."), hint=Message("Name an id or a uri."), target=STORAGE)
        return NamedDisk(uri=source.uri)
    return NamedDisk(id=named_id(source.id or "", f"{STORAGE}.osDiskImage.source.id"))


def _whole(source: WholeSource | None) -> ResourceId | CommunityImage | None:
    if source is None:
        return None
    community = source.community_gallery_image_id
    named = [text for text in (source.id, source.virtual_machine_id, community) if text]
    if len(named) > 1:
        raise Invalid(
            Message("A version has one source."),
            hint=Message("Name an id, a virtualMachineId or a communityGalleryImageId."),
            target=f"{STORAGE}.source",
        )
    if community:
        return CommunityImage.parse(community)
    return named_id(named[0], f"{STORAGE}.source.id") if named else None

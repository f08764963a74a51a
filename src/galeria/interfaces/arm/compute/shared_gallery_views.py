"""Shared and community galleries as their consumers see them, without resource ids and owners."""

from collections.abc import Sequence
from typing import Any

from galeria.actions.core.request import Request
from galeria.actions.galleries.shared_galleries import is_there
from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.galleries import (
    OS_DISK,
    DiskFacts,
    Gallery,
    ImageDefinition,
    ImageVersion,
    is_excluded,
)
from galeria.domain.images.soft_delete import Retention
from galeria.domain.units import gigabytes
from galeria.interfaces.arm.compute.definition_views import described
from galeria.interfaces.arm.protocol.envelope import when


def shared_gallery(gallery: Gallery, location: str) -> dict[str, Any]:
    return {
        "name": gallery.unique_name,
        "location": location,
        "identifier": {"uniqueId": f"/SharedGalleries/{gallery.unique_name}"},
        "properties": {"artifactTags": dict(gallery.tags)},
    }


def community_gallery(gallery: Gallery, location: str) -> dict[str, Any]:
    info = gallery.community
    return {
        "name": gallery.public_name,
        "location": location,
        "type": "Microsoft.Compute/Locations/CommunityGalleries",
        "identifier": {"uniqueId": f"/CommunityGalleries/{gallery.public_name}"},
        "properties": {
            "artifactTags": dict(gallery.tags),
            "communityMetadata": {
                "publisherUri": info.get("publisherUri", ""),
                "publisherContact": info["publisherContact"],
                "eula": info.get("eula", ""),
                "publicNames": [gallery.public_name],
            },
        },
    }


def image(definition: ImageDefinition, place: str, location: str, type: str = "") -> dict[str, Any]:
    """Return an image; `place` is the gallery's unique id. Only images of community galleries have a type."""
    view = {
        "name": definition.name,
        "location": location,
        "identifier": {"uniqueId": f"{place}/Images/{definition.name}"},
        "properties": {**described(definition), "artifactTags": dict(definition.tags)},
    }
    return {**view, "type": type} if type else view


def versions(
    request: Request, versions: Sequence[ImageVersion], place: str, location: str, type: str = ""
) -> list[dict[str, Any]]:
    """Return versions; `place` is the image's unique id. Whether they are excluded from latest is that of the region."""
    return [_version(each, place, location, type) for each in request.uow.versions.facts(versions)]


def _version(facts: VersionFacts, place: str, location: str, type: str) -> dict[str, Any]:
    version = facts.version
    replica = next((each for each in facts.replicas if each.region == location and is_there(each)), None)
    properties: dict[str, Any] = {
        "publishedDate": when(version.published_at),
        "excludeFromLatest": is_excluded(version, replica),
        "storageProfile": _storage(facts.disks),
        "imageState": "Active" if version.retention is Retention.ACTIVE else "SoftDeleted",
        "artifactTags": dict(version.tags),
    }
    if version.end_of_life:
        properties["endOfLifeDate"] = when(version.end_of_life)
    if version.consumption_ends_at:
        properties["consumptionEndTime"] = when(version.consumption_ends_at)
    view = {
        "name": version.name,
        "location": location,
        "identifier": {"uniqueId": f"{place}/Versions/{version.name}"},
        "properties": properties,
    }
    return {**view, "type": type} if type else view


def _storage(disks: list[DiskFacts]) -> dict[str, Any]:
    data = [{"lun": disk.lun, **_disk(disk, "None")} for disk in disks if disk.lun != OS_DISK]
    os_disks = [_disk(disk, "ReadWrite") for disk in disks if disk.lun == OS_DISK]
    return {"osDiskImage": os_disks[0] if os_disks else {}, "dataDiskImages": data}


def _disk(disk: DiskFacts, caching: str) -> dict[str, Any]:
    return {"diskSizeGB": gigabytes(disk.size), "hostCaching": caching}

"""Resource groups, galleries, image definitions and image versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK
from galeria.interfaces.client.connection import Json, ServerConnection
from galeria.interfaces.client.operations import StartedWork
from galeria.interfaces.client.resources import ResourcesClient, given_values
from galeria.interfaces.client.short_names import ShortNames

GROUPS_API = "2024-11-01"
COMPUTE_API = "2024-03-03"


class GroupsClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=GROUPS_API)
        self._names = names

    def get(self, name: str = "") -> Json:
        return self._rest.get(self._names.group_id(name))

    def put(self, name: str, *, region: str) -> Json:
        return self._rest.put(self._names.group_id(name), {"location": region}).resource

    def regions(self) -> list[Json]:
        """Return every region of the installation: {name, displayName, …}."""
        return self._rest.list(f"{self._names.scope}/locations")

    def region_of(self, id: ResourceId) -> str:
        """Return the region of the group that an id lies in, the default for new resources."""
        return str(self._rest.get(ResourceId(id.subscription, id.group))["location"])

    def list(self) -> list[Json]:
        return self._rest.list(f"{self._names.scope}/resourceGroups")


class GalleriesClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=COMPUTE_API)
        self._names = names

    def list(self) -> list[Json]:
        """Return all galleries of the subscription."""
        return self._rest.list(f"{self._names.scope}/providers/Microsoft.Compute/galleries")

    def get(self, name: str) -> Json:
        return self._rest.get(self._names.gallery(name))

    def find(self, name: str) -> Json | None:
        return self._rest.find(self._names.gallery(name))

    def put(self, name: str, *, region: str, description: str = "") -> StartedWork:
        body = {"location": region, "properties": {"description": description}}
        return self._rest.put(self._names.gallery(name), body)

    def delete(self, name: str) -> StartedWork:
        return self._rest.delete(self._names.gallery(name))

    def costs(self, name: str) -> Json:
        """Return what every version occupies and costs per region, as last measured, and which labs use it."""
        costs = self._rest.get(f"{self._names.gallery(name)}/costs")
        link = costs.pop("nextLink", None)
        while link:
            page = self._rest.connection.get(link)
            costs["value"] += page["value"]
            link = page.get("nextLink")
        return costs


@dataclass(frozen=True, kw_only=True)
class NewDefinition:
    """The display name of an image definition, and what is fixed once it exists.

    Empty values mean Linux, Generalized and V2 (the defaults of `az sig image-definition create`).
    """

    os_type: str = ""
    os_state: str = ""
    generation: str = ""
    publisher: str = "galeria"
    offer: str = "imported"
    sku: str = ""  # empty for the definition's name
    display_name: str = ""
    description: str = ""


class DefinitionsClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=COMPUTE_API)
        self._names = names

    def list(self, gallery: str) -> list[Json]:
        return self._rest.list(f"{self._names.gallery(gallery)}/images")

    def get(self, gallery: str, name: str) -> Json:
        return self._rest.get(self._names.image(gallery, name))

    def find(self, gallery: str, name: str) -> Json | None:
        return self._rest.find(self._names.image(gallery, name))

    def put(self, gallery: str, name: str, wanted: NewDefinition, *, region: str) -> StartedWork:
        id = self._names.image(gallery, name)
        properties = given_values(
            osType=wanted.os_type or "Linux",
            osState=wanted.os_state or "Generalized",
            hyperVGeneration=wanted.generation or "V2",
            identifier={"publisher": wanted.publisher, "offer": wanted.offer, "sku": wanted.sku or _sku(id.name)},
            description=wanted.description or None,
            galeria={"displayName": wanted.display_name} if wanted.display_name else None,
        )
        return self._rest.put(id, {"location": region, "properties": properties})

    def confirm(self, definition: Json, wanted: NewDefinition) -> None:
        """Let the server check whether an existing definition matches `wanted`. Raises Invalid where it does not."""
        stated = {"osType": wanted.os_type, "osState": wanted.os_state, "hyperVGeneration": wanted.generation}
        differing = {key: value for key, value in stated.items() if value and definition["properties"][key] != value}
        if differing:
            self._rest.put(definition["id"], {**definition, "properties": {**definition["properties"], **differing}})

    def delete(self, gallery: str, name: str) -> StartedWork:
        return self._rest.delete(self._names.image(gallery, name))


class VersionsClient:
    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=COMPUTE_API)
        self._names = names

    def list(self, gallery: str, image: str) -> list[Json]:
        return self._rest.list(f"{self._names.image(gallery, image)}/versions", **{"$expand": "ReplicationStatus"})

    def get(self, gallery: str, image: str, number: str) -> Json:
        return self.by_id(str(self._names.version(gallery, image, number)))

    def by_id(self, id: str) -> Json:
        return self._rest.get(id, **{"$expand": "ReplicationStatus"})

    def put(
        self,
        gallery: str,
        image: str,
        number: str,
        *,
        region: str,
        uploads: Mapping[int, str],
        regions: Sequence[str] = (),
        exclude_from_latest: bool = False,
    ) -> StartedWork:
        """Create a version from `uploads`, which are upload ids by LUN (-1 for the OS disk).

        `regions` are its regions, the home region included.
        """
        data = [{"lun": lun, "source": {"uploadId": upload}} for lun, upload in uploads.items() if lun != OS_DISK]
        disks = given_values(osDiskImage={"source": {"uploadId": uploads[OS_DISK]}}, dataDiskImages=data or None)
        publishing = given_values(
            targetRegions=[{"name": name} for name in regions] or None, excludeFromLatest=exclude_from_latest
        )
        body = {"location": region, "properties": {"storageProfile": disks, "publishingProfile": publishing}}
        return self._rest.put(self._names.version(gallery, image, number), body)

    def replicate(self, version: Json, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> StartedWork:
        """Change the regions of a version that `get` returned; everything else stays."""
        publishing = dict(version["properties"].get("publishingProfile") or {})
        gone = {_region(name) for name in remove}
        kept = [each for each in publishing.get("targetRegions") or [] if _region(each["name"]) not in gone]
        held = {_region(each["name"]) for each in kept}
        publishing["targetRegions"] = kept + [{"name": name} for name in add if _region(name) not in held]
        properties = {"publishingProfile": publishing, "storageProfile": {}}
        body = given_values(location=version["location"], tags=version.get("tags"), properties=properties)
        return self._rest.put(version["id"], body)

    def delete(self, gallery: str, image: str, number: str) -> StartedWork:
        """Delete a version. The output of the operation is {freedBytes: {region: n}, laterBytes: {region: n}}."""
        return self._rest.delete(self._names.version(gallery, image, number))

    def impact(self, gallery: str, image: str, number: str) -> Json:
        """Return what deleting the version would mean. Nothing is changed."""
        return self._rest.get(f"{self._names.version(gallery, image, number)}/impact")


def _region(name: str) -> str:
    """Return the name of a region for what was typed: "Brazil South" is brazilsouth."""
    return name.replace(" ", "").casefold()


def _sku(name: str) -> str:
    """Return a SKU: at most 64 characters, 16 fewer than an image's name, without a point at the end."""
    return name[:64].rstrip(".")

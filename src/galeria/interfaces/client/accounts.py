"""Lab accounts (lab plans in the API) and the images that they offer."""

from collections.abc import Sequence

from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.interfaces.client.connection import Json, ServerConnection
from galeria.interfaces.client.operations import StartedWork
from galeria.interfaces.client.resources import ResourcesClient, given_values
from galeria.interfaces.client.short_names import ShortNames

LABS_API = "2023-06-07"


class AccountsClient:
    """Lab accounts. Without a name the usual account is meant."""

    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=LABS_API)
        self._names = names

    def list(self) -> list[Json]:
        return self._rest.list(f"{self._names.scope}/providers/Microsoft.LabServices/labPlans")

    def get(self, name: str = "") -> Json:
        return self._rest.get(self._names.account_id(name))

    def put(self, name: str = "", *, region: str, gallery: str | None = None) -> StartedWork:
        """Create an account; all regions are allowed until a policy changes that. An account that exists keeps its gallery."""
        id = self._names.account_id(name)
        existing = self._rest.find(id)
        attached = str(self._names.gallery(gallery)) if gallery else _gallery_of(existing)
        return self._rest.put(id, {"location": region, "properties": given_values(sharedGalleryId=attached)})

    def attach(self, gallery: str, *, account: str = "") -> StartedWork:
        properties = {"sharedGalleryId": str(self._names.gallery(gallery))}
        return self._rest.patch(self._names.account_id(account), {"properties": properties})

    def detach(self, *, account: str = "") -> StartedWork:
        return self._rest.patch(self._names.account_id(account), {"properties": {"sharedGalleryId": None}})

    def set_policy(
        self,
        *,
        account: str = "",
        allowed_regions: Sequence[str] | None = None,
        os_disk_limit_gb: int | None = None,
        enable_by_default: bool | None = None,
        internet: str | None = None,
        names: Sequence[str] | None = None,
        common_network: bool | None = None,
    ) -> StartedWork:
        """Change policies. None leaves a policy as it is."""
        listed = list(names) if names is not None else None
        network = given_values(internet=internet, names=listed, commonInLab=common_network)
        ours = given_values(
            osDiskLimitInGB=os_disk_limit_gb, imagesEnabledByDefault=enable_by_default, network=network or None
        )
        properties = given_values(
            allowedRegions=list(allowed_regions) if allowed_regions is not None else None,
            galeria=ours or None,
        )
        return self._rest.patch(self._names.account_id(account), {"properties": properties})

    def delete(self, name: str = "") -> StartedWork:
        return self._rest.delete(self._names.account_id(name))

    def attached_gallery(self, *, account: str = "") -> str:
        """Return the id of the account's gallery. Raises Conflict where it has none."""
        found = self.get(account)
        attached = _gallery_of(found)
        if not attached:
            raise Conflict(
                Message("The lab account '{name}' has no gallery attached.", name=found["name"]),
                hint=Message("Attach one (galeria account attach GALLERY), or name a gallery with --gallery."),
            )
        return attached


class PlanImagesClient:
    """Images that a lab account offers in one region; unusable ones have every reason and remedy."""

    def __init__(self, connection: ServerConnection, names: ShortNames) -> None:
        self._rest = ResourcesClient(connection=connection, api=LABS_API)
        self._names = names

    def list(self, *, account: str = "", region: str = "") -> list[Json]:
        return self._rest.list(f"{self._names.account_id(account)}/images", **_of_region(region))

    def get(self, name: str, *, account: str = "", region: str = "") -> Json:
        """Return an image by resource name or display name, regardless of case. Raises NotFound."""
        wanted = name.strip().casefold()
        for image in self.list(account=account, region=region):
            if wanted in (image["name"].casefold(), str(image["properties"].get("displayName")).casefold()):
                return image
        id = self._names.account_id(account)
        raise NotFound(
            Message("The lab account '{id}' has no image '{name}'.", id=id.name, name=name),
            hint=Message("'galeria image list' shows the images it has."),
        )

    def enable(self, name: str, *, account: str = "", enabled: bool) -> Json:
        id: ResourceId = self._names.account_id(account).child("images", self.get(name, account=account)["name"])
        state = "Enabled" if enabled else "Disabled"
        return self._rest.patch(id, {"properties": {"enabledState": state}}).resource


def _of_region(region: str) -> dict[str, str]:
    return {"region": region} if region else {}


def _gallery_of(account: Json | None) -> str | None:
    return (account or {}).get("properties", {}).get("sharedGalleryId") or None

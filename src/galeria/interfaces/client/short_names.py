"""Short names for whole ids. A whole id stays as it is."""

from dataclasses import dataclass

from galeria.domain.ids import COMPUTE, LABS, ResourceId


@dataclass(frozen=True, kw_only=True)
class ShortNames:
    """The scope in which short names are resolved."""

    subscription: str
    group: str = "galeria"
    account: str = "labs"

    @property
    def scope(self) -> str:
        return f"/subscriptions/{self.subscription}"

    def group_id(self, name: str = "") -> ResourceId:
        return _whole(name) or ResourceId(self.subscription, name or self.group)

    def gallery(self, name: str) -> ResourceId:
        return _whole(name) or self.group_id().resource(COMPUTE, "galleries", name)

    def image(self, gallery: str, name: str) -> ResourceId:
        """Return the id of an image definition."""
        return _whole(name) or self.gallery(gallery).child("images", name)

    def version(self, gallery: str, image: str, number: str) -> ResourceId:
        return _whole(number) or self.image(gallery, image).child("versions", number)

    def account_id(self, name: str = "") -> ResourceId:
        return _whole(name or self.account) or self.group_id().resource(LABS, "labPlans", name or self.account)

    def lab(self, name: str) -> ResourceId:
        return _whole(name) or self.group_id().resource(LABS, "labs", name)

    def machine(self, lab: str, name: str) -> ResourceId:
        return _whole(name) or self.lab(lab).child("virtualMachines", name)


def _whole(text: str) -> ResourceId | None:
    """Return the id, None for a short name. Raises Invalid for a text that begins like an id and is none."""
    return ResourceId.parse(text) if text.startswith("/") else None

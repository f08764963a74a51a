"""What of the clients was used, against all that they have."""

from collections.abc import Iterable
from dataclasses import dataclass, field

# Applications, scripts and access profiles inside of machines are no images: Galeria says that it has no such resource.
OUT_OF_SCOPE = ("sig gallery-application", "sig in-vm-access-control-profile")
# Operation groups of the two SDKs, both generations, that the service stands in for.
COMPUTE_GROUPS = (
    "galleries",
    "gallery_images",
    "gallery_image_versions",
    "gallery_sharing_profile",
    "soft_deleted_resource",
    "shared_galleries",
    "shared_gallery_images",
    "shared_gallery_image_versions",
    "community_galleries",
    "community_gallery_images",
    "community_gallery_image_versions",
    "images",
    "snapshots",
    "disks",
)
LAB_GROUPS = (
    "operations",
    "operation_results",
    "lab_plans",
    "images",
    "labs",
    "users",
    "schedules",
    "virtual_machines",
    "skus",
    "usages",
)
NPM_LAB_GROUPS = (
    "operations",
    "operationResults",
    "labPlans",
    "images",
    "labs",
    "users",
    "schedules",
    "virtualMachines",
    "skus",
    "usages",
)
OLD_LAB_GROUPS = (
    "provider_operations",
    "operations",
    "lab_accounts",
    "gallery_images",
    "labs",
    "environment_settings",
    "environments",
    "users",
    "global_users",
)


@dataclass(kw_only=True)
class Coverage:
    """`title` is what stands before the number, such as "az sig commands"."""

    title: str
    known: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def know(self, names: Iterable[str]) -> None:
        self.known |= set(names)

    def use(self, name: str) -> None:
        """It did what was asked."""
        self.used.add(name)

    def refuse(self, name: str) -> None:
        """It was understood, and refused with a reason."""
        self.refused.add(name)

    def lines(self) -> list[str]:
        """Only what has worked at least once is counted."""
        missing = sorted(self.known - self.used)
        first = f"{self.title} {len(self.known & self.used)}/{len(self.known)}"
        return [first, *(f"  {'only refused' if name in self.refused else 'not used'}: {name}" for name in missing)]

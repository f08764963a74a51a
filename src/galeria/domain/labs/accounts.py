"""Lab accounts (lab plans in the newer API): their gallery, their policies."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from galeria.domain.resources import Resource

GB = 1024**3


@dataclass(eq=False, kw_only=True)
class LabAccount(Resource):
    """One gallery at most; one gallery may serve many accounts (mission, decision 3)."""

    gallery_id: str | None = None
    allowed_regions: list[str] = field(default_factory=list)
    os_disk_limit_gb: int = 128  # an OS disk must be smaller than this (mission, decision 2)
    enable_by_default: bool = True  # images of a newly attached gallery (mission, decision 1)
    profiles: dict[str, Any] = field(default_factory=dict)  # see domain.profiles
    deleted_at: datetime | None = None  # its row outlives it while labs remember it

    @property
    def os_disk_limit(self) -> int:
        """Bytes."""
        return self.os_disk_limit_gb * GB

    def enables(self, switch: "ImageSwitch | None") -> bool:
        """Whether an image with this switch is enabled; without one, the account's policy decides."""
        return switch.enabled if switch else self.enable_by_default


@dataclass(eq=False, kw_only=True)
class ImageSwitch:
    """Whether the account's administrator switched one image on or off."""

    account_id: str
    definition_id: str
    enabled: bool

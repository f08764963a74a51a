"""Lab accounts (lab plans in the newer API): their attached gallery and their policies."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from galeria.domain.resources import Resource
from galeria.domain.units import GB


@dataclass(eq=False, kw_only=True)
class LabAccount(Resource):
    """A lab account, called lab plan in the newer API.

    It has one gallery at most; one gallery may serve many accounts (docs/rules.md, "Images of labs").
    """

    gallery_id: str | None = None
    allowed_regions: list[str] = field(default_factory=list)
    os_disk_limit_gb: int = 128  # GB of 1024³ bytes that an OS disk must stay below
    enable_by_default: bool = True  # whether images of a newly attached gallery are enabled
    profiles: dict[str, Any] = field(default_factory=dict)  # see domain.labs.profiles
    deleted_at: datetime | None = None  # the row is kept while labs refer to it

    @property
    def os_disk_limit(self) -> int:
        """The size in bytes that an image's OS disk must stay below to be used for labs."""
        return self.os_disk_limit_gb * GB

    def enables(self, switch: "ImageSwitch | None") -> bool:
        """Whether an image with this switch is enabled; without one, the account's policy decides."""
        return switch.enabled if switch else self.enable_by_default


@dataclass(eq=False, kw_only=True)
class ImageSwitch:
    """An administrator's choice to enable or disable one image for a lab account."""

    account_id: str
    definition_id: str
    enabled: bool

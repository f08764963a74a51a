"""The ports and settings that workflows and reconcilers work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from galeria.domain.settings import Settings
from galeria.ports.database import Database
from galeria.ports.files import Fetcher, PageFiles, UploadFiles
from galeria.ports.images import ImageStore
from galeria.ports.machines import ImageCache, VmEngine
from galeria.ports.work import Clock, ProgressMeter


@dataclass(frozen=True, kw_only=True)
class WorkflowContext:
    """Every port that a workflow uses, so that each of its steps needs only this and the operation's id."""

    database: Database
    engine: VmEngine
    cache: ImageCache
    stores: Mapping[str, ImageStore]  # by the name of the region
    uploads: UploadFiles
    disk_files: PageFiles  # files that are written page by page, and files fetched from an address
    fetcher: Fetcher
    clock: Clock
    meter: ProgressMeter
    settings: Settings
    poll_seconds: float = 0.2  # seconds between two checks of something that a step waits for

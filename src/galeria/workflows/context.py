"""What a workflow may touch."""

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
    database: Database
    engine: VmEngine
    cache: ImageCache
    stores: Mapping[str, ImageStore]  # by region
    uploads: UploadFiles
    disk_files: PageFiles  # what is written page by page, and what is fetched
    fetcher: Fetcher
    clock: Clock
    meter: ProgressMeter
    settings: Settings
    poll_seconds: float = 0.2  # how often a step looks again at something it waits for

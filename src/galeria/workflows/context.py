"""The ports and settings that workflows and reconcilers work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from galeria.actions.core.base_request import BaseRequest
from galeria.domain.settings import Settings
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.files import DiskRoom, Fetcher, PageFiles, UploadFiles
from galeria.ports.images import ImageStore
from galeria.ports.inspection import DiskInspector
from galeria.ports.machines import ImageCache, VmEngine
from galeria.ports.work import Clock, IdGenerator, ProgressMeter, RegionWork, Traffic


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
    inspector: DiskInspector
    clock: Clock
    id_generator: IdGenerator
    meter: ProgressMeter
    settings: Settings
    disk_room: DiskRoom
    regions: frozenset[str] | None = None  # whose work and machines this process looks after; None: of all
    traffic: Traffic | None = None  # the requests that this process answers; None: it answers none
    elsewhere: RegionWork | None = None  # the other processes' regions; None where this process serves all
    poll_seconds: float = 0.2  # seconds between two checks of something that a step waits for

    def serves(self, region: str) -> bool:
        """Tell whether this process does the region's work, and the region's machines are on its computer."""
        return self.regions is None or region in self.regions

    def request(self, uow: UnitOfWork) -> BaseRequest:
        """What actions need, within the transaction `uow`. Nobody asks: a workflow works in no caller's name."""
        return BaseRequest(
            uow=uow,
            clock=self.clock,
            id_generator=self.id_generator,
            settings=self.settings,
            disk_room=self.disk_room,
        )

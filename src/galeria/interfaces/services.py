"""The ports and settings that handlers use, chosen by bootstrap."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.labs.consoles import on_another_computer
from galeria.domain.settings import Settings
from galeria.interfaces.http.request_limits import RequestLimits
from galeria.interfaces.monitoring.observed_requests import RequestObserver
from galeria.interfaces.monitoring.readiness import Readiness
from galeria.interfaces.uploads.slots import ReceivingSlots
from galeria.ports.database import Database
from galeria.ports.files import DiskRoom, PageFiles, UploadFiles
from galeria.ports.images import ImageStore
from galeria.ports.machines import VmEngine
from galeria.ports.other_servers.identity_provider import IdentityProvider
from galeria.ports.relay import MachineComputers, Shells
from galeria.ports.tokens import Tokens
from galeria.ports.work import Clock, IdGenerator, SecretHasher, Starter, Traffic, WrongTries


@dataclass(frozen=True, kw_only=True)
class Services:
    """The ports and settings of one server."""

    database: Database
    clock: Clock
    id_generator: IdGenerator
    secrets: SecretHasher
    wrong_tries: WrongTries
    tokens: Tokens
    starter: Starter
    settings: Settings
    engine: VmEngine
    shells: Shells
    stores: Mapping[str, ImageStore]  # by the name of the region
    uploads: UploadFiles
    disk_files: PageFiles
    disk_room: DiskRoom
    tenant_id: str
    subscription_id: str
    endpoint: str  # https://host:port, without a slash at the end
    readiness: Readiness = field(default_factory=lambda: Readiness({}))  # whether this server has what it needs
    observers: tuple[RequestObserver, ...] = ()  # are told each request
    traffic: Traffic | None = None  # one of them: whom long work for pages gives way to
    computers: MachineComputers | None = None  # whose machines are where; None where there is one computer
    provider: IdentityProvider | None = None  # the external provider for sign-in, where there is one

    def require_here(self, region: str) -> None:
        """Raise OnAnotherComputer where this server does not reach the screens and terminals of the region's machines."""
        other = self.computers.find_other(region) if self.computers else None
        if other:
            raise on_another_computer(other)

    @cached_property
    def request_limits(self) -> RequestLimits:
        """The limits on the rate of requests, with the counts of this server."""
        return RequestLimits(self.settings.request_rates)

    @cached_property
    def receiving_slots(self) -> ReceivingSlots:
        """The slots of everybody who is sending a file now, however it is sent."""
        return ReceivingSlots(each=self.settings.uploads_at_once_per_person, in_all=self.settings.uploads_at_once)

    @cached_property
    def requests(self) -> RequestFactory:
        """Opens the transactions of actions, with a caller and without."""
        return RequestFactory(
            database=self.database,
            clock=self.clock,
            id_generator=self.id_generator,
            settings=self.settings,
            disk_room=self.disk_room,
        )

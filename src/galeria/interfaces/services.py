"""What a door may reach: the ports behind it, chosen by bootstrap."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.domain.settings import Settings
from galeria.ports.database import Database
from galeria.ports.files import PageFiles, UploadFiles
from galeria.ports.identity_provider import IdentityProvider
from galeria.ports.images import ImageStore
from galeria.ports.machines import VmEngine
from galeria.ports.tokens import Tokens
from galeria.ports.work import Clock, IdGenerator, SecretHasher, Starter


@dataclass(frozen=True, kw_only=True)
class Services:
    database: Database
    clock: Clock
    id_generator: IdGenerator
    secrets: SecretHasher
    tokens: Tokens
    starter: Starter
    settings: Settings
    engine: VmEngine
    stores: Mapping[str, ImageStore]  # by region
    uploads: UploadFiles
    disk_files: PageFiles
    tenant_id: str
    subscription_id: str
    endpoint: str  # https://host:port, without a slash at the end
    provider: IdentityProvider | None = None  # where people may sign in as well

    @contextmanager
    def request(self, caller: Caller) -> Iterator[Request]:
        """One transaction for one request: committed when the block ends well, rolled back otherwise."""
        with self.database() as uow:
            yield Request(
                uow=uow, clock=self.clock, id_generator=self.id_generator, settings=self.settings, caller=caller
            )
            uow.commit()

    @contextmanager
    def reading(self, caller: Caller) -> Iterator[Request]:
        """One moment of the database for a request that changes nothing; waits for nobody who writes."""
        with self.database(reading=True) as uow:
            yield Request(
                uow=uow, clock=self.clock, id_generator=self.id_generator, settings=self.settings, caller=caller
            )

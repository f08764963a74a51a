"""Opening requests: each is one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request, with_caller
from galeria.domain.settings import Settings
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.work import Clock, IdGenerator


@dataclass(frozen=True, kw_only=True)
class RequestFactory:
    """Opens transactions for actions, with a caller and without. May be used by several threads."""

    database: Database
    clock: Clock
    id_generator: IdGenerator
    settings: Settings

    @contextmanager
    def writing(self, caller: Caller) -> Iterator[Request]:
        """One transaction for one request: committed when the block ends well, rolled back otherwise."""
        with self.anonymous_writing() as request:
            yield with_caller(request, caller)

    @contextmanager
    def reading(self, caller: Caller) -> Iterator[Request]:
        """One moment of the database for a request that changes nothing; waits for nobody who writes."""
        with self.anonymous_reading() as request:
            yield with_caller(request, caller)

    @contextmanager
    def anonymous_writing(self) -> Iterator[BaseRequest]:
        """Opens a transaction as `writing` does, for a request of nobody in particular."""
        with self.database() as uow:
            yield self._request(uow)
            uow.commit()

    @contextmanager
    def anonymous_reading(self) -> Iterator[BaseRequest]:
        """Opens a read-only transaction as `reading` does, for a request of nobody in particular."""
        with self.database(reading=True) as uow:
            yield self._request(uow)

    def _request(self, uow: UnitOfWork) -> BaseRequest:
        return BaseRequest(uow=uow, clock=self.clock, id_generator=self.id_generator, settings=self.settings)

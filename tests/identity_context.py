"""An installation as after its first start, in a fresh database, with a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request, with_caller
from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.first_start import FirstSecrets, create_first_start
from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.adapters.system import RandomIdGenerator
from galeria.domain.disk_margin import NO_MARGIN
from galeria.domain.settings import Settings
from galeria.ports.database import Database, UnitOfWork

SUBSCRIPTION = "5b4e7c1a-0000-4000-8000-9d5f3c2b1a00"


DISK_ROOM = DataRoom(data=Path("/"), margin=NO_MARGIN)


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass(frozen=True, kw_only=True)
class IdentityContext:
    database: Database
    first: FirstSecrets
    clock: MovedClock = field(default_factory=MovedClock)
    id_generator: RandomIdGenerator = field(default_factory=RandomIdGenerator)
    secrets: ArgonSecretHasher = field(default_factory=lambda: ArgonSecretHasher(passes=1, memory_kib=8, lanes=1))
    scope: str = f"/subscriptions/{SUBSCRIPTION}"
    group: str = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/galeria"

    def caller(self, name: str) -> Caller:
        """As `bearer` makes it, with the roles of this moment."""
        with self.database(reading=True) as uow:
            principal = uow.people.find_by_name(name)
            assert principal is not None
            return Caller(
                principal=principal, assignments=uow.people.assignments(principal.id), correlation_id="a-request"
            )

    @property
    def requests(self) -> RequestFactory:
        return RequestFactory(
            database=self.database,
            clock=self.clock,
            id_generator=self.id_generator,
            settings=Settings(),
            disk_room=DISK_ROOM,
        )

    def base_request(self, uow: UnitOfWork) -> BaseRequest:
        return BaseRequest(
            uow=uow, clock=self.clock, id_generator=self.id_generator, settings=Settings(), disk_room=DISK_ROOM
        )

    def request(self, uow: UnitOfWork, by: str | Caller = "admin") -> Request:
        return with_caller(self.base_request(uow), self.caller(by) if isinstance(by, str) else by)


def first_start(database: Database) -> IdentityContext:
    """As after the first start, in an empty database."""
    first = FirstSecrets(
        password="Admin-password-1", client_id="c0ffee00-0000-4000-8000-000000000001", client_secret="a client's secret"
    )
    context = IdentityContext(database=database, first=first)
    with context.requests.anonymous_writing() as request:
        create_first_start(request, SUBSCRIPTION, first, context.secrets, location="brazilsouth")
    return context

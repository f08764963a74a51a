"""An installation as after its first start, in a fresh database, with a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from galeria.actions.core.caller import Caller
from galeria.actions.people.first_start import FirstSecrets, create_first_start
from galeria.adapters.identity.secrets import ArgonSecretHasher
from galeria.adapters.system import RandomIdGenerator
from galeria.ports.database import Database

SUBSCRIPTION = "5b4e7c1a-0000-4000-8000-9d5f3c2b1a00"


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


def first_start(database: Database) -> IdentityContext:
    """As after the first start, in an empty database."""
    first = FirstSecrets(
        password="Admin-password-1", client_id="c0ffee00-0000-4000-8000-000000000001", client_secret="a client's secret"
    )
    context = IdentityContext(database=database, first=first)
    with database() as uow:
        create_first_start(
            uow, context.secrets, context.clock, context.id_generator, SUBSCRIPTION, first, location="brazilsouth"
        )
        uow.commit()
    return context

"""A whole class claims machines at the same moment: everybody gets one, no machine is given twice, and who is too many is told.

On PostgreSQL each of several factories of requests stands for a process: their turns do not know of each other.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.actions.core.caller import Caller
from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.rosters.machine_claims import join_lab
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.system import RandomIdGenerator, SystemClock
from galeria.domain.disk_margin import DiskMargin
from galeria.domain.errors import Collision, Conflict
from galeria.domain.labs.labs import Lab, MachineKind
from galeria.domain.settings import Settings
from galeria.domain.states import MachineState

from . import samples

CODE = "abcdefghij"
PROCESSES = {"sqlite": 1, "postgresql": 2}


def published_lab(db: SqlDatabase, *, machines: int, capacity: int) -> Lab:
    gallery, account = samples.gallery(), samples.account()
    image = samples.definition(gallery)
    version = samples.version(image)
    lab = samples.lab(
        account, version, registration_code=CODE, open_access=True, capacity=capacity, published_at=samples.NOW
    )
    with db() as uow:
        uow.add_subscription(samples.subscription())
        uow.galleries.add(gallery)
        uow.accounts.add(account)
        uow.flush()
        uow.definitions.add(image)
        uow.versions.add(version)
        uow.labs.add(lab)
        uow.flush()
        for number in range(machines):
            own = {"kind": MachineKind.USER, "name": f"vm{number}", "state": MachineState.STOPPED}
            uow.machines.add(samples.machine(lab, 22001 + number, **own))
        uow.commit()
    return lab


def people(db: SqlDatabase, count: int) -> list[Caller]:
    made = [samples.principal(f"student{number}") for number in range(count)]
    with db() as uow:
        for each in made:
            uow.people.add(each)
        uow.commit()
    return [Caller(principal=each, assignments=[]) for each in made]


def factory(db: SqlDatabase) -> RequestFactory:
    return RequestFactory(
        database=db,
        clock=SystemClock(),
        id_generator=RandomIdGenerator(),
        settings=Settings(),
        disk_room=DataRoom(data=Path("."), margin=DiskMargin()),
    )


def claim_all(db: SqlDatabase, engine: sa.Engine, callers: list[Caller]) -> Counter[str]:
    """How often each machine was given, and each error was told."""
    processes = [factory(db) for _ in range(PROCESSES[engine.dialect.name])]

    def claim(number: int) -> str:
        try:
            turns = processes[number % len(processes)]
            return turns.in_turn(callers[number], lambda request: join_lab(request, CODE)).name
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(len(callers)) as threads:
        return Counter(threads.map(claim, range(len(callers))))


@pytest.mark.parametrize(
    ("machines", "capacity"),
    [(11, 12), (12, 11), pytest.param(399, 399, marks=pytest.mark.slow)],
    ids=["too few machines", "too small a capacity", "400 at once"],
)
def test_one_too_many_at_once_is_told_and_no_machine_is_given_twice(
    db: SqlDatabase, engine: sa.Engine, machines: int, capacity: int
) -> None:
    lab, places = published_lab(db, machines=machines, capacity=capacity), min(machines, capacity)

    given = claim_all(db, engine, people(db, places + 1))

    assert given.pop("LabIsFull") == 1
    assert set(given.values()) == {1}
    assert len(given) == places
    with db(reading=True) as uow:
        claims = [each.claimed_by for each in uow.machines.of_lab(lab.id) if each.claimed_by]
        assert sorted(claims) == sorted(each.id for each in uow.lab_users.of_lab(lab.id))
        assert len(set(claims)) == places


def test_the_same_person_in_two_windows_gets_one_machine(db: SqlDatabase, engine: sa.Engine) -> None:
    published_lab(db, machines=5, capacity=5)
    (caller,) = people(db, 1)

    given = claim_all(db, engine, [caller] * 8)

    assert list(given.values()) == [8]


def test_the_database_itself_keeps_addresses_people_and_machines_apart(db: SqlDatabase) -> None:
    lab = published_lab(db, machines=2, capacity=5)
    first, second = (each.principal for each in people(db, 2))
    user = samples.lab_user(lab, "ana@example.org", principal_id=first.id)
    with db() as uow:
        uow.lab_users.add(user)
        uow.commit()
    for other in (
        samples.lab_user(lab, "Ana@example.org", principal_id=second.id),
        samples.lab_user(lab, "bia@example.org", principal_id=first.id),
    ):
        with db() as uow:
            uow.lab_users.add(other)
            with pytest.raises(Collision, match="This lab user exists already"):
                uow.flush()
    with db() as uow:
        for each in uow.machines.of_lab(lab.id):
            each.claimed_by = user.id
        with pytest.raises(Collision, match="has claimed this machine"):
            uow.flush()
    with db() as uow:  # who has not registered is nobody yet, however many they are
        uow.lab_users.add(samples.lab_user(lab, "caio@example.org"))
        uow.lab_users.add(samples.lab_user(lab, "davi@example.org"))
        uow.commit()

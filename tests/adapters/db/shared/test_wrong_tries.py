"""Guessing gets slower, alike in the memory of a server alone and in the database of several, whose counts are one."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from galeria.adapters.db import wrong_tries as database_tries
from galeria.adapters.db.tables.sign_in_tables import wrong_tries
from galeria.adapters.db.wrong_tries import DatabaseTries
from galeria.adapters.identity.memory_tries import MemoryTries
from galeria.ports.work import WrongTries
from tests.identity_context import MovedClock
from tests.questions import counted

SECRET = b"s" * 32


class Counts:
    """`move` lets time go by."""

    def __init__(self, tries: WrongTries, move: Callable[[float], None]) -> None:
        self.tries, self.move = tries, move

    def blocked_after(self, *, wrong: int, key: str = "ana") -> int:
        for _ in range(wrong):
            self.tries.count(key, limit=5)
        return self.tries.blocked_seconds(key)


@pytest.fixture(params=["memory", pytest.param("database", marks=pytest.mark.system)])
def counts(request: pytest.FixtureRequest) -> Counts:
    if request.param == "memory":
        clock = MovedClock()
        return Counts(MemoryTries(clock), lambda seconds: clock.move(seconds=seconds))
    engine: sa.Engine = request.getfixturevalue("copied_postgresql")
    return Counts(DatabaseTries(engine, SECRET), lambda seconds: put_back(engine, seconds))


def put_back(engine: sa.Engine, seconds: float) -> None:
    """The database's clock cannot be moved: all that stands in the table is so much older instead."""
    by, columns = sa.literal(timedelta(seconds=seconds), sa.Interval), wrong_tries.c
    older = {"blocked_until": columns.blocked_until - by, "forgotten_at": columns.forgotten_at - by}
    with engine.begin() as connection:
        connection.execute(sa.update(wrong_tries).values(older))


def test_blocks_double_up_to_a_quarter_of_an_hour(counts: Counts) -> None:
    for _ in range(4):
        assert counts.blocked_after(wrong=1) == 0
    spans = []
    for _ in range(14):
        spans.append(counts.blocked_after(wrong=1))
        counts.move(spans[-1])
        assert counts.blocked_after(wrong=0) == 0
    assert spans == [10, 20, 40, 80, 160, 320, 640, *[900] * 7]


def test_wrong_tries_are_forgotten_after_five_minutes(counts: Counts) -> None:
    for _ in range(20):
        assert counts.blocked_after(wrong=1) == 0
        counts.move(76)  # four of them within five minutes


def test_five_minutes_after_a_block_all_is_forgotten(counts: Counts) -> None:
    counts.move(counts.blocked_after(wrong=8) + 301)
    assert counts.blocked_after(wrong=4) == 0
    assert counts.blocked_after(wrong=1) == 10


def test_shortly_after_a_block_the_next_wrong_try_blocks_longer(counts: Counts) -> None:
    counts.move(counts.blocked_after(wrong=5) + 290)
    assert counts.blocked_after(wrong=1) == 20


def test_a_clock_that_is_set_back_keeps_nobody_out(counts: Counts) -> None:
    assert counts.blocked_after(wrong=5) == 10
    counts.move(-86_400)
    assert counts.blocked_after(wrong=0) == 0


def test_any_of_several_keys_blocks_and_the_longest_one_is_told(counts: Counts) -> None:
    counts.blocked_after(wrong=5, key="ana")
    counts.blocked_after(wrong=6, key="rui")
    assert counts.tries.blocked_seconds("eva", "ana") == 10
    assert counts.tries.blocked_seconds("ana", "eva", "rui") == 20
    counts.tries.forget("rui")
    counts.tries.forget("rui")
    assert counts.tries.blocked_seconds("rui") == 0
    assert counts.blocked_after(wrong=4, key="rui") == 0


@pytest.mark.system
def test_servers_count_together_also_at_the_same_moment(copied_postgresql: sa.Engine) -> None:
    servers = [DatabaseTries(copied_postgresql, SECRET) for _ in range(5)]
    for each in servers[:4]:
        each.count("ana", limit=5)
    assert servers[4].blocked_seconds("ana") == 0
    servers[4].count("ana", limit=5)
    assert {each.blocked_seconds("ana") for each in servers} == {10}

    guesses = [threading.Thread(target=each.count, args=("rui",), kwargs={"limit": 50}) for each in servers * 10]
    for guess in guesses:
        guess.start()
    for guess in guesses:
        guess.join()
    assert {each.blocked_seconds("rui") for each in servers} == {10}
    with copied_postgresql.connect() as connection:
        assert sorted(connection.scalars(sa.select(wrong_tries.c.failures))) == [5, 50]


@pytest.mark.system
def test_no_key_can_be_read_or_guessed_from_the_table(copied_postgresql: sa.Engine) -> None:
    """Many people type their password where the name belongs."""
    DatabaseTries(copied_postgresql, SECRET).count("name User/my-secret", limit=5)
    DatabaseTries(copied_postgresql, b"t" * 32).count("name User/my-secret", limit=5)
    with copied_postgresql.connect() as connection:
        ids = list(connection.scalars(sa.select(wrong_tries.c.id)))
    assert len(set(ids)) == 2
    assert all(set(each) <= set("0123456789abcdef") and len(each) == 32 for each in ids)


@pytest.mark.system
def test_what_counts_no_more_is_removed(copied_postgresql: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = DatabaseTries(copied_postgresql, SECRET)
    for number in range(20):
        tries.count(f"name-{number}", limit=5)
    put_back(copied_postgresql, 301)
    monkeypatch.setattr(database_tries, "CLEARED_EVERY", 0)
    tries.count("ana", limit=5)
    with copied_postgresql.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(wrong_tries)) == 1


@pytest.mark.system
def test_a_wrong_try_is_one_statement_and_a_right_one_writes_nothing(copied_postgresql: sa.Engine) -> None:
    tries = DatabaseTries(copied_postgresql, SECRET)
    tries.count("ana", limit=5)  # which also looks for old rows
    with counted() as wrong:
        tries.count("ana", limit=5)
    assert [each.split()[0] for each in wrong if "set_config" not in each] == ["INSERT"]
    with counted() as right:
        tries.blocked_seconds("rui", "eva")
        tries.forget("rui")
    assert [each.split()[0] for each in right if "set_config" not in each] == ["SELECT", "DELETE"]

"""Processes that share a PostgreSQL database: who does not show that he lives is given up, and changes nothing afterwards."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from typing import Protocol

import psycopg
import pytest
import sqlalchemy as sa

from galeria.adapters.db import engine as engine_module
from galeria.adapters.db import processes as processes_module
from galeria.adapters.db.engine import session_name
from galeria.adapters.db.leases import DatabaseLeases
from galeria.adapters.db.processes import ProcessKind, RegisteredProcess
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.tables.process_tables import leases, processes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.errors import Unavailable
from tests.waiting import until

from . import samples

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


class GivenUpError(Exception):
    """Instead of the process's end."""


class Member:
    """A process as others see it, within the tests' process."""

    def __init__(self, engine: sa.Engine, *, is_silent: bool) -> None:
        self.is_given_up = threading.Event()
        self.process = RegisteredProcess(
            engine.url, kind=ProcessKind.WORKER, regions=["brazilsouth"], give_up=self._give_up
        )
        if is_silent:
            self.process.register()
        else:
            self.process.start()
        self.database = SqlDatabase(engine, self.process.fence)
        self.leases = DatabaseLeases(engine, self.process.fence)

    def _give_up(self) -> None:
        self.is_given_up.set()
        raise GivenUpError


class NewMember(Protocol):
    def __call__(self, *, is_silent: bool = False) -> Member: ...


@pytest.fixture
def new_member(copied_postgresql: sa.Engine) -> Iterator[NewMember]:
    map_classes()
    made: list[Member] = []

    def make(*, is_silent: bool = False) -> Member:
        made.append(Member(copied_postgresql, is_silent=is_silent))
        return made[-1]

    yield make
    for each in made:
        each.process.stop()


def be_silent(engine: sa.Engine, member: Member) -> None:
    """As if the member had shown nothing for long."""
    with engine.begin() as connection:
        long_ago = sa.func.clock_timestamp() - sa.text("interval '1 minute'")
        connection.execute(sa.update(processes).where(processes.c.id == member.process.id).values(beat_at=long_ago))


def test_a_silent_process_is_given_up_and_changes_nothing_any_more(
    copied_postgresql: sa.Engine, new_member: NewMember
) -> None:
    silent, other = new_member(is_silent=True), new_member()
    held = silent.leases.find("store:brazilsouth", exclusive=False)
    assert held
    with silent.database() as unit:
        unit.galleries.add(samples.gallery())
        unit.commit()
    be_silent(copied_postgresql, silent)
    until(lambda: other.process.living() == {other.process.id}, "the other one has given it up")
    assert other.leases.find("store:brazilsouth", exclusive=True), "its lease went with it"
    with pytest.raises(GivenUpError), silent.database():
        raise AssertionError("it may write")
    with pytest.raises(GivenUpError):
        silent.leases.find("store:northeurope", exclusive=False)


def test_whoever_is_in_the_middle_of_a_transaction_is_not_given_up_before_its_end(
    copied_postgresql: sa.Engine, new_member: NewMember
) -> None:
    slow, other = new_member(is_silent=True), new_member()
    with slow.database() as unit:
        be_silent(copied_postgresql, slow)
        seen = beat_of(copied_postgresql, other)
        until(lambda: beat_of(copied_postgresql, other) > seen, "the other one goes on meanwhile")
        assert slow.process.id in other.process.living()
        unit.galleries.add(samples.gallery())
        unit.commit()
    until(lambda: slow.process.id not in other.process.living(), "it is given up now")


def test_whoever_is_stopped_within_a_pipeline_of_statements_is_given_up_too(
    copied_postgresql: sa.Engine, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL counts no silence there, and the process's row stays held."""
    monkeypatch.setattr(processes_module, "GIVEN_UP", 3.0)
    stopped, other = new_member(is_silent=True), new_member()
    name = session_name(socket.gethostname(), os.getpid())
    url = copied_postgresql.url.set(drivername="postgresql").render_as_string(hide_password=False)
    line = psycopg.connect(url, application_name=name)
    with closing(line), suppress(psycopg.OperationalError), line.pipeline():
        line.execute("SELECT set_config('idle_in_transaction_session_timeout', '1000', true)")
        row = "SELECT id FROM processes WHERE id = %s FOR KEY SHARE"
        assert line.execute(row, [stopped.process.id]).fetchone() == (stopped.process.id,)
        be_silent(copied_postgresql, stopped)
        until(lambda: stopped.process.id not in other.process.living(), "it is given up")
        with pytest.raises(psycopg.OperationalError):
            line.execute("SELECT 1").fetchone()


def test_a_long_transaction_does_not_hold_up_the_signs_of_life(
    copied_postgresql: sa.Engine, new_member: NewMember
) -> None:
    member = new_member()
    with member.database():
        seen = beat_of(copied_postgresql, member)
        until(lambda: beat_of(copied_postgresql, member) > seen, "it shows that it lives")


def test_a_session_that_the_server_has_ended_is_opened_anew_before_the_process_must_end(
    copied_postgresql: sa.Engine, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes_module, "BEAT", 3.0)
    monkeypatch.setattr(processes_module, "SELF_END", 5.5)  # before the next regular sign of life
    member = new_member()
    seen = beat_of(copied_postgresql, member)
    with copied_postgresql.connect() as connection:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ''"
        mine = " AND datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.execute(sa.text(ended + mine)).all(), "it has a session of its own"
    until(lambda: beat_of(copied_postgresql, member) > seen, "it shows that it lives")
    assert not member.is_given_up.is_set()


def test_others_that_are_hard_to_give_up_do_not_hold_up_the_signs_of_life(
    copied_postgresql: sa.Engine, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, is_over = threading.Event(), threading.Event()

    def give_up_silent(_: RegisteredProcess) -> None:
        is_asked.set()
        is_over.wait(60)

    monkeypatch.setattr(RegisteredProcess, "_give_up_silent", give_up_silent)
    member = new_member()
    assert is_asked.wait(30)
    try:
        seen = beat_of(copied_postgresql, member)
        until(lambda: beat_of(copied_postgresql, member) > seen, "it shows that it lives")
    finally:
        is_over.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_process_that_the_others_have_given_up_ends_itself(
    copied_postgresql: sa.Engine, new_member: NewMember
) -> None:
    member = new_member()
    with copied_postgresql.begin() as connection:
        connection.execute(sa.update(processes).values(ended_at=sa.func.clock_timestamp()))
    assert member.is_given_up.wait(30)


def test_leases_are_shared_or_held_alone(copied_postgresql: sa.Engine, new_member: NewMember) -> None:
    one, other = new_member(), new_member()
    first, second = one.leases.find("s", exclusive=False), other.leases.find("s", exclusive=False)
    assert first
    assert second
    assert one.leases.find("s", exclusive=True) is None
    assert one.leases.find("t", exclusive=True), "another name has nothing to do with it"
    one.leases.give_back(first)
    one.leases.give_back(first)
    assert one.leases.find("s", exclusive=True) is None, "the other one still has it"
    other.leases.give_back(second)
    alone = one.leases.find("s", exclusive=True)
    assert alone
    assert other.leases.find("s", exclusive=False) is None
    assert one.leases.find("s", exclusive=False) is None
    with copied_postgresql.connect() as connection:
        assert set(connection.scalars(sa.select(leases.c.name))) == {"s", "t"}


def test_a_goodbye_frees_everything_within_seconds(new_member: NewMember) -> None:
    leaving, other = new_member(), new_member()
    assert leaving.leases.find("s", exclusive=True)
    leaving.process.stop()
    assert leaving.process.id in other.process.living(), "its last steps may still be running"
    until(lambda: other.leases.find("s", exclusive=True) is not None, "the lease is free", seconds=10)


def test_a_writer_that_waits_too_long_is_told_so(new_member: NewMember, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = new_member(), new_member()
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT", 50)
    with one.database(), pytest.raises(Unavailable, match="The database is busy") as told, other.database():
        pass
    assert told.value.hint


def beat_of(engine: sa.Engine, member: Member) -> datetime:
    with engine.connect() as connection:
        asked = sa.select(processes.c.beat_at).where(processes.c.id == member.process.id)
        found: datetime = connection.execute(asked).scalar_one()
    return found


def test_a_region_s_machines_are_where_its_worker_is_or_was_last(
    copied_postgresql: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = RegisteredProcess(copied_postgresql.url, kind=ProcessKind.SERVER)
    asking.register()
    assert asking.find_other_host("brazilsouth") is None  # nobody knows
    with monkeypatch.context() as there:
        there.setattr(socket, "gethostname", lambda: "there")
        other = RegisteredProcess(copied_postgresql.url, kind=ProcessKind.WORKER, regions=["brazilsouth"])
        other.register()
    assert asking.find_other_host("brazilsouth") == "there"
    assert asking.find_other_host("brazilsoutheast") is None
    with copied_postgresql.begin() as connection:
        ended = sa.update(processes).where(processes.c.id == other.id).values(ended_at=sa.func.clock_timestamp())
        connection.execute(ended)
    assert asking.find_other_host("brazilsouth") == "there"  # it comes back there
    here = RegisteredProcess(copied_postgresql.url, kind=ProcessKind.WORKER, regions=["brazilsouth"])
    here.register()
    assert asking.find_other_host("brazilsouth") is None
    for each in (asking, other, here):
        each.stop()

"""What a unit of work promises, whatever it holds."""

import socket
import weakref
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.errors import Conflict, GaleriaError, NotFound, Unavailable
from galeria.domain.messages import Message
from galeria.domain.states import LabState, ProvisioningState

from . import samples


def contents(thing: Any) -> dict[str, Any]:
    return {field.name: getattr(thing, field.name) for field in fields(thing)}


def test_what_is_not_committed_is_gone(db: SqlDatabase) -> None:
    with db() as unit:
        unit.galleries.add(samples.gallery())
        unit.flush()
    with db(reading=True) as unit:
        assert unit.galleries.below("") == []


def test_an_error_inside_takes_everything_back(db: SqlDatabase) -> None:
    def fail() -> None:
        with db() as unit:
            unit.galleries.add(samples.gallery())
            unit.flush()
            raise Unavailable(Message("The world failed."))

    with pytest.raises(Unavailable):
        fail()
    with db(reading=True) as unit:
        assert unit.galleries.below("") == []


def test_a_database_that_takes_the_connection_and_says_nothing_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = make_engine(f"postgresql://somebody@127.0.0.1:{silent.getsockname()[1]}/galeria?sslmode=disable")
        with pytest.raises(Unavailable, match="does not work"), SqlDatabase(engine)(reading=True):
            pass
        engine.dispose()


def test_a_process_whose_connections_are_all_in_use_says_that_the_database_is_busy(tmp_path: Path) -> None:
    engine = sa.create_engine(
        f"sqlite:///{tmp_path}/one.db", poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.1
    )
    with engine.connect(), pytest.raises(Unavailable, match="busy"), SqlDatabase(engine)(reading=True):
        pass
    engine.dispose()


@pytest.mark.parametrize("reading", [False, True])
def test_objects_stay_usable_after_the_unit(db: SqlDatabase, reading: bool) -> None:
    gallery = samples.gallery(tags={"course": "algebra"})
    with db() as unit:
        unit.galleries.add(gallery)
        unit.commit()
    assert gallery.name == "Images"
    with db(reading=reading) as unit:
        found = unit.galleries.get(gallery.id)
    assert (found.name, found.tags, found.state) == ("Images", {"course": "algebra"}, ProvisioningState.SUCCEEDED)


def test_everything_comes_back_as_it_was_put_in(db: SqlDatabase) -> None:
    gallery = samples.gallery(description="Imagens – ótimas", tags={"a": "é"})
    definition = samples.definition(gallery)
    version = samples.version(definition, accounts=["student"], end_of_life=samples.NOW, exclude_from_latest=True)
    account = samples.account(gallery_id=gallery.id, allowed_regions=["brazilsouth"])
    lab = samples.lab(account, version, lab_state=LabState.PUBLISHED)
    machine = samples.machine(lab, retire_accounts=["root"], layer="l1")
    operation = samples.operation(stored_inputs={"sizes": [1, 2], "deep": {"a": None}})
    before = [contents(thing) for thing in (gallery, definition, version, account, lab, machine, operation)]
    with db() as unit:
        unit.machines.add(machine)  # before what it belongs to: the order does not matter
        unit.labs.add(lab)
        unit.accounts.add(account)
        unit.versions.add(version)
        unit.definitions.add(definition)
        unit.galleries.add(gallery)
        unit.operations.add(operation)
        unit.commit()
    with db(reading=True) as unit:
        after = [
            contents(unit.galleries.get(gallery.id)),
            contents(unit.definitions.get(definition.id)),
            contents(unit.versions.get(version.id)),
            contents(unit.accounts.get(account.id)),
            contents(unit.labs.get(lab.id)),
            contents(unit.machines.get(machine.id)),
            contents(unit.operations.get(operation.id)),
        ]
    assert after == before
    assert [type(value) for value in after[4].values() if isinstance(value, LabState)] == [LabState]


def test_times_come_back_in_utc(db: SqlDatabase) -> None:
    brasilia = timezone(timedelta(hours=-3))
    gallery = samples.gallery(created_at=datetime(2026, 11, 23, 6, 30, tzinfo=brasilia))
    with db() as unit:
        unit.galleries.add(gallery)
        unit.commit()
    with db(reading=True) as unit:
        found = unit.galleries.get(gallery.id).created_at
    assert found == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(db: SqlDatabase) -> None:
    with db() as unit:
        unit.galleries.add(samples.gallery(created_at=samples.NOW.replace(tzinfo=None)))
        with pytest.raises((GaleriaError, sa.exc.StatementError), match="has no zone"):
            unit.flush()


def test_changes_inside_dicts_and_lists_are_kept(db: SqlDatabase) -> None:
    version = samples.version(samples.definition(samples.gallery()))
    with db() as unit:
        unit.versions.add(version)
        unit.commit()
    with db() as unit:
        found = unit.versions.get(version.id)
        found.tags["new"] = "yes"
        found.accounts.append("student")
        unit.commit()
    with db(reading=True) as unit:
        found = unit.versions.get(version.id)
    assert (found.tags, found.accounts) == ({"new": "yes"}, ["student"])


def test_what_is_read_makes_the_garbage_collector_little_work(db: SqlDatabase) -> None:
    version = samples.version(samples.definition(samples.gallery()), tags={"a": "b"}, accounts=["student"])
    with db() as unit:
        unit.versions.add(version)
        unit.commit()

    with db(reading=True) as unit:
        found = unit.versions.get(version.id)
        assert (found.tags, found.accounts) == ({"a": "b"}, ["student"])
        held = [each for value in (found.tags, found.accounts) for each in vars(value).values()]
        assert held, "each knows its row"
        assert not any(isinstance(each, weakref.WeakKeyDictionary) for each in held)


def test_queries_see_what_was_added_and_changed_before(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    with db() as unit:
        unit.galleries.add(gallery)
        assert unit.galleries.find(gallery.id) is gallery
        assert unit.galleries.find_by_key(gallery.key) is gallery


def test_what_is_missing_is_named(db: SqlDatabase) -> None:
    with db(reading=True) as unit:
        assert unit.galleries.find("x") is None
        assert unit.galleries.find_by_key("x") is None
        with pytest.raises(NotFound, match="The gallery 'x' was not found") as by_id:
            unit.galleries.get("x")
        with pytest.raises(NotFound, match=r"The image version '1\.0\.0' was not found") as by_key:
            unit.versions.get_by_key("/subscriptions/s/versions/1.0.0")
    assert by_id.value.code == by_key.value.code == "ResourceNotFound"
    assert by_id.value.hint


def test_a_key_is_given_once(db: SqlDatabase) -> None:
    with db() as unit:
        unit.definitions.add(samples.definition(samples.gallery()))
        unit.definitions.add(samples.definition(samples.gallery()))
        with pytest.raises(Conflict, match="This image definition exists already") as told:
            unit.flush()
    assert told.value.hint


def test_the_second_of_two_is_refused_at_a_query_too(db: SqlDatabase) -> None:
    with db() as unit:
        unit.galleries.add(samples.gallery())
        unit.flush()
        unit.galleries.add(samples.gallery())
        with pytest.raises(Conflict, match="This gallery exists already"):
            unit.galleries.below("")


def test_what_was_removed_can_be_made_again_at_once(db: SqlDatabase) -> None:
    old, new = samples.gallery(), samples.gallery()
    with db() as unit:
        unit.galleries.add(old)
        unit.commit()
        unit.galleries.remove(old)
        unit.galleries.add(new)
        unit.commit()
    with db(reading=True) as unit:
        assert unit.galleries.get_by_key(new.key).id == new.id


def test_what_something_stands_on_cannot_be_removed(db: SqlDatabase) -> None:
    gallery = samples.gallery()
    with db() as unit:
        unit.galleries.add(gallery)
        unit.definitions.add(samples.definition(gallery))
        unit.commit()
    with db() as unit:
        unit.galleries.remove(unit.galleries.get(gallery.id))
        with pytest.raises(Conflict, match="still uses"):
            unit.commit()


def test_a_reading_unit_changes_nothing(db: SqlDatabase) -> None:
    with db(reading=True) as unit:
        unit.galleries.add(samples.gallery())
        with pytest.raises(GaleriaError, match="opened for reading"):
            unit.flush()
    with db(reading=True) as unit, pytest.raises(GaleriaError, match="opened for reading"):
        unit.commit()

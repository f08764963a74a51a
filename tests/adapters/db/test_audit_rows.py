"""The activity log is searched below keys, newest first."""

from datetime import timedelta
from typing import Any

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.audit import AuditSearch

from . import samples


def test_events_are_searched_newest_first_below_keys(db: SqlDatabase) -> None:
    group, other = samples.GROUP.lower(), f"{samples.GROUP.lower()}2"
    with db() as unit:
        for number, scope in enumerate(
            (group, f"{group}/providers/x/y/z", f"{group}/providers/x/y/z2", other, "/else")
        ):
            unit.audit.add(samples.event(scope, at=samples.NOW + timedelta(seconds=number), detail=str(number)))
        unit.commit()

    def found(*scopes: str, offset: int = 0, limit: int = 9, **wanted: Any) -> str:
        with db(reading=True) as unit:
            events = unit.audit.search(scopes, AuditSearch(**wanted), offset=offset, limit=limit)
        return "".join(each.detail for each in events)

    assert found() == ""
    assert (found(group), found(other), found(group, other)) == ("210", "3", "3210")
    assert (found(f"{group}/providers/x/y/z"), found(f"{group}/providers/x/y/z", other)) == ("1", "31")
    assert (found(group, other, limit=3), found(group, other, offset=3, limit=3)) == ("321", "0")
    assert found(group, since=samples.NOW + timedelta(seconds=1), until=samples.NOW + timedelta(seconds=2)) == "1"


def test_more_keys_than_one_statement_holds_are_searched_too(db: SqlDatabase) -> None:
    """As of somebody who owns a thousand labs."""
    keys = [f"{samples.GROUP.lower()}/providers/microsoft.labservices/labs/lab-{number}" for number in range(1000)]
    with db() as unit:
        for number in range(0, 1000, 10):
            at = samples.NOW + timedelta(seconds=number * 7 % 1000)
            unit.audit.add(samples.event(f"{keys[number]}/virtualmachines/template", at=at))
        unit.audit.add(samples.event(samples.GROUP, at=samples.NOW + timedelta(days=1)))
        unit.commit()
    with db(reading=True) as unit:
        pages = [unit.audit.search(keys, AuditSearch(), offset=offset, limit=40) for offset in (0, 40, 80)]
    times = [each.at for page in pages for each in page]
    assert [len(page) for page in pages] == [40, 40, 20]
    assert times == sorted(times, reverse=True)
    assert len({each.scope for page in pages for each in page}) == 100


def test_events_are_found_by_person_action_resource_and_request(db: SqlDatabase) -> None:
    with db() as unit:
        unit.audit.add(samples.event(f"{samples.GROUP}/providers/x/y/100%_a", principal_name="Ana.Souza", detail="a"))
        unit.audit.add(samples.event(f"{samples.GROUP}/providers/x/y/100ab", action="X/Delete", detail="b"))
        bob = samples.principal("bob", display_name="Érica 100%")
        unit.people.add(bob)
        unit.audit.add(
            samples.event(samples.GROUP, correlation_id="one", principal_name="bob", principal_id=bob.id, detail="c")
        )
        unit.commit()

    def found(**wanted: Any) -> set[str]:
        with db(reading=True) as unit:
            events = unit.audit.search([samples.GROUP.lower()], AuditSearch(**wanted), offset=0, limit=9)
        return {each.detail for each in events}

    assert (found(person="SOUZA"), found(person="ana"), found(person="_")) == ({"a"}, {"a", "b"}, set())
    assert (found(person="BOB"), found(person="Érica"), found(person="rica 100%"), found(person="x")) == (
        *[{"c"}] * 3,
        set(),
    )
    assert (found(action="x/DELETE"), found(action="x")) == ({"b"}, set())
    assert (found(resource="/Y/100"), found(resource="100%_"), found(resource="_")) == ({"a", "b"}, {"a"}, {"a"})
    assert (found(correlation_id="one"), found(correlation_id="one", person="ana")) == ({"c"}, set())


def test_keys_are_given_back_as_their_owners_spelled_them(db: SqlDatabase) -> None:
    gallery = samples.gallery("Images")
    with db() as unit:
        unit.galleries.add(gallery)
        unit.commit()
    with db(reading=True) as unit:
        assert unit.galleries.spelled([gallery.key, gallery.key + "2"]) == {gallery.key: gallery.resource_id}
        assert unit.galleries.spelled([]) == {}

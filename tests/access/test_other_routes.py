"""Every page, form, stream, upload and screen, called as everybody, against the table of access."""

from collections.abc import Iterator

import pytest

from galeria.domain.people.roles import ROLES
from tests.access.evaluator import Given
from tests.access.expectations import Roles, expected_of_page
from tests.access.page_requests import SOCKETS, Place, places, send
from tests.access.rows import ANYONE, ANYWHERE, SCOPES, SECRET, SIBLINGS, Row
from tests.access.table_pages import OTHERS
from tests.access.world import World
from tests.interfaces.arm.served import GROUP, SUB

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def by_name(world: World) -> dict[str, Place]:
    return {place.name: place for place in places(world.app.routes)}


def held(row: Row, role: str) -> Iterator[Roles]:
    home = SCOPES.get(row.home, SUB)
    for scope in dict.fromkeys((SUB, home)):
        yield (Given(role=role, scope=scope),)
    if role in ("Owner", "Reader"):
        yield (Given(role=role, scope=GROUP),)
        yield (Given(role=role, scope=SIBLINGS.get(row.home, SIBLINGS["group"])),)
    if len({each.scope for each in row.rights}) > 1:
        yield tuple(Given(role=role, scope=scope) for scope in dict.fromkeys(each.scope for each in row.rights))


def wrong_answers(world: World, by_name: dict[str, Place], calls: dict[Roles, list[Row]]) -> list[str]:
    wrong = []
    for given, rows in calls.items():
        world.give(given)
        for row in rows:
            answer, refused = send(world, row, by_name[row.route]), expected_of_page(row, given)
            got = answer.status
            if got not in refused if refused else got >= 400 and got not in row.also:
                wrong.append(f"{row.route} {given}: {got}, not {refused}")
    return wrong


def test_every_route_has_a_row_and_every_row_a_route(by_name: dict[str, Place]) -> None:
    assert {each.route for each in OTHERS} == set(by_name)


def test_strangers_get_what_is_everybodys(world: World, by_name: dict[str, Place]) -> None:
    for row in OTHERS:
        answer = send(world, row, by_name[row.route], signed_in=False)
        if row.kind in (ANYONE, SECRET):
            assert answer.status < 500, row.route
        elif row.route in SOCKETS:
            assert answer.status == 4401
        elif row.route.startswith("web_"):
            place = answer.headers["location"]
            is_home = row.route == "web_home" and place == "/labs"
            assert answer.status == 303, row.route
            assert is_home or place.startswith("/sign-in"), row.route
        else:
            assert answer.status == 401, (row.route, answer.text)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_the_table_says_where_it_was_given(
    world: World, by_name: dict[str, Place], role: str
) -> None:
    calls: dict[Roles, list[Row]] = {}
    for row in OTHERS:
        if row.rights or row.kind == ANYWHERE:
            for given in held(row, role):
                calls.setdefault(given, []).append(row)
    wrong = wrong_answers(world, by_name, calls)
    assert not wrong, "\n".join(wrong)


def test_without_a_role_only_what_is_everybodys_is_open(world: World, by_name: dict[str, Place]) -> None:
    wrong = wrong_answers(world, by_name, {(): list(OTHERS)})
    assert not wrong, "\n".join(wrong)


def test_an_owner_opens_nobody_elses_uploads_and_no_secret(world: World, by_name: dict[str, Place]) -> None:
    rows = [each for each in OTHERS if not each.rights]
    wrong = wrong_answers(world, by_name, {(Given(role="Owner", scope=SUB),): rows})
    assert not wrong, "\n".join(wrong)

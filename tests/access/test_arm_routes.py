"""Every route of the REST API, called as everybody, against the table of access."""

from collections.abc import Iterator

import pytest

from galeria.domain.people.roles import ROLES
from galeria.interfaces.app import ROUTES
from tests.access.arm_requests import BY_NAME, body_of, path_of
from tests.access.evaluator import Given
from tests.access.expectations import Roles, expected_of_arm
from tests.access.rows import SCOPES, SIBLINGS, Row
from tests.access.table_arm import ARM
from tests.access.world import World
from tests.interfaces.arm.served import GROUP, SUB

pytestmark = pytest.mark.slow


def held(row: Row, role: str) -> Iterator[Roles]:
    """The role on each of the scopes that matter: above what the row is about, there, and beside it."""
    home = SCOPES.get(row.home, SUB)
    for scope in dict.fromkeys((SUB, GROUP, home, SIBLINGS.get(row.home, SIBLINGS["group"]))):
        yield (Given(role=role, scope=scope),)
    if len({each.scope for each in row.rights}) > 1:
        yield tuple(Given(role=role, scope=each.scope) for each in row.rights)


def wrong_answers(world: World, calls: dict[Roles, list[Row]]) -> list[str]:
    """Call each row with each set of roles; returns what was answered otherwise than the table says."""
    wrong = []
    for given, rows in calls.items():
        world.give(given)
        for row in rows:
            answer = world.ask(BY_NAME[row.route].method, path_of(world, row), body_of(world, row))
            refused, got = expected_of_arm(row, given), answer.status
            if got != refused if refused else got >= 400 and got not in row.also:
                wrong.append(f"{row.route} {dict(row.names)} {given}: {got}, not {refused}: {answer.text[:200]}")
    return wrong


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert {each.route for each in ARM} == {each.name for each in ROUTES}


def test_strangers_are_answered_nothing(world: World) -> None:
    for row in ARM:
        answer = world.ask(BY_NAME[row.route].method, path_of(world, row), body_of(world, row), signed_in=False)
        assert answer.status == 401, row.route
        assert answer.headers["www-authenticate"].startswith('Bearer authorization_uri="http')


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_the_table_says_where_it_was_given(world: World, role: str) -> None:
    calls: dict[Roles, list[Row]] = {}
    for row in ARM:
        for given in held(row, role):
            calls.setdefault(given, []).append(row)
    wrong = wrong_answers(world, calls)
    assert not wrong, "\n".join(wrong)


def test_without_a_role_only_what_is_everybodys_is_open(world: World) -> None:
    """The token is one of a moment ago, when there was a role."""
    world.give((Given(role="Owner", scope=SUB),))
    assert world.ask("GET", SCOPES["gallery"]).status == 200
    wrong = wrong_answers(world, {(): list(ARM)})
    assert not wrong, "\n".join(wrong)

"""Nobody learns from an answer what they may not know: what is hidden is answered as what is absent."""

import pytest

from galeria.domain.people.roles import ROLES
from tests.access.arm_requests import BY_NAME, body_of, path_of
from tests.access.evaluator import Given
from tests.access.rows import ROSTER, SIBLINGS, Row
from tests.access.table_arm import ARM
from tests.access.world import World
from tests.interfaces.arm.served import LABS, SUB

pytestmark = pytest.mark.slow

ABSENT = {"version": "9.9.9", "machine": "absent"}
NAMED = ("group", "gallery", "definition", "version", "plan", "account", "lab", "disk", "snapshot", "image")
"""The variable parts of paths that name something whose existence may be hidden."""


def hidden_rows() -> list[Row]:
    return [each for each in ARM if each.kind == ROSTER or (each.rights and each.home != "sub")]


def test_what_is_hidden_is_answered_as_what_is_absent(world: World) -> None:
    """Somebody has a role, but not where they ask."""
    wrong = []
    world.give((Given(role="Owner", scope=SIBLINGS["group"]),))
    for row in hidden_rows():
        route = BY_NAME[row.route]
        hidden = world.ask(route.method, path_of(world, row), body_of(world, row))
        for part in NAMED:
            if f"{{{part}}}" not in route.path or "sharedGalleries" in route.path:
                continue
            name = ABSENT.get(part, "absent")
            absent = world.ask(route.method, path_of(world, row, **{part: name}), body_of(world, row))
            there = row.names.get(part, world.known[part])
            if (hidden.status, hidden.text.replace(f"'{there}'", "")) != (
                absent.status,
                absent.text.replace(f"'{name}'", "").replace("absent", there),
            ):
                wrong.append(f"{row.route} {part}: {hidden.text[:160]} | {absent.text[:160]}")
    assert not wrong, "\n".join(wrong)


def test_every_role_is_told_the_same_of_a_lab_that_it_does_not_reach(world: World) -> None:
    said = set()
    for role in ROLES:
        world.give((Given(role=role, scope=SIBLINGS["lab"]),))
        said |= {
            (each.status, each.text) for each in (world.ask("GET", f"{LABS}/held"), world.ask("GET", f"{LABS}/held"))
        }
    assert len(said) == 1
    assert SUB not in next(iter(said))[1]

"""Refresh tokens: used once, revoked together, stored as hashes."""

import pytest

from galeria.actions.people.people import disable, set_password
from galeria.actions.people.token_sessions import Renewal, renew_session, start_session
from tests.identity.worlds import World

CLIENT = "a-program"


@pytest.fixture
def token(world: World) -> str:
    with world.database() as uow:
        made = start_session(uow, world.clock, world.dice, world.caller("admin").principal.id, CLIENT)
        uow.commit()
        return made


def renew(world: World, token: str, client: str = CLIENT) -> Renewal | None:
    with world.database() as uow:
        renewal = renew_session(uow, world.clock, world.dice, token, client)
        uow.commit()
        return renewal


def renewed(world: World, token: str) -> str:
    renewal = renew(world, token)
    assert renewal is not None
    assert renewal.principal.name == "admin"
    return renewal.refresh_token


def test_every_use_gives_another_token(world: World, token: str) -> None:
    second = renewed(world, token)
    third = renewed(world, second)
    assert len({token, second, third}) == 3


def test_late_second_use_ends_the_whole_session(world: World, token: str) -> None:
    second = renewed(world, token)
    world.clock.move(seconds=61)
    assert renew(world, token) is None
    assert renew(world, second) is None


def test_second_use_within_the_grace_is_a_repeated_request(world: World, token: str) -> None:
    renewed(world, token)
    world.clock.move(seconds=59)
    again = renewed(world, token)
    world.clock.move(days=1)
    renewed(world, again)


def test_other_programs_and_guesses_get_nothing(world: World, token: str) -> None:
    assert renew(world, token, "another-program") is None
    assert renew(world, "a guess") is None
    assert renew(world, "") is None
    renewed(world, token)


def test_unused_session_ends_after_ninety_days_and_is_forgotten(world: World, token: str) -> None:
    world.clock.move(days=90)
    assert renew(world, token) is None
    world.clock.move(seconds=1)
    with world.database() as uow:
        principal = world.caller("admin").principal.id
        start_session(uow, world.clock, world.dice, principal, CLIENT)
        uow.commit()
        assert len(uow.refresh_tokens.of_principal(principal)) == 1


@pytest.mark.parametrize("how", ["disabled", "new password"])
def test_sessions_end_with_the_password_and_with_the_account(world: World, token: str, how: str) -> None:
    admin = world.caller("admin")
    with world.database() as uow:
        if how == "disabled":
            disable(uow, world.clock, world.dice, admin, "admin")
        else:
            set_password(uow, world.secrets, world.clock, world.dice, admin, "admin", None)
        uow.commit()
    assert renew(world, token) is None


def test_database_does_not_know_the_token(world: World, token: str) -> None:
    with world.database(reading=True) as uow:
        (row,) = uow.refresh_tokens.of_principal(world.caller("admin").principal.id)
    assert token not in vars(row).values()
    assert len(row.id) == 64

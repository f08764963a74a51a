"""Refresh tokens: used once, revoked together, stored as hashes."""

import pytest

from galeria.actions.people.people import disable, set_password
from galeria.actions.people.token_sessions import Renewal, renew_session, start_session
from tests.identity_context import IdentityContext

CLIENT = "a-program"


@pytest.fixture
def token(context: IdentityContext) -> str:
    with context.database() as uow:
        made = start_session(context.base_request(uow), context.caller("admin").principal.id, CLIENT)
        uow.commit()
        return made


def renew(context: IdentityContext, token: str, client: str = CLIENT) -> Renewal | None:
    with context.database() as uow:
        renewal = renew_session(context.base_request(uow), token, client)
        uow.commit()
        return renewal


def renewed(context: IdentityContext, token: str) -> str:
    renewal = renew(context, token)
    assert renewal is not None
    assert renewal.principal.name == "admin"
    return renewal.refresh_token


def test_every_use_gives_another_token(context: IdentityContext, token: str) -> None:
    second = renewed(context, token)
    third = renewed(context, second)
    assert len({token, second, third}) == 3


def test_late_second_use_ends_the_whole_session(context: IdentityContext, token: str) -> None:
    second = renewed(context, token)
    context.clock.move(seconds=61)
    assert renew(context, token) is None
    assert renew(context, second) is None


def test_second_use_within_the_grace_is_a_repeated_request(context: IdentityContext, token: str) -> None:
    renewed(context, token)
    context.clock.move(seconds=59)
    again = renewed(context, token)
    context.clock.move(days=1)
    renewed(context, again)


def test_of_two_that_replaced_the_same_token_only_the_first_used_goes_on(context: IdentityContext, token: str) -> None:
    """As where a thief was quicker than an `az` that shares its tokens: one of them is refused, and then nobody goes on."""
    one, other = renewed(context, token), renewed(context, token)
    context.clock.move(minutes=30)
    one = renewed(context, one)
    context.clock.move(minutes=30)
    one = renewed(context, one)
    assert renew(context, other) is None
    assert renew(context, one) is None


def test_a_copy_that_nobody_uses_ends_nothing(context: IdentityContext, token: str) -> None:
    for _ in range(3):
        renewed(context, token)
        token = renewed(context, token)
        context.clock.move(hours=1)
    renewed(context, token)


def test_other_programs_and_guesses_get_nothing(context: IdentityContext, token: str) -> None:
    assert renew(context, token, "another-program") is None
    assert renew(context, "a guess") is None
    assert renew(context, "") is None
    renewed(context, token)


def test_unused_session_ends_after_ninety_days_and_is_forgotten(context: IdentityContext, token: str) -> None:
    context.clock.move(days=90)
    assert renew(context, token) is None
    context.clock.move(seconds=1)
    with context.database() as uow:
        principal = context.caller("admin").principal.id
        start_session(context.base_request(uow), principal, CLIENT)
        uow.commit()
        assert len(uow.refresh_tokens.of_principal(principal)) == 1


@pytest.mark.parametrize("how", ["disabled", "new password"])
def test_sessions_end_with_the_password_and_with_the_account(context: IdentityContext, token: str, how: str) -> None:
    admin = context.caller("admin")
    with context.database() as uow:
        if how == "disabled":
            disable(context.request(uow, admin), "admin")
        else:
            set_password(context.request(uow, admin), "admin", None, context.secrets)
        uow.commit()
    assert renew(context, token) is None


def test_database_does_not_know_the_token(context: IdentityContext, token: str) -> None:
    with context.database(reading=True) as uow:
        (row,) = uow.refresh_tokens.of_principal(context.caller("admin").principal.id)
    assert token not in vars(row).values()
    assert len(row.id) == 64

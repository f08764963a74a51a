"""Strangers at the same address, as behind one router, keep no browser out in which the person has signed in before."""

from collections.abc import Callable

import pytest

from galeria.actions.people.people import set_password
from galeria.actions.people.token_sessions import revoke_sessions
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.identity.memory_tries import MemoryTries
from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.http.known_browsers import MARK_SECONDS
from galeria.interfaces.login.password_sign_in import WRONG_PER_ADDRESS, PasswordSignIn
from galeria.interfaces.login.throttle import TooManyTries
from tests.identity_context import IdentityContext, first_start
from tests.interfaces.login.login_client import tokens_of

USER = PrincipalKind.USER
HERE = "192.0.2.1"
"""The one address of the whole class."""


@pytest.fixture
def own_context(database: SqlDatabase) -> IdentityContext:
    return first_start(database)


@pytest.fixture
def door(own_context: IdentityContext) -> PasswordSignIn:
    return PasswordSignIn(
        own_context.requests, own_context.secrets, tokens_of(own_context), MemoryTries(own_context.clock)
    )


@pytest.fixture
def mark(door: PasswordSignIn, own_context: IdentityContext) -> str:
    made = door.new_mark(enter(door, own_context))
    own_context.clock.move(seconds=1)
    return made


def enter(door: PasswordSignIn, context: IdentityContext, mark: str = "") -> Principal:
    return door.sign_in("admin", context.first.password, USER, HERE, mark=mark)


def guess(door: PasswordSignIn, times: int, name: str = "admin", mark: str = "") -> None:
    for number in range(times):
        with pytest.raises(Unauthenticated):
            door.sign_in(name.format(number), "wrong", USER, HERE, mark=mark)


def test_a_known_browser_signs_in_while_its_name_is_blocked_at_the_address(
    door: PasswordSignIn, own_context: IdentityContext, mark: str
) -> None:
    guess(door, 5)
    with pytest.raises(TooManyTries):
        enter(door, own_context)
    assert enter(door, own_context, mark).name == "admin"


def test_a_known_browser_signs_in_while_the_address_is_blocked(
    door: PasswordSignIn, own_context: IdentityContext, mark: str
) -> None:
    guess(door, WRONG_PER_ADDRESS, "name-{}")
    with pytest.raises(TooManyTries):
        enter(door, own_context)
    assert enter(door, own_context, mark).name == "admin"
    door.check_address(HERE, mark)
    with pytest.raises(TooManyTries):
        door.check_address(HERE)


def test_a_known_browser_guesses_no_more_than_others(
    door: PasswordSignIn, own_context: IdentityContext, mark: str
) -> None:
    guess(door, 5, mark=mark)
    with pytest.raises(TooManyTries):
        enter(door, own_context, mark)
    own_context.clock.move(minutes=16)
    for _ in range(WRONG_PER_ADDRESS):
        door.count_guess(HERE, mark)
    with pytest.raises(TooManyTries):
        door.check_address(HERE, mark)


def test_a_mark_counts_for_the_one_who_signed_in_there(
    door: PasswordSignIn, own_context: IdentityContext, mark: str
) -> None:
    """It opens no second row of tries for other names: those of the address count on."""
    guess(door, 3, "ghost")
    guess(door, 2, "ghost", mark)
    with pytest.raises(TooManyTries):
        door.sign_in("ghost", "wrong", USER, HERE, mark=mark)


def renew_password(context: IdentityContext, door: PasswordSignIn, mark: str) -> str:
    with context.requests.writing(context.caller(context.first.client_id)) as request:
        set_password(request, "admin", context.first.password + "2", context.secrets)
    return mark


def revoke(context: IdentityContext, door: PasswordSignIn, mark: str) -> str:
    with context.requests.anonymous_writing() as request:
        revoke_sessions(request, request.uow.people.get(context.caller("admin").principal.id))
    return mark


def wait(context: IdentityContext, door: PasswordSignIn, mark: str) -> str:
    context.clock.move(seconds=MARK_SECONDS)
    return mark


def change_a_letter(context: IdentityContext, door: PasswordSignIn, mark: str) -> str:
    head, claims, signature = mark.split(".")
    return ".".join((head, claims, signature[::-1]))


def take_an_access_token(context: IdentityContext, door: PasswordSignIn, mark: str) -> str:
    who = context.caller("admin").principal
    return tokens_of(context).issue(who.id, who.name, who.kind, audience="https://lab.example.org", seconds=60)


def take_an_id_token(context: IdentityContext, door: PasswordSignIn, mark: str) -> str:
    """Whoever asks for one chooses its audience."""
    who, program = context.caller("admin").principal, "https://lab.example.org/known-browser"
    return tokens_of(context).issue_identity(who.id, who.name, who.display_name, client_id=program, seconds=60)


ENDS = [renew_password, revoke, wait, change_a_letter, take_an_access_token, take_an_id_token]


@pytest.mark.parametrize("end", ENDS)
def test_what_is_no_mark_any_more_or_never_was_counts_for_nothing(
    door: PasswordSignIn,
    own_context: IdentityContext,
    mark: str,
    end: Callable[[IdentityContext, PasswordSignIn, str], str],
) -> None:
    other = end(own_context, door, mark)
    guess(door, 5)
    with pytest.raises(TooManyTries):
        enter(door, own_context, other)


def test_a_mark_opens_nothing(own_context: IdentityContext, mark: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens_of(own_context).read(mark)

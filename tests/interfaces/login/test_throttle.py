"""Guessing gets slower, for names that exist and for those that do not, and nobody stays out for long."""

import pytest

from galeria.actions.core.audit import INSTALLATION
from galeria.actions.people.sign_ins import SIGN_IN
from galeria.adapters.identity.memory_tries import MemoryTries
from galeria.domain.audit import AuditSearch
from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.login.password_sign_in import WRONG_PER_ADDRESS, WRONG_PER_NAME_EVERYWHERE, PasswordSignIn
from galeria.interfaces.login.throttle import TooManyTries
from galeria.ports.database import Database
from tests.identity_context import IdentityContext, first_start
from tests.interfaces.login.login_client import tokens_of


@pytest.fixture
def own_context(database: Database) -> IdentityContext:
    return first_start(database)


@pytest.fixture
def password_sign_in(own_context: IdentityContext) -> PasswordSignIn:
    return PasswordSignIn(
        own_context.requests, own_context.secrets, tokens_of(own_context), MemoryTries(own_context.clock)
    )


def enter(password_sign_in: PasswordSignIn, name: str, secret: str, address: str = "192.0.2.1") -> Principal:
    return password_sign_in.sign_in(name, secret, PrincipalKind.USER, address)


def wrong(password_sign_in: PasswordSignIn, name: str, times: int, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated) as told:
            enter(password_sign_in, name, "wrong", address)
        assert not isinstance(told.value, TooManyTries)


@pytest.mark.parametrize("name", ["admin", "nobody"])
def test_name_is_blocked_after_five_wrong_passwords_whether_it_exists_or_not(
    password_sign_in: PasswordSignIn, own_context: IdentityContext, name: str
) -> None:
    wrong(password_sign_in, name, 5)
    with pytest.raises(TooManyTries, match="temporarily blocked"):
        enter(password_sign_in, name.upper(), "wrong")
    with pytest.raises(TooManyTries):
        enter(password_sign_in, name, own_context.first.password)
    wrong(password_sign_in, "somebody else", 1)


def test_a_stranger_locks_nobody_out(password_sign_in: PasswordSignIn, own_context: IdentityContext) -> None:
    wrong(password_sign_in, "admin", 5, "198.51.100.1")
    with pytest.raises(TooManyTries):
        enter(password_sign_in, "admin", "wrong", "198.51.100.1")

    assert enter(password_sign_in, "admin", own_context.first.password).name == "admin"


def test_a_name_that_is_guessed_from_everywhere_stays_open_where_it_signed_in_before(
    password_sign_in: PasswordSignIn, own_context: IdentityContext
) -> None:
    assert enter(password_sign_in, "admin", own_context.first.password, "192.0.2.7").name == "admin"
    for number in range(WRONG_PER_NAME_EVERYWHERE):
        wrong(password_sign_in, "admin", 1, f"198.51.{number // 250}.{number % 250}")

    with pytest.raises(TooManyTries):
        enter(password_sign_in, "admin", "wrong", "203.0.113.1")
    assert enter(password_sign_in, "admin", own_context.first.password, "192.0.2.7").name == "admin"


def test_a_program_is_not_kept_out_by_wrong_tries_with_its_client_id(
    password_sign_in: PasswordSignIn, own_context: IdentityContext
) -> None:
    client, kind = own_context.first.client_id, PrincipalKind.SERVICE_PRINCIPAL
    for _ in range(20):
        with pytest.raises(Unauthenticated) as refused:
            password_sign_in.sign_in(client, "wrong", kind, "192.0.2.1")
        assert not isinstance(refused.value, TooManyTries)

    assert password_sign_in.sign_in(client, own_context.first.client_secret, kind, "192.0.2.1").name == client


def refusals(context: IdentityContext) -> list[tuple[str, str, str]]:
    with context.database(reading=True) as uow:
        found = uow.audit.search([context.scope.lower()], AuditSearch(status="failed"), offset=0, limit=100)
    assert {(each.action, each.principal_id) for each in found} <= {(SIGN_IN, INSTALLATION)}
    return sorted((each.detail, each.address, each.status) for each in found)


def test_refused_sign_ins_stand_in_both_logs_without_what_was_typed(
    password_sign_in: PasswordSignIn, own_context: IdentityContext, caplog: pytest.LogCaptureFixture
) -> None:
    """Many people type their password where the name belongs."""
    wrong(password_sign_in, "ana\x1b[2J\nMy-Secret-1", 1)
    wrong(password_sign_in, "ADMIN", 1, "192.0.2.9")

    assert "sign-in refused: User, wrong name or secret for somebody unknown, from 192.0.2.1" in caplog.text
    assert "sign-in refused: User, wrong name or secret for admin, from 192.0.2.9" in caplog.text
    assert "Secret" not in caplog.text
    assert refusals(own_context) == [
        ("wrong name or secret for admin", "192.0.2.9", "Failed"),
        ("wrong name or secret for somebody unknown", "192.0.2.1", "Failed"),
    ]


def test_many_refusals_become_few_entries(
    password_sign_in: PasswordSignIn, own_context: IdentityContext, caplog: pytest.LogCaptureFixture
) -> None:
    wrong(password_sign_in, "admin", 5)
    for _ in range(12):
        with pytest.raises(TooManyTries):
            enter(password_sign_in, "admin", "wrong")

    assert caplog.text.count("sign-in refused: too many wrong tries: refused without a check, from 192.0.2.1") == 12
    assert [detail for detail, _, _ in refusals(own_context)] == [
        "too many wrong tries: refused without a check",
        "too many wrong tries: refused without a check (10 times within a minute)",
        "wrong name or secret for admin",
    ]


def test_a_guessed_code_is_a_refusal_too(
    password_sign_in: PasswordSignIn, own_context: IdentityContext, caplog: pytest.LogCaptureFixture
) -> None:
    password_sign_in.count_guess("192.0.2.1")
    assert "sign-in refused: a wrong code or secret, from 192.0.2.1" in caplog.text
    assert refusals(own_context) == [("a wrong code or secret", "192.0.2.1", "Failed")]


def test_right_password_after_the_block_lets_in_and_forgets(
    password_sign_in: PasswordSignIn, own_context: IdentityContext
) -> None:
    wrong(password_sign_in, "admin", 5)
    own_context.clock.move(seconds=10)
    assert enter(password_sign_in, "admin", own_context.first.password).name == "admin"
    wrong(password_sign_in, "admin", 4)
    assert enter(password_sign_in, "admin", own_context.first.password).name == "admin"


def test_address_is_blocked_after_many_wrong_names(
    password_sign_in: PasswordSignIn, own_context: IdentityContext
) -> None:
    for number in range(WRONG_PER_ADDRESS):
        wrong(password_sign_in, f"name-{number}", 1)
    with pytest.raises(TooManyTries):
        enter(password_sign_in, "admin", own_context.first.password)
    assert enter(password_sign_in, "admin", own_context.first.password, "192.0.2.2").name == "admin"


def test_right_guess_among_many_at_once_is_refused_like_the_others(own_context: IdentityContext) -> None:
    """The right one is still being checked when the wrong ones beside it have blocked the name."""
    secrets, right = own_context.secrets, own_context.first.password

    class Slow:
        def hash(self, secret: str) -> str:
            return secrets.hash(secret)

        def unix_hash(self, secret: str) -> str:
            return secrets.unix_hash(secret)

        def differs(self, hashed: str, secret: str) -> bool:
            return secrets.differs(hashed, secret)

        def matches(self, hashed: str, secret: str) -> bool:
            if secret == right:
                wrong(slow, "admin", 5)
            return secrets.matches(hashed, secret)

    slow = PasswordSignIn(own_context.requests, Slow(), tokens_of(own_context), MemoryTries(own_context.clock))
    with pytest.raises(TooManyTries):
        enter(slow, "admin", right)

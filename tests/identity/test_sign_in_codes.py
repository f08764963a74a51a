"""Codes on the way to a token: short-lived, used once, stored as hashes."""

import re

import pytest

from galeria.actions.people.people import disable, set_password
from galeria.actions.people.sign_in_codes import (
    AuthorizationWish,
    DeviceStart,
    Redeemed,
    Waiting,
    answer_device_sign_in,
    authorize,
    find_device_sign_in,
    redeem_authorization_code,
    redeem_device_code,
    start_device_sign_in,
)
from galeria.actions.people.token_sessions import renew_session, start_session
from tests.identity.worlds import World

CLIENT = "a-program"
BACK = "http://localhost:8400"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
def start(world: World) -> DeviceStart:
    with world.database() as uow:
        made = start_device_sign_in(uow, world.clock, world.dice, CLIENT, "scope")
        uow.commit()
        return made


def poll(world: World, device_code: str, client: str = CLIENT) -> Redeemed | Waiting:
    with world.database() as uow:
        outcome = redeem_device_code(uow, world.clock, device_code, client)
        uow.commit()
        return outcome


def answer(world: World, user_code: str, name: str | None = "admin") -> bool:
    with world.database() as uow:
        done = answer_device_sign_in(uow, world.clock, user_code, world.caller(name).principal if name else None)
        uow.commit()
        return done


def new_code(world: World) -> str:
    wish = AuthorizationWish(client_id=CLIENT, redirect_uri=BACK, scope="scope", challenge=CHALLENGE, nonce="n")
    with world.database() as uow:
        code = authorize(uow, world.clock, world.dice, world.caller("admin").principal, wish)
        uow.commit()
        return code


def redeem(world: World, code: str, **changed: str) -> Redeemed | None:
    sent = {"client_id": CLIENT, "redirect_uri": BACK, "challenge": CHALLENGE} | changed
    with world.database() as uow:
        redeemed = redeem_authorization_code(uow, world.clock, code, **sent)
        uow.commit()
        return redeemed


def test_device_code_is_redeemed_once_after_somebody_signed_in(world: World, start: DeviceStart) -> None:
    assert re.fullmatch(r"[B-DF-HJ-NP-TV-Z]{4}-[B-DF-HJ-NP-TV-Z]{4}", start.user_code)
    assert poll(world, start.device_code) is Waiting.PENDING
    assert answer(world, start.user_code.lower().replace("-", " "))
    redeemed = poll(world, start.device_code)
    assert isinstance(redeemed, Redeemed)
    assert (redeemed.principal.name, redeemed.scope) == ("admin", "scope")
    assert poll(world, start.device_code) is Waiting.UNKNOWN
    assert not answer(world, start.user_code)


def test_impatient_program_is_slowed_down_more_each_time(world: World, start: DeviceStart) -> None:
    assert poll(world, start.device_code) is Waiting.PENDING
    world.clock.move(seconds=2.5)  # a question on its way may be a little early
    assert poll(world, start.device_code) is Waiting.PENDING
    world.clock.move(seconds=1)
    assert poll(world, start.device_code) is Waiting.TOO_EARLY
    world.clock.move(seconds=3)
    assert poll(world, start.device_code) is Waiting.TOO_EARLY
    world.clock.move(seconds=13)
    assert poll(world, start.device_code) is Waiting.PENDING
    answer(world, start.user_code)
    assert isinstance(poll(world, start.device_code), Redeemed)


def test_declined_and_expired_codes_lead_to_nothing(world: World, start: DeviceStart) -> None:
    assert answer(world, start.user_code, None)
    assert poll(world, start.device_code) is Waiting.DECLINED
    with world.database() as uow:
        late = start_device_sign_in(uow, world.clock, world.dice, CLIENT, "")
        uow.commit()
    world.clock.move(minutes=15)
    assert poll(world, late.device_code) is Waiting.EXPIRED
    assert not answer(world, late.user_code)
    assert poll(world, "a guess") is Waiting.UNKNOWN


def test_another_programs_device_code_is_unknown(world: World, start: DeviceStart) -> None:
    answer(world, start.user_code)
    assert poll(world, start.device_code, "another") is Waiting.UNKNOWN
    assert isinstance(poll(world, start.device_code), Redeemed)


def test_old_codes_are_forgotten(world: World, start: DeviceStart) -> None:
    code = new_code(world)
    world.clock.move(hours=2)
    with world.database() as uow:
        start_device_sign_in(uow, world.clock, world.dice, CLIENT, "")
        uow.commit()
    new_code(world)
    assert poll(world, start.device_code) is Waiting.UNKNOWN
    with world.database(reading=True) as uow:
        assert uow.authorization_codes.find(code) is None
        assert uow.authorization_codes.expired(world.clock.now()) == []


def test_database_does_not_know_the_codes(world: World, start: DeviceStart) -> None:
    with world.database(reading=True) as uow:
        found = find_device_sign_in(uow, world.clock, start.user_code)
        assert found is not None
        assert not {start.device_code, start.user_code, start.user_code.replace("-", "")} & set(
            map(str, vars(found).values())
        )


def test_authorization_code_works_once_for_the_program_that_asked(world: World) -> None:
    code = new_code(world)
    assert redeem(world, code, client_id="another") is None
    assert redeem(world, code, redirect_uri="http://localhost:1") is None
    assert redeem(world, code, challenge="x" * 43) is None
    assert redeem(world, "a guess") is None
    redeemed = redeem(world, code)
    assert redeemed is not None
    assert (redeemed.principal.name, redeemed.scope, redeemed.nonce) == ("admin", "scope", "n")
    assert redeem(world, code) is None


def test_second_use_of_an_authorization_code_ends_its_session(world: World) -> None:
    code = new_code(world)
    redeemed = redeem(world, code)
    assert redeemed is not None
    with world.database() as uow:
        token = start_session(uow, world.clock, world.dice, redeemed.principal.id, CLIENT, family=redeemed.family)
        uow.commit()
    assert redeem(world, code) is None
    with world.database() as uow:
        assert renew_session(uow, world.clock, world.dice, token, CLIENT) is None


def test_authorization_code_expires(world: World) -> None:
    code = new_code(world)
    world.clock.move(minutes=5)
    assert redeem(world, code) is None


@pytest.mark.parametrize("how", ["disabled", "new password"])
def test_codes_end_with_the_password_and_with_the_account(world: World, start: DeviceStart, how: str) -> None:
    answer(world, start.user_code)
    code, admin = new_code(world), world.caller("admin")
    with world.database() as uow:
        if how == "disabled":
            disable(uow, world.clock, world.dice, admin, "admin")
        else:
            set_password(uow, world.secrets, world.clock, world.dice, admin, "admin", None)
        uow.commit()
    assert poll(world, start.device_code) is Waiting.UNKNOWN
    assert redeem(world, code) is None

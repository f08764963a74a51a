"""Codes on the way to a token: short-lived, used once, stored as hashes."""

import re

import pytest

from galeria.actions.people.people import disable, set_password
from galeria.actions.people.sign_in_codes import (
    AuthorizationRequest,
    DeviceStart,
    PendingReason,
    RedeemedCode,
    answer_device_sign_in,
    authorize,
    find_device_sign_in,
    redeem_authorization_code,
    redeem_device_code,
    start_device_sign_in,
)
from galeria.actions.people.token_sessions import renew_session, revoke_sessions, start_session_of_code
from tests.identity_context import IdentityContext

CLIENT = "a-program"
BACK = "http://localhost:8400"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
def start(context: IdentityContext) -> DeviceStart:
    with context.database() as uow:
        made = start_device_sign_in(context.base_request(uow), CLIENT, "scope")
        uow.commit()
        return made


def poll(context: IdentityContext, device_code: str, client: str = CLIENT) -> RedeemedCode | PendingReason:
    with context.database() as uow:
        outcome = redeem_device_code(context.base_request(uow), device_code, client)
        uow.commit()
        return outcome


def answer(context: IdentityContext, user_code: str, name: str | None = "admin") -> bool:
    with context.database() as uow:
        done = answer_device_sign_in(
            context.base_request(uow), user_code, context.caller(name).principal if name else None
        )
        uow.commit()
        return done


def new_code(context: IdentityContext) -> str:
    wanted = AuthorizationRequest(client_id=CLIENT, redirect_uri=BACK, scope="scope", challenge=CHALLENGE, nonce="n")
    with context.database() as uow:
        code = authorize(context.base_request(uow), context.caller("admin").principal, wanted)
        uow.commit()
        return code


def redeem(context: IdentityContext, code: str, **changed: str) -> RedeemedCode | None:
    sent = {"client_id": CLIENT, "redirect_uri": BACK, "challenge": CHALLENGE} | changed
    with context.database() as uow:
        redeemed = redeem_authorization_code(context.base_request(uow), code, **sent)
        uow.commit()
        return redeemed


def test_device_code_is_redeemed_once_after_somebody_signed_in(context: IdentityContext, start: DeviceStart) -> None:
    assert re.fullmatch(r"[B-DF-HJ-NP-TV-Z]{4}-[B-DF-HJ-NP-TV-Z]{4}", start.user_code)
    assert poll(context, start.device_code) is PendingReason.PENDING
    assert answer(context, start.user_code.lower().replace("-", " "))
    redeemed = poll(context, start.device_code)
    assert isinstance(redeemed, RedeemedCode)
    assert (redeemed.principal.name, redeemed.scope) == ("admin", "scope")
    assert poll(context, start.device_code) is PendingReason.UNKNOWN
    assert not answer(context, start.user_code)


def test_impatient_program_is_slowed_down_more_each_time(context: IdentityContext, start: DeviceStart) -> None:
    assert poll(context, start.device_code) is PendingReason.PENDING
    context.clock.move(seconds=2.5)  # a question on its way may be a little early
    assert poll(context, start.device_code) is PendingReason.PENDING
    context.clock.move(seconds=1)
    assert poll(context, start.device_code) is PendingReason.TOO_EARLY
    context.clock.move(seconds=3)
    assert poll(context, start.device_code) is PendingReason.TOO_EARLY
    context.clock.move(seconds=13)
    assert poll(context, start.device_code) is PendingReason.PENDING
    answer(context, start.user_code)
    assert isinstance(poll(context, start.device_code), RedeemedCode)


def test_declined_and_expired_codes_lead_to_nothing(context: IdentityContext, start: DeviceStart) -> None:
    assert answer(context, start.user_code, None)
    assert poll(context, start.device_code) is PendingReason.DECLINED
    with context.database() as uow:
        late = start_device_sign_in(context.base_request(uow), CLIENT, "")
        uow.commit()
    context.clock.move(minutes=15)
    assert poll(context, late.device_code) is PendingReason.EXPIRED
    assert not answer(context, late.user_code)
    assert poll(context, "a guess") is PendingReason.UNKNOWN


def test_another_programs_device_code_is_unknown(context: IdentityContext, start: DeviceStart) -> None:
    answer(context, start.user_code)
    assert poll(context, start.device_code, "another") is PendingReason.UNKNOWN
    assert isinstance(poll(context, start.device_code), RedeemedCode)


def test_old_codes_are_forgotten(context: IdentityContext, start: DeviceStart) -> None:
    code = new_code(context)
    context.clock.move(hours=2)
    with context.database() as uow:
        start_device_sign_in(context.base_request(uow), CLIENT, "")
        uow.commit()
    new_code(context)
    assert poll(context, start.device_code) is PendingReason.UNKNOWN
    with context.database(reading=True) as uow:
        assert uow.authorization_codes.find(code) is None
        assert uow.authorization_codes.expired(context.clock.now()) == []


def test_database_does_not_know_the_codes(context: IdentityContext, start: DeviceStart) -> None:
    with context.database(reading=True) as uow:
        found = find_device_sign_in(context.base_request(uow), start.user_code)
        assert found is not None
        assert not {start.device_code, start.user_code, start.user_code.replace("-", "")} & set(
            map(str, vars(found).values())
        )


def test_authorization_code_works_once_for_the_program_that_asked(context: IdentityContext) -> None:
    code = new_code(context)
    assert redeem(context, code, client_id="another") is None
    assert redeem(context, code, redirect_uri="http://localhost:1") is None
    assert redeem(context, code, challenge="x" * 43) is None
    assert redeem(context, "a guess") is None
    redeemed = redeem(context, code)
    assert redeemed is not None
    assert (redeemed.principal.name, redeemed.scope, redeemed.nonce) == ("admin", "scope", "n")
    assert redeem(context, code) is None


def test_second_use_of_an_authorization_code_ends_its_session(context: IdentityContext) -> None:
    code = new_code(context)
    redeemed = redeem(context, code)
    assert redeemed is not None
    with context.database() as uow:
        token = start_session_of_code(context.base_request(uow), redeemed.principal.id, CLIENT, redeemed.family)
        uow.commit()
    assert token is not None
    assert redeem(context, code) is None
    with context.database() as uow:
        assert renew_session(context.base_request(uow), token, CLIENT) is None


def test_second_use_ends_a_session_that_has_not_begun_yet(context: IdentityContext) -> None:
    """Two uses at the same moment: the second comes between the redemption of the first and its tokens."""
    code = new_code(context)
    redeemed = redeem(context, code)
    assert redeemed is not None
    assert redeem(context, code) is None
    assert redeem(context, code) is None
    assert start_late(context, redeemed) is None


def test_a_revocation_ends_a_session_that_has_not_begun_yet(context: IdentityContext) -> None:
    redeemed = redeem(context, new_code(context))
    assert redeemed is not None
    with context.database() as uow:
        revoke_sessions(context.base_request(uow), uow.people.get(redeemed.principal.id))
        uow.commit()
    assert start_late(context, redeemed) is None


def start_late(context: IdentityContext, redeemed: RedeemedCode) -> str | None:
    with context.database() as uow:
        return start_session_of_code(context.base_request(uow), redeemed.principal.id, CLIENT, redeemed.family)


def test_authorization_code_expires(context: IdentityContext) -> None:
    code = new_code(context)
    context.clock.move(minutes=5)
    assert redeem(context, code) is None


@pytest.mark.parametrize("how", ["disabled", "new password"])
def test_codes_end_with_the_password_and_with_the_account(
    context: IdentityContext, start: DeviceStart, how: str
) -> None:
    answer(context, start.user_code)
    code, admin = new_code(context), context.caller("admin")
    with context.database() as uow:
        if how == "disabled":
            disable(context.request(uow, admin), "admin")
        else:
            set_password(context.request(uow, admin), "admin", None, context.secrets)
        uow.commit()
    assert poll(context, start.device_code) is PendingReason.UNKNOWN
    assert redeem(context, code) is None

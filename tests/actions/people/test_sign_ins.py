"""What is given after a secret was checked is not given where the person was signed out, or changed it, in that moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.people.first_password_links import add_password_link, choose_first_password
from galeria.actions.people.people import disable, set_password, sign_in
from galeria.actions.people.sign_in_codes import (
    AuthorizationRequest,
    PendingReason,
    RedeemedCode,
    answer_device_sign_in,
    authorize,
    redeem_authorization_code,
    redeem_device_code,
    start_device_sign_in,
)
from galeria.actions.people.sign_ins import record_sign_in
from galeria.actions.people.token_sessions import renew_session, revoke_sessions, start_session, start_session_of_code
from galeria.actions.people.web_sessions import open_web_session
from galeria.domain.errors import NotFound, Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from tests.identity_context import IdentityContext

LINK = "a-link-with-256-random-bits"


def give_session(request: BaseRequest, person: Principal) -> object:
    return open_web_session(request, person)


def give_token(request: BaseRequest, person: Principal) -> None:
    record_sign_in(request, person, Message("signed in"), address="192.0.2.1")


def give_code(request: BaseRequest, person: Principal) -> object:
    wanted = AuthorizationRequest(client_id="az", redirect_uri="http://localhost", scope="", challenge="c", nonce="")
    return authorize(request, person, wanted)


def give_device_answer(request: BaseRequest, person: Principal) -> object:
    start = start_device_sign_in(request, "az", "")
    return answer_device_sign_in(request, start.user_code, person)


@pytest.mark.parametrize("give", [give_session, give_token, give_code, give_device_answer])
@pytest.mark.parametrize("change", ["password", "revoked", "disabled"])
def test_nothing_is_given_for_a_secret_that_ended_meanwhile(
    context: IdentityContext, give: Callable[[BaseRequest, Principal], object], change: str
) -> None:
    with context.requests.anonymous_reading() as request:
        person = sign_in(request, "admin", context.first.password, PrincipalKind.USER, context.secrets)
    with context.requests.anonymous_writing() as request:
        give(request, person)

    with context.requests.writing(context.caller(context.first.client_id)) as request:
        if change == "password":
            set_password(request, person.id, "Another-password-2", context.secrets)
        elif change == "revoked":
            revoke_sessions(request, request.uow.people.get(person.id))
        else:
            disable(request, person.id)

    with pytest.raises(Unauthenticated, match="at this moment"), context.requests.anonymous_writing() as request:
        give(request, person)


def test_a_link_that_two_use_at_the_same_moment_works_for_one(context: IdentityContext) -> None:
    with context.requests.anonymous_writing() as request:
        admin = request.uow.people.find_by_name("admin")
        assert admin is not None
        add_password_link(request, admin, LINK)
    together = Barrier(8)

    def use(number: int) -> int:
        together.wait()
        try:
            with context.requests.anonymous_writing() as request:
                choose_first_password(request, LINK, f"My-password-{number}", context.secrets)
        except NotFound:
            return -1
        return number

    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(use, range(8)))
    (winner,) = [each for each in used if each >= 0]
    with context.requests.anonymous_reading() as request:
        assert sign_in(request, "admin", f"My-password-{winner}", PrincipalKind.USER, context.secrets).name == "admin"


def together(count: int, use: Callable[[int], object]) -> list[object]:
    """What `count` uses at the same moment gave."""
    start = Barrier(count)

    def one(number: int) -> object:
        start.wait()
        return use(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_a_device_code_that_two_use_at_the_same_moment_works_for_one(context: IdentityContext) -> None:
    with context.requests.anonymous_writing() as request:
        started = start_device_sign_in(request, "az", "")
        assert answer_device_sign_in(request, started.user_code, context.caller("admin").principal)

    def use(number: int) -> object:
        with context.requests.anonymous_writing() as request:
            return redeem_device_code(request, started.device_code, "az")

    used = together(8, use)
    assert sum(isinstance(each, RedeemedCode) for each in used) == 1
    assert used.count(PendingReason.UNKNOWN) == 7


def test_a_device_sign_in_that_two_answer_at_the_same_moment_is_one_persons(context: IdentityContext) -> None:
    with context.requests.anonymous_writing() as request:
        started = start_device_sign_in(request, "az", "")
        admin = context.caller("admin").principal
    answers = (admin, None, admin, None, admin, None, admin, None)

    def use(number: int) -> object:
        with context.requests.anonymous_writing() as request:
            return answer_device_sign_in(request, started.user_code, answers[number])

    assert together(8, use).count(True) == 1


def test_a_code_that_many_use_at_the_same_moment_leaves_at_most_one_session(context: IdentityContext) -> None:
    """The first use wins; a second one ends what the first began, also where that comes in between."""
    with context.requests.anonymous_writing() as request:
        code = give_code(request, context.caller("admin").principal)

    def use(number: int) -> object:
        with context.requests.anonymous_writing() as request:
            redeemed = redeem_authorization_code(
                request, str(code), client_id="az", redirect_uri="http://localhost", challenge="c"
            )
        if redeemed is None:
            return None
        with context.requests.anonymous_writing() as request:
            token = start_session_of_code(request, redeemed.principal.id, "az", redeemed.family)
        return redeemed, token

    used = [each for each in together(8, use) if each is not None]
    assert len(used) == 1
    with context.requests.anonymous_reading() as request:
        rows = request.uow.refresh_tokens.of_principal(context.caller("admin").principal.id)
    assert [each for each in rows if each.revoked_at is None] == []


def test_of_many_uses_of_a_refresh_token_at_the_same_moment_one_chain_goes_on_at_most(context: IdentityContext) -> None:
    with context.requests.anonymous_writing() as request:
        first = start_session(request, context.caller("admin").principal.id, "az")

    def renewed(token: str) -> str | None:
        with context.requests.anonymous_writing() as request:
            renewal = renew_session(request, token, "az")
        return renewal.refresh_token if renewal else None

    successors = [str(each) for each in together(8, lambda number: renewed(first)) if each]
    assert successors
    context.clock.move(minutes=2)
    later = [str(each) for each in together(len(successors), lambda number: renewed(successors[number])) if each]
    assert len(later) == 1
    context.clock.move(minutes=2)
    assert renewed(later[0]) is None, "the others were used as well, so one of them was stolen"

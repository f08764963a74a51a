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
    answer_device_sign_in,
    authorize,
    start_device_sign_in,
)
from galeria.actions.people.sign_ins import record_sign_in
from galeria.actions.people.token_sessions import revoke_sessions
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

"""A change of the password, a reset, a revocation and a disabling each end all that somebody holds, at once."""

import hashlib
import itertools
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest

from galeria.actions.people.credentials import revoke
from galeria.actions.people.people import create_person, disable, set_password
from galeria.actions.people.sign_in_codes import (
    AuthorizationRequest,
    answer_device_sign_in,
    authorize,
    start_device_sign_in,
)
from galeria.actions.people.web_sessions import change_own_password, find_web_session, open_web_session
from tests.interfaces.login.login_client import AZ, TOKEN, LoginClient

PASSWORD, OTHER = "Somebodys-password-1", "Somebodys-password-2"
BACK = "http://localhost:8400"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
NAMES = (f"somebody{number}" for number in itertools.count())
Works = Callable[[], bool]


def access_token(login_client: LoginClient, name: str) -> Works:
    token = login_client.token(login_client.as_user(username=name, password=PASSWORD))["access_token"]
    return lambda: login_client.who_am_i(token).status_code == 200


def refresh_token(login_client: LoginClient, name: str) -> Works:
    token = login_client.token(login_client.as_user(username=name, password=PASSWORD))["refresh_token"]
    form = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": token}
    return lambda: login_client.client.post(TOKEN, data=form).status_code == 200


def authorization_code(login_client: LoginClient, name: str) -> Works:
    verifier = secrets.token_urlsafe(32)
    wanted = AuthorizationRequest(
        client_id=AZ,
        redirect_uri=BACK,
        scope=login_client.scope,
        challenge=urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
        nonce="",
    )
    with login_client.context.requests.anonymous_writing() as request:
        code = authorize(request, login_client.context.caller(name).principal, wanted)
    form = {"grant_type": "authorization_code", "client_id": AZ, "code": code, "redirect_uri": BACK}
    return lambda: login_client.client.post(TOKEN, data=form | {"code_verifier": verifier}).status_code == 200


def device_code(login_client: LoginClient, name: str) -> Works:
    with login_client.context.requests.anonymous_writing() as request:
        started = start_device_sign_in(request, AZ, login_client.scope)
        assert answer_device_sign_in(request, started.user_code, login_client.context.caller(name).principal)
    form = {"grant_type": DEVICE_GRANT, "client_id": AZ, "device_code": started.device_code}
    return lambda: login_client.client.post(TOKEN, data=form).status_code == 200


def browser_session(login_client: LoginClient, name: str) -> Works:
    with login_client.context.requests.anonymous_writing() as request:
        secret = open_web_session(request, login_client.context.caller(name).principal)

    def works() -> bool:
        with login_client.context.requests.anonymous_reading() as request:
            return find_web_session(request, secret) is not None

    return works


def change(login_client: LoginClient, name: str) -> None:
    context = login_client.context
    with context.requests.writing(context.caller(name)) as request:
        change_own_password(request, OTHER, context.secrets)


def reset(login_client: LoginClient, name: str) -> None:
    context = login_client.context
    with context.requests.writing(context.caller("admin")) as request:
        set_password(request, name, OTHER, context.secrets)


def revoke_all(login_client: LoginClient, name: str) -> None:
    with login_client.context.requests.writing(login_client.context.caller("admin")) as request:
        revoke(request, name)


def shut_out(login_client: LoginClient, name: str) -> None:
    with login_client.context.requests.writing(login_client.context.caller("admin")) as request:
        disable(request, name)


def nothing(login_client: LoginClient, name: str) -> None:
    """Time alone ends none of them so soon."""


@pytest.mark.parametrize("end", [change, reset, revoke_all, shut_out, nothing])
@pytest.mark.parametrize("held", [access_token, refresh_token, authorization_code, device_code, browser_session])
def test_it_ends(
    login_client: LoginClient,
    held: Callable[[LoginClient, str], Works],
    end: Callable[[LoginClient, str], None],
) -> None:
    context, name = login_client.context, next(NAMES)
    with context.requests.writing(context.caller("admin")) as request:
        create_person(request, name, "Somebody", PASSWORD, context.secrets)
    works = held(login_client, name)
    context.clock.move(seconds=0.01)
    end(login_client, name)
    context.clock.move(seconds=0.01)
    assert works() is (end is nothing)

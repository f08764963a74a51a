"""A real server with the sign-in endpoints and one protected route, and the requests of tests to it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Depends, FastAPI

from galeria.actions.core.caller import Caller
from galeria.adapters.identity.keys import Installation
from galeria.adapters.identity.memory_tries import MemoryTries
from galeria.adapters.identity.tokens import JwtTokens
from galeria.domain.errors import Unauthenticated
from galeria.domain.request_rates import RequestRates
from galeria.interfaces.http.known_browsers import mark_cookie
from galeria.interfaces.http.request_limits import RequestLimits
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.bearer import bearer, unauthenticated_handler
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.router import login_router
from tests.identity_context import IdentityContext
from tests.waiting import until

AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
TOKEN = "/adfs/oauth2/token"
Form = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class LoginClient:
    context: IdentityContext
    identity_files: Installation
    authority: Authority
    client: httpx.Client

    @property
    def scope(self) -> str:
        return f"{self.authority.endpoint}/.default"

    def as_program(self, **changed: str) -> Form:
        first = self.context.first
        form = {"grant_type": "client_credentials", "client_id": first.client_id, "client_secret": first.client_secret}
        return form | {"scope": self.scope, "client_info": "1"} | changed

    def as_user(self, **changed: str) -> Form:
        scope = f"{self.scope} offline_access openid profile"
        form = {"grant_type": "password", "username": "admin", "password": self.context.first.password}
        return form | {"client_id": AZ, "scope": scope} | changed

    def token(self, form: Form, path: str = TOKEN) -> dict[str, Any]:
        answer = self.client.post(path, data=form)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        found: dict[str, Any] = answer.json()
        return found

    def refused(self, form: Form, path: str = TOKEN) -> tuple[int, str, str]:
        answer = self.client.post(path, data=form)
        return answer.status_code, answer.json()["error"], answer.json()["error_description"]

    def who_am_i(self, token: str, **headers: str) -> httpx.Response:
        return self.client.get("/me", headers={"Authorization": f"Bearer {token}", **headers})


def keeps_known_browsers(login_client: LoginClient, way: Callable[[httpx.Client, str], int], done: int) -> None:
    """Sign in through a page in two browsers at one address; in one of them the person has signed in before.

    `way` signs in with a password and returns the status of the answer, which is `done` where it is right.
    """
    trust = ssl.create_default_context(cafile=str(login_client.identity_files.ca))
    right, stranger = login_client.context.first.password, login_client.client
    stranger.cookies.clear()
    with httpx.Client(base_url=login_client.authority.endpoint, verify=trust) as known:
        assert way(known, right) == done
        (cookie,) = [each for each in known.cookies.jar if each.name == mark_cookie("https:")]
        assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)
        login_client.context.clock.move(seconds=1)
        for _ in range(5):
            way(stranger, "wrong")
        assert way(stranger, right) == 429
        assert way(known, right) == done


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def tokens_of(context: IdentityContext) -> JwtTokens:
    """Tokens where no server is needed."""
    return JwtTokens(KEY, tenant_id="a-tenant", endpoint="https://lab.example.org", clock=context.clock)


def application(context: IdentityContext, identity_files: Installation, authority: Authority) -> FastAPI:
    tokens = JwtTokens(
        identity_files.token_key, tenant_id=authority.tenant_id, endpoint=authority.endpoint, clock=context.clock
    )
    app = FastAPI()
    app.add_exception_handler(Unauthenticated, unauthenticated_handler(authority))
    app.include_router(
        login_router(
            authority,
            requests=context.requests,
            tokens=tokens,
            password_sign_in=PasswordSignIn(context.requests, context.secrets, tokens, MemoryTries(context.clock)),
        )
    )
    known = bearer(tokens, context.database, context.id_generator, RequestLimits(RequestRates()))

    @app.get("/me")
    def me(caller: Caller = Depends(known)) -> dict[str, Any]:
        return {"name": caller.principal.name, "request": caller.correlation_id, "roles": len(caller.assignments)}

    return app


@contextmanager
def serving(app: FastAPI, identity_files: Installation, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app,
        ssl_certfile=identity_files.certificate,
        ssl_keyfile=identity_files.certificate_key,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        until(lambda: server.started, "the server listens")
        yield
    finally:
        server.should_exit = True
        thread.join(10)

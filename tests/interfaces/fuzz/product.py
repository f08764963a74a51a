"""The whole product in this process: REST API, sign-in, uploads, disks and pages over an installation without machines."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from anyio.from_thread import start_blocking_portal
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.routing import Route

from galeria.actions.people.web_sessions import open_web_session
from galeria.domain.people.roles import ROLES
from galeria.domain.request_rates import RequestRates
from galeria.interfaces.app import make_app
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.request_checks import CheckRequests
from galeria.interfaces.web.kit.visitors import cookies_of
from galeria.interfaces.web.portal import make_portal
from tests.interfaces.arm.served import API_VERSION, Arm, make_arm
from tests.interfaces.fuzz.asgi import Driver, InProcess
from tests.local_installation import PASSWORD, make_installation, secrets

PORT = 8443
STRANGER, NOBODY = "stranger", "nobody"
CALLERS = (STRANGER, NOBODY, *(f"the-{name.lower().replace(' ', '-')}" for name in ROLES))
"""Everybody who may ask: not signed in, signed in without a role, and one person for each built-in role."""


@dataclass(kw_only=True)
class Product(Arm):
    """As `Arm`, without a server between."""

    driver: Driver
    loud: "Loud"
    pages: tuple[Route, ...]

    def __call__(self, who: str = "admin") -> httpx.Client:
        """Somebody's client; every request carries an api-version."""
        if who not in self.clients:
            headers = {name.decode(): value.decode() for name, value in self.bearer(who)}
            self.clients[who] = httpx.Client(
                base_url=self.services.endpoint,
                headers=headers,
                params={"api-version": API_VERSION},
                transport=InProcess(self.driver),
            )
        return self.clients[who]

    def bearer(self, who: str) -> list[tuple[bytes, bytes]]:
        """The header that names the caller; none for a stranger."""
        if who == STRANGER:
            return []
        person = self.installation.people[who]
        token = self.services.tokens.issue(
            person.id, person.name, person.kind, audience=self.services.endpoint, seconds=3600
        )
        return [(b"authorization", b"Bearer " + token.encode())]

    def cookie(self, who: str) -> list[tuple[bytes, bytes]]:
        """The header of a browser in which the person has signed in; none for a stranger."""
        if who == STRANGER:
            return []
        with self.services.requests.anonymous_writing() as request:
            person = request.uow.people.find_by_name(who)
            assert person is not None
            secret = open_web_session(request, person, browser="Mozilla/5.0 (of tests)")
        return [(b"cookie", f"{cookies_of(self.services).session}={secret}".encode())]


class Loud(logging.Handler):
    """Keeps what is logged as an error or with a traceback: nothing a client sends may cause that."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            self.lines.append(logging.Formatter().format(record))


@contextmanager
def running(folder: Path, empty_database: Path, key: RSAPrivateKey, *, port: int = PORT) -> Iterator[Product]:
    installation, close = make_installation(folder, empty_database)
    arm = make_arm(installation, key, f"http://127.0.0.1:{port}")
    # More requests come here than any person sends: their number is limited elsewhere (tests/interfaces/http).
    settings = replace(arm.services.settings, request_rates=RequestRates(reads=0, writes=0, strangers=0))
    arm.services = replace(arm.services, settings=settings)
    with installation.context.database() as uow:
        for person in uow.people.all():
            person.secret_hash = secrets().hash(PASSWORD)
        uow.commit()
    password_sign_in = PasswordSignIn(
        arm.services.requests, arm.services.secrets, arm.services.tokens, arm.services.wrong_tries
    )
    app = make_app(arm.services, password_sign_in=password_sign_in)
    pages = make_portal(arm.services, password_sign_in, patience=20)
    pages.install(app)
    app.add_middleware(CheckRequests, hosts=())
    loud = Loud()
    logging.getLogger().addHandler(loud)
    try:
        with start_blocking_portal() as portal:
            driver = Driver(app=app, portal=portal, port=port)
            yield Product(
                installation=installation,
                services=arm.services,
                begun=arm.begun,
                driver=driver,
                loud=loud,
                pages=tuple(each for each in pages.routes if isinstance(each, Route)),
            )
    finally:
        logging.getLogger().removeHandler(loud)
        close()

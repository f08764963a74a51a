"""The portal behind a real HTTP server, over an installation without virtual machines, and browsers that are signed in."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.actions.people.web_sessions import open_web_session
from galeria.adapters.identity.keys import Installation
from galeria.adapters.identity.memory_tries import MemoryTries
from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.identity.tokens import JwtTokens
from galeria.adapters.reach.ssh_shells import SshShells
from galeria.adapters.system import RandomIdGenerator, SystemClock
from galeria.domain.operations import Operation
from galeria.domain.people.external_provider import ExternalProvider
from galeria.domain.settings import Settings
from galeria.domain.states import OperationStatus
from galeria.interfaces.app import make_app
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.services import Services
from galeria.interfaces.web.kit.visitors import cookies_of
from galeria.interfaces.web.portal import make_portal
from tests.local_installation import PASSWORD, SUBSCRIPTION, LocalInstallation, secrets
from tests.prepared_installations import Prepare, PreparedInstallations, with_people

TENANT = "99999999-8888-7777-6666-555555555555"
ANYWHERE = "/operations"
"""A page that everybody who is signed in may see; strangers are led to the sign-in from it."""
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


class MovedClock:
    """Runs like the real one, and is moved on by tests."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._real.now() + self._ahead

    def move(self, **by: float) -> None:
        self._ahead += timedelta(**by)


@dataclass
class Begun:
    """A starter that only remembers: the test decides when the work is done."""

    ids: list[str] = field(default_factory=list)

    def start(self, operation_id: str) -> None:
        self.ids.append(operation_id)


@dataclass
class Portal:
    """`clock` is that of the pages; the work goes by the real one."""

    installation: LocalInstallation
    services: Services
    begun: Begun
    clock: MovedClock
    trust: ssl.SSLContext | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    def browser(self, who: str = "admin", language: str = "en") -> httpx.Client:
        """A new one with admin (Owner), educator, colleague (Lab Creators) or nobody (no role) signed in."""
        client = self.stranger(language)
        with self.services.requests.anonymous_writing() as request:
            person = request.uow.people.find_by_name(who)
            assert person is not None
            secret = open_web_session(request, person, browser="Mozilla/5.0 (of tests)")
        client.cookies.set(cookies_of(self.services).session, secret, domain=client.base_url.host, path="/")
        return client

    def stranger(self, language: str = "en") -> httpx.Client:
        """A new browser, where nobody has signed in. It follows no redirect by itself."""
        headers = {"Accept-Language": language, "Accept": "text/html"}
        client = httpx.Client(
            base_url=self.services.endpoint,
            headers=headers,
            verify=self.trust or False,
            timeout=20,
            trust_env=False,
        )
        self.clients.append(client)
        return client

    def post(
        self, client: httpx.Client, place: str, *, status: int = 303, page: str = ANYWHERE, **fields: Any
    ) -> httpx.Response:
        """Send a form, with the token of a page that this browser has just seen. A field is a text or a list of texts."""
        answer = client.post(place, data={"csrf": self.token(client, page), **fields}, headers=self.own_origin)
        assert answer.status_code == status, (answer.status_code, answer.headers.get("location"), text_of(answer))
        return answer

    def token(self, client: httpx.Client, page: str = ANYWHERE) -> str:
        seen = client.get(page, follow_redirects=True)
        found = _TOKEN.search(seen.text)
        assert found, (seen.status_code, text_of(seen))
        return found[1]

    @property
    def own_origin(self) -> dict[str, str]:
        """What browsers send with every form."""
        return {"Origin": self.services.endpoint}

    def work(self) -> list[Operation]:
        """Do what was begun, to its end; returns the operations as they then are."""
        ids, self.begun.ids = list(dict.fromkeys(self.begun.ids)), []
        found = [self.installation.operation(id) for id in ids]
        waiting = {OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS}
        return [self.installation.run(each) if each.status in waiting else each for each in found]


NewPortal = Callable[[Prepare], Portal]


def text_of(answer: httpx.Response) -> str:
    """What is read on a page: its text without tags, with single spaces."""
    seen = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.text, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", seen)).split())


def title_of(answer: httpx.Response) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, flags=re.S)
    assert found, answer.text[:2000]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found[1])).split())


@contextmanager
def serving(
    folder: Path,
    prepared_installations: PreparedInstallations,
    key: RSAPrivateKey,
    *,
    prepare: Prepare = with_people,
    identity_files: Installation | None = None,
    openid: ExternalProvider | None = None,
    patience: float = 20,
    settings: Settings | None = None,
) -> Iterator[Portal]:
    """Everybody's password is tests.local_installation.PASSWORD. With `identity_files` it is served over TLS.

    Pages wait `patience` seconds for figures of stores: a test is not to see another page where the computer is busy.
    """
    installation, close = prepared_installations.copy(prepare, folder)
    installation = installation.with_settings(settings) if settings else installation
    with _listener() as listener:
        host = "https://localhost" if identity_files else "http://127.0.0.1"
        portal = _portal(installation, key, f"{host}:{listener.getsockname()[1]}", openid)
        password_sign_in = PasswordSignIn(
            portal.services.requests, portal.services.secrets, portal.services.tokens, portal.services.wrong_tries
        )
        app = make_app(portal.services, password_sign_in=password_sign_in)
        make_portal(portal.services, password_sign_in, patience=patience).install(app)
        config = uvicorn.Config(app, log_level="warning", log_config=None, lifespan="off", ws="none")
        if identity_files:
            portal.trust = ssl.create_default_context(cafile=str(identity_files.ca))
            config.ssl_certfile, config.ssl_keyfile = identity_files.certificate, identity_files.certificate_key
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield portal
        finally:
            for client in portal.clients:
                client.close()
            server.should_exit = True
            thread.join(20)
            close()


def _listener() -> socket.socket:
    # asyncio switches off Nagle's algorithm only where the protocol is named; with it every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def _portal(
    installation: LocalInstallation, key: RSAPrivateKey, endpoint: str, openid: ExternalProvider | None
) -> Portal:
    context, begun, clock = installation.context, Begun(), MovedClock()
    with context.database() as uow:
        for person in uow.people.all():
            person.secret_hash = secrets().hash(PASSWORD)
        uow.commit()
    services = Services(
        database=context.database,
        clock=clock,
        id_generator=RandomIdGenerator(),
        secrets=secrets(),
        wrong_tries=MemoryTries(clock),
        tokens=JwtTokens(key, tenant_id=TENANT, endpoint=endpoint, clock=clock),
        starter=begun,
        settings=replace(context.settings, openid=openid),
        engine=context.engine,
        shells=SshShells(),
        stores=context.stores,
        uploads=context.uploads,
        disk_files=context.disk_files,
        disk_room=context.disk_room,
        tenant_id=TENANT,
        subscription_id=SUBSCRIPTION,
        endpoint=endpoint,
        provider=OpenIdProvider(openid, clock) if openid else None,
    )
    return Portal(installation=installation, services=services, begun=begun, clock=clock)

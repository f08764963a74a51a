"""Every kind of secret planted in a running installation, at its doors, and used: signing in, labs, disks, imports."""

import hashlib
import json
import re
import sqlite3
import ssl
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from galeria.domain.people.external_provider import sign_in_attempt
from tests.adapters.mail_server import RunningMailServer
from tests.system.planted import Planted
from tests.system.server_process import ServerProcess

HASHES = """SELECT pending_password_hash FROM lab_machines JOIN labs ON labs.id = lab_machines.lab_id
    WHERE pending_password_hash <> '!' AND labs.os_type = '{os_type}'"""

AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
BACK = "http://localhost:8400"
TOKEN = "/adfs/oauth2/token"
API = "2024-03-03"
LABS_API = "2023-06-07"
SETTINGS = """
[logs]
format = "json"
requests = true

[monitoring]
token_file = "monitoring.token"

[sign_in.openid]
name = "Campus"
issuer = "{issuer}"
client_id = "galeria"
client_secret_file = "openid.secret"

[mail]
host = "localhost"
port = {mail.used_port}
from = "{mail.sender}"
user = "{mail.user}"
password_file = "mail.secret"
authority = "{mail.authority}"
new_accounts = true
"""


@dataclass
class EchoingProvider:
    """A provider of OpenID Connect that repeats what it is sent: in a refusal, then in tokens that are none."""

    planted: Planted
    issuer: str = ""
    asked: int = 0

    def answer(self, path: str, body: str, headers: str) -> tuple[int, dict[str, Any]]:
        if path.startswith("/token"):
            self.asked += 1
            if self.asked == 1:
                return 400, {"error": f"invalid_client {headers}", "error_description": body}
            return 200, {name: self.planted.new("provider-token") for name in ("access_token", "id_token")}
        places = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "jwks_uri")}
        return 200, {"issuer": self.issuer, "token_endpoint": f"{self.issuer}/token", "keys": [], **places}


@contextmanager
def echoing_provider(planted: Planted) -> Iterator[EchoingProvider]:
    provider = EchoingProvider(planted)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, content = provider.answer(self.path, body, str(self.headers))
            answer = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@dataclass
class Visitor:
    """A browser, or a program without credentials. Answers that refuse something are kept, to be searched."""

    http: httpx.Client
    refusals: dict[str, bytes]
    csrf: str = ""

    def get(self, place: str, **query: str) -> httpx.Response:
        return self._kept(self.http.get(place, params=query or None))

    def look(self, place: str) -> httpx.Response:
        """A page; its form's token is remembered."""
        page = self.get(place)
        found = re.search(r'name="csrf" value="(\w+)"', page.text)
        self.csrf = found[1] if found else self.csrf
        return page

    def form(self, place: str, **fields: str) -> httpx.Response:
        origin = str(self.http.base_url).rstrip("/")
        return self._kept(self.http.post(place, data={"csrf": self.csrf, **fields}, headers={"Origin": origin}))

    def post(self, place: str, **fields: str) -> httpx.Response:
        return self._kept(self.http.post(place, data=fields))

    def rest(self, method: str, place: str, token: str, *, body: Any = None, api: str = API) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self._kept(self.http.request(method, place, json=body, headers=headers, params={"api-version": api}))

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code >= 400:
            kind = "page" if "text/html" in answer.headers.get("content-type", "") else "answer"
            self.refusals[f"{kind} {len(self.refusals)}"] = answer.content + repr(answer.headers).encode()
        return answer


@dataclass
class Scene:
    """An installation to plant secrets in."""

    server: ServerProcess
    planted: Planted
    provider: EchoingProvider
    mail: RunningMailServer
    refusals: dict[str, bytes] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)  # of commands
    clients: list[httpx.Client] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)  # of commands

    @property
    def connect(self) -> dict[str, str]:
        content: dict[str, str] = json.loads((self.server.data / "connect.json").read_text(encoding="utf-8"))
        return content

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.connect['subscription_id']}"

    @property
    def group(self) -> str:
        return f"{self.subscription}/resourceGroups/galeria/providers"

    @property
    def people(self) -> str:
        return f"{self.subscription}/providers/Microsoft.Galeria/people"

    def visitor(self) -> Visitor:
        trust = ssl.create_default_context(cafile=self.connect["ca_file"])
        client = httpx.Client(base_url=self.connect["endpoint"], verify=trust, trust_env=False, timeout=60)
        self.clients.append(client)
        return Visitor(client, self.refusals)

    def command(self, *words: str, shows_secret: bool = False, **variables: str) -> str:
        """Of `galeria`, to its end; returns what it printed. What it printed is searched unless it is to show a secret."""
        command = [sys.executable, "-m", "galeria", *words]
        done = subprocess.run(
            command, env=self.environment | variables, capture_output=True, stdin=subprocess.DEVNULL, timeout=300
        )
        assert done.returncode == 0, done.stderr.decode()
        self.outputs[f"output {len(self.outputs)}"] = done.stderr + (b"" if shows_secret else done.stdout)
        return done.stdout.decode()

    def rows(self, query: str) -> list[Any]:
        """Values of the database, as they are now."""
        with closing(sqlite3.connect(f"file:{self.server.data}/private/galeria.db?mode=ro", uri=True)) as connection:
            return [value for row in connection.execute(query) for value in row if value]

    def note_hashes(self) -> None:
        """The salted hashes that the database has now."""
        for kind, query in (
            ("person-password", "SELECT secret_hash FROM principals WHERE kind = 'User'"),
            ("client-secret", "SELECT secret_hash FROM principals WHERE kind <> 'User'"),
            ("machine-password", HASHES.format(os_type="Linux")),
            ("windows-password", HASHES.format(os_type="Windows")),
            ("student-password", "SELECT admin_hash, non_admin_hash FROM labs"),
        ):
            for text in self.rows(query):
                self.planted.add_hash(kind, text)

    def close(self) -> None:
        for client in self.clients:
            client.close()


def plant_files(scene: Scene) -> None:
    """What the first start has made."""
    private, planted = scene.server.data / "private", scene.planted
    first = json.loads((private / "bootstrap.json").read_text(encoding="utf-8"))
    planted.add("first-password", first["password"])
    planted.add("first-link", first["welcome"])
    planted.add("first-client-secret", first["clientSecret"])
    planted.add_hash("first-password", scene.rows("SELECT secret_hash FROM principals WHERE name = 'admin'")[0])
    program = f"SELECT secret_hash FROM principals WHERE name = '{first['clientId']}'"
    planted.add_hash("first-client-secret", scene.rows(program)[0])
    for kind, name in (
        ("token-key", "token.key"),
        ("manifest-key", "manifest.key"),
        ("authority-key", "ca.key"),
        ("server-key", "server.key"),
    ):
        planted.add(kind, (private / "identity" / name).read_text(encoding="ascii").splitlines()[1])


def plant_sign_ins(scene: Scene) -> Visitor:
    """Right and wrong ones through pages; returns the administrator's browser."""
    planted, first = scene.planted, scene.planted.of("first-link")[0]
    browser, other = scene.visitor(), scene.visitor()
    browser.look(f"/welcome/{first}")
    password = planted.new("person-password")
    assert browser.form(f"/welcome/{first}", new=password, again=password).status_code == 303
    scene.note_hashes()
    _note_session(scene, browser)
    other.look("/sign-in")
    refused = other.form("/sign-in", name="admin", password=planted.new("refused-password"), next="/me")
    assert refused.status_code == 401
    assert other.form("/sign-in", name="admin", password=password, next="/me").status_code == 303
    _note_session(scene, other)
    browser.look("/me")
    weak = planted.new("refused-password", "onlysmallletters{}")
    assert browser.form("/me/password", current=password, new=weak, again=weak).status_code == 400
    wrong, new = planted.new("refused-password"), planted.new("person-password")
    assert browser.form("/me/password", current=wrong, new=new, again=new).status_code == 400
    assert browser.form("/me/password", current=password, new=new, again=new).status_code == 303
    _note_session(scene, browser)
    _plant_openid(scene)
    return browser


def _note_session(scene: Scene, browser: Visitor) -> None:
    (secret,) = [each.value for each in browser.http.cookies.jar if each.name == "__Host-galeria"]
    scene.planted.add("browser-session", str(secret))
    for each in browser.http.cookies.jar:
        if each.name == "__Host-galeria-known":  # not after the link of a first password
            scene.planted.add("known-browser", str(each.value))
    browser.look("/me")
    scene.planted.add("form-token", browser.csrf)


def _plant_openid(scene: Scene) -> None:
    """Twice: the provider refuses, then answers tokens that do not hold."""
    for _ in range(2):
        browser = scene.visitor()
        sent = browser.get("/sign-in/external", next="/me")
        assert sent.status_code == 303, sent.text
        (cookie,) = [each.value for each in browser.http.cookies.jar if each.name == "__Host-galeria-external"]
        secret = str(cookie).strip('"').partition(".")[0]
        attempt = sign_in_attempt(secret)
        for each in (secret, attempt.state, attempt.nonce, attempt.verifier):
            scene.planted.add("openid-attempt", each)
        code = scene.planted.new("provider-token")
        assert browser.get("/sign-in/external/back", state=attempt.state, code=code).status_code >= 400
    assert scene.provider.asked == 2


def plant_tokens(scene: Scene) -> str:
    """Right and wrong ones through the endpoints for programs; returns an access token of the administrator's."""
    planted, program = scene.planted, scene.visitor()
    password = planted.of("person-password")[-1]
    scope = f"{scene.connect['endpoint']}/.default offline_access openid profile"
    form = {"grant_type": "password", "client_id": AZ, "username": "admin", "password": password, "scope": scope}
    assert program.post(TOKEN, **form | {"password": planted.new("refused-password")}).status_code == 400
    mistaken = {"username": planted.new("refused-password")}  # a password typed as a name
    assert program.post(TOKEN, **form | mistaken).status_code == 400
    tokens = _note_tokens(scene, program.post(TOKEN, **form))
    renewal = {"grant_type": "refresh_token", "client_id": AZ, "refresh_token": tokens["refresh_token"]}
    _note_tokens(scene, program.post(TOKEN, **renewal))
    assert program.rest("GET", scene.people, f"{tokens['access_token']}x").status_code == 401
    _plant_authorization_code(scene, program, password, scope)
    started = program.post("/adfs/oauth2/devicecode", client_id=AZ, scope=scope).json()
    for name in ("device_code", "user_code"):
        planted.add("device-code", started[name])
    answered = program.post(
        "/adfs/device", user_code=started["user_code"], username="admin", password=password, choice="sign-in"
    )
    assert answered.status_code == 200
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    _note_tokens(scene, program.post(TOKEN, grant_type=grant, client_id=AZ, device_code=started["device_code"]))
    waiting = program.post("/adfs/oauth2/devicecode", client_id=AZ, scope=scope).json()
    planted.add("device-code", waiting["device_code"])
    return str(tokens["access_token"])


def _plant_authorization_code(scene: Scene, program: Visitor, password: str, scope: str) -> None:
    verifier = scene.planted.new("authorization-code", "verifier-of-a-program-that-is-long-enough-{}")
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {"client_id": AZ, "response_type": "code", "redirect_uri": BACK, "scope": scope, "state": "s"}
    asked |= {"code_challenge": challenge, "code_challenge_method": "S256", "nonce": "n"}
    page = program.get("/adfs/oauth2/authorize", **asked)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text))
    carried = {name: unescape(value) for name, value in hidden.items()}
    filled = {**carried, "username": "admin", "choice": "sign-in"}

    def code() -> str:
        back = program.post("/adfs/oauth2/authorize", **filled, password=password)
        assert back.status_code == 303, back.text
        found = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
        return scene.planted.add("authorization-code", found)

    wrong = scene.planted.new("refused-password")
    assert program.post("/adfs/oauth2/authorize", **filled, password=wrong).status_code == 400
    form = {"grant_type": "authorization_code", "client_id": AZ, "redirect_uri": BACK, "code": code()}
    _note_tokens(scene, program.post(TOKEN, **form, code_verifier=verifier))
    assert program.post(TOKEN, **form, code_verifier=verifier).status_code == 400
    code()  # nobody redeems this one


def _note_tokens(scene: Scene, answer: httpx.Response) -> dict[str, Any]:
    tokens: dict[str, Any] = answer.json()
    assert answer.status_code == 200, tokens
    for kind in ("access-token", "id-token", "refresh-token"):
        text = tokens.get(kind.replace("-", "_"))
        if text:
            scene.planted.add(kind, text.rpartition(".")[2])
    return tokens


def query_of(secret: str) -> str:
    """A query as that of a SAS."""
    return urlencode({"sv": "2024-11-04", "sr": "b", "sp": "r", "sig": secret})

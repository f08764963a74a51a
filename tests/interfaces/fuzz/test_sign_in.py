"""Hostile values wherever somebody signs in: the endpoints of OAuth, their pages, the managed identity, the directory."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from galeria.interfaces.login.browser.authorize_page import PATHS
from tests.interfaces.arm.served import TENANT
from tests.interfaces.fuzz.answers import Judge
from tests.interfaces.fuzz.asgi import Answer
from tests.interfaces.fuzz.fields import operations
from tests.interfaces.fuzz.pages import FORM, HTML
from tests.interfaces.fuzz.product import Product
from tests.interfaces.fuzz.targets import JSON, encoded
from tests.interfaces.fuzz.values import TEXTS, VALUES, Shares, written
from tests.local_installation import PASSWORD

pytestmark = pytest.mark.slow

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
TEXTS_HERE = TEXTS | {"very long": "x" * 70_000, "wrong address": "http://[", "loopback": "http://localhost:1/\x00"}
CHALLENGE = "a" * 43
AUTHORIZE = {
    "client_id": CLI,
    "response_type": "code",
    "response_mode": "form_post",
    "redirect_uri": "http://localhost:8400/",
    "scope": "openid",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
GRANTS: dict[str, dict[str, str]] = {
    "password": {"client_id": CLI, "username": "educator", "password": PASSWORD, "scope": "openid"},
    "client_credentials": {"client_id": "a", "client_secret": "b", "scope": "x/.default", "resource": "x"},
    "refresh_token": {"client_id": CLI, "refresh_token": "a.b", "scope": "openid"},
    "authorization_code": {
        "client_id": CLI,
        "code": "a",
        "redirect_uri": "http://localhost:1/",
        "code_verifier": "a" * 43,
    },
    "urn:ietf:params:oauth:grant-type:device_code": {"client_id": CLI, "device_code": "a"},
    "urn:ietf:params:oauth:grant-type:jwt-bearer": {"client_id": CLI, "assertion": "a.b.c"},
}
BASIC = (
    b"",
    b"Basic",
    b"Basic =",
    b"Basic %s" % base64.b64encode(b"\xff\xfe"),
    b"Basic OjE=",
    b"Basic " + b"YTo" * 9000,
)
BODIES = (
    b"",
    b"\xff=\xfe",
    b"a=%ff%fe",
    b"grant_type",
    b"&" * 60,
    b"a=1&a=2",
    b"grant_type=password&grant_type=x",
    b'{"grant_type": 1}',
)


def test_no_field_of_a_token_request_makes_a_fault(product: Product, judge: Judge, shares: Shares) -> None:
    for place in ("/adfs/oauth2/token", f"/{TENANT}/oauth2/v2.0/token", "/adfs/oauth2/devicecode"):
        for grant, fields in GRANTS.items():
            sound = {"grant_type": grant, **fields}
            for name in (*sound, "client_info", "claims", "x"):
                for kind, value in shares(TEXTS_HERE, 4):
                    answer = send(product, place, sound | {name: value})
                    judge.each(f"{place} {grant} {name}: {kind}", answer, judge.oauth)
    judge.end()


def test_no_bytes_of_a_token_request_make_a_fault(product: Product, judge: Judge) -> None:
    for place in ("/adfs/oauth2/token", "/adfs/oauth2/devicecode", "/adfs/oauth2/authorize", "/adfs/device"):
        for body in (*BODIES, b"x=" + b"y" * (1 << 20), b"&".join(b"f%d=1" % number for number in range(3000))):
            for header in BASIC:
                headers = [FORM, *([(b"authorization", header)] if header else [])]
                answer = product.driver.ask("POST", place.encode(), headers, body)
                judge.each(f"{place} {body[:40]!r} {header[:20]!r}", answer, judge.oauth)
    judge.end()


def test_no_field_of_the_sign_in_pages_makes_a_fault(product: Product, judge: Judge, shares: Shares) -> None:
    typed = {"username": "educator", "password": "wrong", "choice": "ok"}
    for name in (*AUTHORIZE, *typed, "login_hint", "prompt", "domain_hint", "claims", "x"):
        for kind, value in shares(TEXTS_HERE, 16):
            fields = AUTHORIZE | typed | {name: value}
            what = f"authorize {name}: {kind}"
            judge.each(what, product.driver.ask("GET", _with(PATHS[0], fields)[:60_000], [HTML]), judge.page)
            judge.each(what, send(product, PATHS[1], fields), judge.page)
    for name in ("user_code", "username", "password", "choice"):
        for kind, value in shares(TEXTS_HERE, 30):
            fields = {"user_code": device_code(product), **typed, name: value}
            judge.each(f"device {name}: {kind}", send(product, "/adfs/device", fields), judge.page)
            judge.each(
                f"device {name}: {kind}", product.driver.ask("GET", _with("/adfs/device", fields), [HTML]), judge.page
            )
    judge.end()


def test_no_name_of_a_program_makes_a_fault(product: Product, judge: Judge, shares: Shares) -> None:
    """It is shown to the person who signs in for the program."""
    for kind, value in TEXTS.items():
        answer = send(product, "/adfs/oauth2/devicecode", {"client_id": value, "scope": "openid"})
        judge.each(f"device code for {kind}", answer, judge.oauth)
        if answer.status == 200:
            shown = product.driver.ask(
                "GET", _with("/adfs/device", {"user_code": json.loads(answer.body)["user_code"]}), [HTML]
            )
            judge.each(f"device page for {kind}", shown, judge.page)
    judge.end()


def test_no_request_beside_them_makes_a_fault(product: Product, judge: Judge, shares: Shares) -> None:
    for path, methods in operations(product)["paths"].items():
        if "{tenant}" in path:
            for kind, value in shares(TEXTS, 8):
                for method in methods:
                    place = path.replace("{tenant}", encoded(value))
                    judge.each(
                        f"{path} {kind}",
                        product.driver.ask(method.upper(), place.encode(), [FORM], b"a=b"),
                        judge.oauth,
                    )
    secret = (b"x-identity-header", b"a")
    for name in ("resource", "client_id", "object_id", "mi_res_id", "api-version"):
        for kind, value in shares(TEXTS, 20):
            answer = product.driver.ask("GET", _with("/msi/token", {"resource": "a", name: value}), [secret])
            judge.each(f"/msi/token {name} {kind}", answer, judge.oauth)
    for kind, value in TEXTS.items():
        judge.each(
            f"/welcome/ {kind}", product.driver.ask("GET", f"/welcome/{encoded(value)}".encode(), [HTML]), judge.page
        )
    judge.end()


def test_no_question_to_the_directory_makes_a_fault(product: Product, judge: Judge, shares: Shares) -> None:
    owner = product.bearer("admin")
    for kind, value in TEXTS.items():
        for path in ("users", "servicePrincipals", "directoryObjects"):
            judge.each(
                f"{path}/{kind}", product.driver.ask("GET", f"/v1.0/{path}/{encoded(value)}".encode(), owner), judge.any
            )
        asked = _with("/v1.0/users", {"$filter": f"userPrincipalName eq '{value}'"})
        judge.each(f"$filter {kind}", product.driver.ask("GET", asked, owner), judge.any)
    for kind, value in VALUES.items():
        for body in ({"ids": value}, {"ids": [value]}, value):
            answer = product.driver.ask("POST", b"/v1.0/directoryObjects/getByIds", [*owner, JSON], written(body))
            judge.each(f"getByIds {kind}", answer, judge.arm)
    judge.end()


def test_no_token_makes_a_fault(product: Product, judge: Judge) -> None:
    """Tokens in the form of JSON Web Tokens, with parts that are none."""
    _, sound = product.bearer("admin")[0]
    own = sound.removeprefix(b"Bearer ").split(b".")
    parts = [base64.urlsafe_b64encode(written(value)[:3000]).rstrip(b"=") for value in VALUES.values()]
    algorithms: tuple[Any, ...] = ("none", "HS256", "RS256 ", "", None, [], {})
    others: tuple[Any, ...] = ("../a", 1, [], None)
    headers = [{"alg": each} for each in algorithms]
    headers += [{"alg": "RS256", name: each} for name in ("kid", "jku", "x5u", "crit", "b64") for each in others]
    parts += [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in headers]
    for part in parts:
        for token in (
            part,
            b".".join((part, *own[1:])),
            b".".join((own[0], part, own[2])),
            b".".join((*own[:2], part)),
            part + b"...",
        ):
            for target in (b"/v1.0/me", b"/subscriptions?api-version=2024-03-03"):
                answer = product.driver.ask("GET", target, [(b"authorization", b"Bearer " + token)])
                judge.each(f"token {token[:60]!r}", answer, judge.arm)
                assert answer.status == 401
    judge.end()


def send(product: Product, place: str, fields: dict[str, str]) -> Answer:
    return product.driver.ask("POST", place.encode(), [FORM, HTML], _with("", fields)[1:])


def device_code(product: Product) -> str:
    code: str = json.loads(send(product, "/adfs/oauth2/devicecode", {"client_id": CLI}).body)["user_code"]
    return code


def _with(place: str, fields: dict[str, str]) -> bytes:
    pairs = {name: value.encode("utf-8", errors="surrogatepass") for name, value in fields.items()}
    return f"{place}?{urlencode(pairs)}".encode()

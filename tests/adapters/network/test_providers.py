"""A provider of OpenID Connect somewhere in the internet, that would lead the server into networks only this one reaches.

Every address answers here, with a certificate that is right.
"""

import json
from typing import Any

import pytest

from tests.adapters.network.namespaces import GALERIA_4, GALERIA_6
from tests.adapters.network.pages import file, moved
from tests.adapters.network.running import Outcome, World

pytestmark = pytest.mark.slow

ISSUER, KEYS = "https://login.example", "https://keys.example"
PUBLIC, OTHER, PRIVATE = "8.8.8.8", "1.1.1.1", "10.0.0.5"
ANSWERED = {"login.example/token": [file("{}")], "keys.example/token": [file("{}")]}


def sign_in(
    world: World, *, login: str = PUBLIC, keys: list[list[str]], pages: dict[str, Any] | None = None, **said: Any
) -> Outcome:
    """The code is redeemed at the token endpoint, which is on another host unless something else is said."""
    endpoints = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/auth",
        "token_endpoint": f"{KEYS}/token",
        **said,
    }
    discovery = {"login.example/.well-known/openid-configuration": [file(json.dumps(endpoints))]}
    names = {"login.example": [[login]], "keys.example": keys}
    return world.act("sign_in", issuer=ISSUER, names=names, pages={**discovery, **ANSWERED, **(pages or {})})


@pytest.mark.parametrize("ip", [OTHER, "2a00:1450::8"])
def test_a_public_provider_may_have_several_public_hosts(world: World, ip: str) -> None:
    outcome = sign_in(world, keys=[[ip]])
    assert "sent no identity" in outcome.text  # the token endpoint was asked, past the proxies of the environment
    assert outcome.connections == [f"{PUBLIC}:443", f"{ip}:443"]


@pytest.mark.parametrize(
    "ip",
    [
        PRIVATE,
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fd00::5",
        "::ffff:10.0.0.5",
        "64:ff9b::10.0.0.5",
        GALERIA_4,
        GALERIA_6,
    ],
)
def test_a_public_provider_leads_into_no_private_network(world: World, ip: str) -> None:
    for answer in ([ip], [OTHER, ip]):
        outcome = sign_in(world, keys=[answer])
        assert (outcome.error, outcome.connections) == ("Unavailable", [f"{PUBLIC}:443"])
        assert "names an address that is not safe" in outcome.text


def test_a_name_of_the_provider_that_leads_elsewhere_a_moment_later_changes_nothing(world: World) -> None:
    outcome = sign_in(world, keys=[[OTHER], [PRIVATE]])
    assert outcome.connections == [f"{PUBLIC}:443", f"{OTHER}:443"]


@pytest.mark.parametrize(
    ("ip", "asked"),
    [("10.0.0.6", True), ("192.168.7.1", True), (OTHER, True), ("127.0.0.1", False), (GALERIA_4, False)],
)
def test_a_provider_of_the_campus_may_lead_into_the_campus_and_no_nearer(world: World, ip: str, asked: bool) -> None:
    outcome = sign_in(world, login=PRIVATE, keys=[[ip]])
    assert outcome.connections == [f"{PRIVATE}:443", *[f"{ip}:443"] * asked]
    assert outcome.error == ("Unauthenticated" if asked else "Unavailable")


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1/token",
        "http://localhost/token",
        "http://[::1]/token",
        "http://keys.example/token",
        "https://127.0.0.1/token",
        "https://2130706433/token",
        "https://galeria.example/token",
        "https://login.example@10.0.0.5/token",
        "file:///etc/passwd",
    ],
)
def test_no_endpoint_leads_to_this_computer(world: World, place: str) -> None:
    outcome = sign_in(world, keys=[[OTHER]], token_endpoint=place)
    assert (outcome.error, outcome.connections) == ("Unavailable", [f"{PUBLIC}:443"])
    assert "names an address that is not safe" in outcome.text


@pytest.mark.parametrize("target", ["https://10.0.0.5/token", "http://127.0.0.1/token", "https://login.example/token"])
def test_a_redirect_is_no_answer(world: World, target: str) -> None:
    for status in ("302 Found", "307 Temporary Redirect"):
        outcome = sign_in(world, keys=[[OTHER]], pages={"keys.example/token": [moved(target, status)]})
        assert (outcome.error, outcome.connections) == ("Unavailable", [f"{PUBLIC}:443", f"{OTHER}:443"])
        assert "does not answer as it should" in outcome.text


def test_the_secret_is_told_to_nobody_whose_certificate_is_not_right(world: World) -> None:
    outcome = sign_in(world, keys=[[OTHER]], token_endpoint=f"https://{OTHER}/token")
    assert "'Campus' does not answer." in outcome.text
    assert [each["at"] for each in outcome.asked] == [f"{PUBLIC}:443"]

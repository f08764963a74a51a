"""Too many requests at the door: of a person, whatever they use, and of strangers at an address."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.domain.request_rates import RequestRates
from galeria.domain.settings import Settings
from tests.interfaces.arm.served import GROUP, SUB, Arm, done, serving, told

# So few come back that a test does not notice it: one in six seconds.
RATES = RequestRates(reads=10, writes=10, strangers=10)
LEFT = "x-ms-ratelimit-remaining-subscription-{}"
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def few(tmp_path: Path, migrated_file: Path, token_key: RSAPrivateKey) -> Iterator[Arm]:
    with serving(tmp_path / "arm", migrated_file, token_key, settings=Settings(request_rates=RATES)) as arm:
        yield arm


def test_answers_say_how_many_requests_are_left(few: Arm) -> None:
    answers = [few().get(GROUP) for _ in range(3)]
    assert [each.headers[LEFT.format("reads")] for each in answers] == ["9", "8", "7"]
    written = few().put(GROUP, json={"location": "brazilsouth"})
    assert written.headers[LEFT.format("writes")] == "9"
    assert LEFT.format("reads") not in written.headers
    gone = few().delete(f"{SUB}/resourceGroups/nothing")
    assert gone.headers[LEFT.format("deletes")] == "8"
    assert few("nobody").get(GROUP).headers[LEFT.format("reads")] == "9"  # errors say it, too


def test_a_person_who_asks_too_often_waits_and_nobody_else(few: Arm) -> None:
    for _ in range(10):
        done(few().get(GROUP))
    refused = few().get(GROUP)
    error = told(refused, 429)
    assert error["code"] == "TooManyRequests"
    assert "as one person may in a minute: 10." in error["message"]
    assert 0 < int(refused.headers["retry-after"]) <= 6
    assert refused.headers["x-ms-request-id"]
    assert few().get("/v1.0/me").status_code == 429
    assert few().head("/uploads/0123456789abcdef", headers=TUS).status_code == 429
    done(few().put(GROUP, json={"location": "brazilsouth"}))
    assert few("colleague").get("/v1.0/me").status_code == 200


def test_strangers_at_an_address_wait_and_people_there_do_not(few: Arm) -> None:
    stranger = few.stranger()
    statuses = [
        stranger.get("/metadata/endpoints", params={"api-version": "2019-05-01"}).status_code for _ in range(10)
    ]
    assert 429 not in statuses
    refused = stranger.get("/metadata/endpoints", params={"api-version": "2019-05-01"})
    assert "From this address came as many requests without sign-in" in told(refused, 429)["message"]
    assert int(refused.headers["retry-after"]) > 0
    assert few().get(GROUP).status_code == 200
    assert stranger.get("/static/none").status_code == 404


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (GROUP, {"Authorization": "Bearer wrong"}, 401),
        ("/disks/0123456789abcdef/abcd?si=x&sig=wrong", {}, 403),
        ("/nowhere", {"Cookie": "galeria=wrong"}, 404),
    ],
)
def test_wrong_credentials_are_a_strangers(few: Arm, path: str, headers: dict[str, str], status: int) -> None:
    def ask() -> httpx.Response:
        return few.stranger().get(path, headers=headers)

    assert [ask().status_code for _ in range(10)] == [status] * 10
    told(ask(), 429)
    assert few().get(GROUP).status_code == 200

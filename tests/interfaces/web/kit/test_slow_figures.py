"""Figures that take long: no page waits for them, everybody gets them in the end."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.interfaces.web.kit.slow_figures import LONGEST_KEPT, SlowFigures
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.interfaces.web.slow_store import VERSION, Gate, serving_slowly
from tests.local_installation import lab_id, version_id
from tests.prepared_installations import PreparedInstallations
from tests.waiting import until


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.event.set()


def test_an_answer_that_comes_at_once_is_asked_for_anew_each_time() -> None:
    slow_figures, answers = SlowFigures(patience=20), iter(("first", "second"))
    assert [slow_figures.find("key", lambda: next(answers)) for _ in range(2)] == ["first", "second"]


def test_a_slow_question_is_asked_once_and_its_answer_serves_for_a_while(gate: Gate) -> None:
    now = 0.0
    slow_figures = SlowFigures(patience=0, clock=lambda: now)
    assert [slow_figures.find("key", gate.ask) for _ in range(3)] == [None] * 3
    gate.event.set()
    until(lambda: slow_figures.find("key", gate.ask) == "answer 1", "the answer")
    assert slow_figures.find("key", gate.ask, patience=20) == "answer 1"
    now = LONGEST_KEPT + 1
    assert slow_figures.find("key", gate.ask, patience=20) == "answer 2"


def test_one_slow_question_does_not_hold_up_another(gate: Gate) -> None:
    slow_figures = SlowFigures(patience=0)
    assert slow_figures.find("slow", gate.ask) is None
    assert slow_figures.find("quick", lambda: "here", patience=20) == "here"


def test_what_went_wrong_is_reported_and_then_asked_for_anew() -> None:
    slow_figures = SlowFigures(patience=20)

    def fail() -> str:
        raise NotFound(Message("It is gone."), hint=Message("Bring it back."))

    with pytest.raises(NotFound, match="It is gone"):
        slow_figures.find("key", fail)
    assert slow_figures.find("key", lambda: "here") == "here"


@pytest.fixture
def hasty(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey, gate: Gate
) -> Iterator[Portal]:
    with serving_slowly(tmp_path / "installation", prepared_installations, token_key, gate) as portal:
        yield portal


def test_what_a_deletion_frees_comes_after_the_page(hasty: Portal, gate: Gate) -> None:
    browser, place = hasty.browser(), f"{VERSION}/delete"
    seen = browser.get(place)
    assert "It is being worked out" in text_of(seen)
    assert "Delete for good" in text_of(seen)
    piece = re.search(r'hx-get="([^"]+)" hx-trigger="every 1s"', seen.text)
    assert piece
    assert "every 1s" in browser.get(piece[1]).text

    gate.event.set()

    until(lambda: "every 1s" not in browser.get(piece[1]).text, "the figures")
    assert re.search(r"Region Now Brazil South [1-9][0-9]* bytes", text_of(browser.get(piece[1])))
    assert re.search(r"Region Now Brazil South [1-9][0-9]* bytes", text_of(browser.get(place)))


def test_prices_that_take_long_are_waited_for_by_a_page_that_asks_again(hasty: Portal, gate: Gate) -> None:
    waited_for(hasty, gate, hasty.browser(), f"{VERSION}/regions", "Regions of linux 1.0.0")


def test_so_is_the_estimate_of_an_export(hasty: Portal, gate: Gate) -> None:
    hasty.installation.run(hasty.installation.begin_lab("algebra", version_id("linux")))
    place = f"/labs/{lab_id('algebra').group}/algebra/export"
    waited_for(hasty, gate, hasty.browser("educator"), place, "Export to Shared Image Gallery")


def waited_for(portal: Portal, gate: Gate, browser: httpx.Client, place: str, title: str) -> None:
    seen = browser.get(f"{place}?language=en")
    assert title_of(seen) == "One moment"
    assert f'hx-get="{place}?language=en"' in seen.text
    assert 'http-equiv="refresh"' in seen.text  # without scripts
    script = {"HX-Request": "true"}
    assert browser.get(place, headers=script).status_code == 204

    gate.event.set()

    until(lambda: browser.get(place, headers=script).status_code == 200, "the page")
    assert title_of(browser.get(place)) == title


def test_a_form_waits_for_its_figures(hasty: Portal, gate: Gate) -> None:
    browser, place = hasty.browser(), f"{VERSION}/regions"
    assert title_of(browser.get(place)) == "One moment"
    gate.event.set()
    assert "a month" in text_of(hasty.post(browser, f"{place}/check", status=200, regions=["brazilsouth"]))

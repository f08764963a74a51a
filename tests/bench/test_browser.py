"""The benchmark's client asks as a browser does that has signed in, with what it times as with the rest."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bench.server.browser import Browser
from tests.adapters.reach.certificates import make_authority
from tests.servers.small_server import serving


@pytest.fixture
def asked() -> list[tuple[str, dict[str, str]]]:
    """The addresses and headers of all questions."""
    return []


@pytest.fixture
def browser(asked: list[tuple[str, dict[str, str]]], tmp_path: Path) -> Iterator[Browser]:
    def answer(request: Request) -> Response:
        asked.append((str(request.url.path) + "?" + request.url.query, dict(request.headers)))
        if request.url.path == "/moved":
            return RedirectResponse("/labs")
        response = JSONResponse(
            {"client": str(request.client)}, status_code=500 if request.url.path == "/broken" else 200
        )
        response.set_cookie("session", "of-ana")
        return response

    authority = make_authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    app = Starlette(routes=[Route("/{path:path}", answer)])
    with (
        serving(app, certificate=authority.write(tmp_path, "localhost")) as endpoint,
        Browser({"endpoint": endpoint, "ca_file": str(tmp_path / "ca.pem")}) as opened,
    ):
        yield opened


def test_what_is_timed_is_sent_as_everything_else_is(browser: Browser, asked: list[tuple[str, dict[str, str]]]) -> None:
    browser.headers["Authorization"] = "Bearer ana"
    assert browser.get("/first").status_code == 200
    with browser.direct() as direct:
        assert direct.seconds("/labs?name=S%C3%A3o", {"x-own": "1"}) > 0
        assert direct.seconds(str(browser.base_url.join("/labs")), {}) > 0
    (_, usual), (address, timed), (again, _) = asked
    assert (address, again) == ("/labs?name=S%C3%A3o", "/labs?")
    kept = {"authorization", "user-agent", "accept", "accept-encoding", "host"}
    assert {name: timed[name] for name in kept} == {name: usual[name] for name in kept}
    assert (timed["cookie"], timed["x-own"]) == ("session=of-ana", "1")


@pytest.mark.parametrize("address", ["/broken", "/moved"])
def test_an_answer_that_is_none_is_not_timed(browser: Browser, address: str) -> None:
    with browser.direct() as direct, pytest.raises(httpx.HTTPStatusError):
        direct.seconds(address, {})

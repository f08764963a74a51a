"""A walk through pages finds each of them by its links, and says which it did not find."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bench.server.walk import PageRoute, loaded_by, page_routes, walk
from tests.servers.small_server import serving

HTML = {
    "web_labs": '<a href="/labs/7?page=2">Seven</a> <a href="/labs/8">Eight</a> <a href="https://other.test/labs">Other</a>',
    "web_lab": '<div sse-connect="/labs/7/events"></div><a href="/nowhere">Nowhere</a>',
    "web_lab_part": "<p>A piece</p>",
    "web_new": "<h1>No page links to me</h1>",
    "web_letter": "<h1>Who has the link?</h1>",
}


def application() -> FastAPI:
    router = APIRouter()

    @router.get("/", name="web_home")
    def home() -> Response:
        return RedirectResponse("/labs", status_code=303)

    @router.get("/labs/{lab}/events", name="web_lab_events")
    def events(lab: str) -> Response:
        return Response("data: 1\n\n", media_type="text/event-stream")

    @router.get("/api", name="api_something")
    def something() -> str:
        return "not a page"

    paths = {"web_labs": "/labs", "web_new": "/new", "web_lab": "/labs/{lab}", "web_lab_part": "/labs/{lab}/part"}
    for name, path in {**paths, "web_letter": "/letters/{secret}"}.items():
        router.add_api_route(path, page(HTML[name]), methods=["GET"], name=name)
    app = FastAPI()
    app.include_router(router)
    return app


def page(html: str) -> Callable[[], HTMLResponse]:
    return lambda: HTMLResponse(html)


@pytest.fixture
def routes() -> list[PageRoute]:
    return page_routes(application())


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with serving(application()) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def test_only_pages_that_are_got_are_routes_of_pages(routes: list[PageRoute]) -> None:
    assert {route.name for route in routes} == {*HTML, "web_home", "web_lab_events"}


def test_every_page_is_opened_once_from_link_to_link(client: httpx.Client, routes: list[PageRoute]) -> None:
    walked = walk(client, routes)

    assert [page.address for page in walked.pages] == ["/", "/labs", "/labs/7?page=2", "/new", "/labs/7/part"]
    assert [page.status for page in walked.pages] == [303, 200, 200, 200, 200]


def test_what_is_no_page_to_measure_is_reported(client: httpx.Client, routes: list[PageRoute]) -> None:
    walked = walk(client, routes)

    assert [route.name for route in walked.streams] == ["web_lab_events"]
    assert [route.name for route in walked.unfound] == ["web_letter"]
    assert walked.refused == {"/nowhere": 404}


def test_a_page_says_what_it_loads() -> None:
    html = '<link rel="stylesheet" href="/s.css"><script src="a.js"></script><img src="/i.png"><a href="/x">x</a>'
    html += '<img src="/i.png">'

    assert loaded_by(html, "https://here.test/labs/7") == [
        "https://here.test/s.css",
        "https://here.test/labs/a.js",
        "https://here.test/i.png",
    ]

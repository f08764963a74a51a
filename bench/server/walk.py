"""Walk through the portal: find an address for every page by following links, as people do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

FIRST = ("/",)
TRIES = 5  # addresses of one page that are tried until it answers
OTHERS = 30  # addresses that are no pages, of which so many are tried
PAGE = {"Accept": "text/html"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRoute:
    """A route. `name` begins with web_; `path` is a template such as /labs/{group}/{lab}."""

    name: str
    path: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFound:
    route: PageRoute
    address: str  # path and query
    status: int  # 200, or 303 for a redirect
    is_html: bool = True  # and not a download


@dataclass(frozen=True, kw_only=True, slots=True)
class Walked:
    """The result. To an `unfound` page no link leads that answers; `streams` never end and are not read."""

    pages: Sequence[PageFound]
    streams: Sequence[PageRoute]
    unfound: Sequence[PageRoute]
    refused: Mapping[str, int]  # linked addresses that answered with an error


def page_routes(app: FastAPI) -> list[PageRoute]:
    """Return all routes for GET that are named web_…, in the order in which addresses are matched."""
    found = []
    for each in iter_route_contexts(app.routes):
        if each.path and (each.name or "").startswith("web_") and "GET" in (each.methods or ()):
            found.append(PageRoute(name=str(each.name), path=each.path, pattern=compile_path(each.path)[0]))
    return found


def walk(client: httpx.Client, routes: Sequence[PageRoute], *, first: Sequence[str] = FIRST) -> Walked:
    """Open one address of every page, beginning with `first`; then those that only scripts request."""
    walker = _Walker(client, routes)
    walker.follow(first)
    refused = dict(walker.refused)
    walker.follow([address for route in walker.unfound() for address in walker.guesses(route)])
    return Walked(
        pages=list(walker.found.values()),
        streams=list(walker.streams.values()),
        unfound=walker.unfound(),
        refused=refused,
    )


class _Walker:
    def __init__(self, client: httpx.Client, routes: Sequence[PageRoute]) -> None:
        self._client = client
        self._routes = routes
        self._tries: dict[str, int] = {}
        self._seen: set[str] = set()
        self.found: dict[str, PageFound] = {}
        self.streams: dict[str, PageRoute] = {}
        self.refused: dict[str, int] = {}

    def follow(self, addresses: Sequence[str]) -> None:
        waiting = list(addresses)
        while waiting:
            address = waiting.pop(0)
            if address not in self._seen and self._is_wanted(address):
                self._seen.add(address)
                waiting += self._open(address)

    def unfound(self) -> list[PageRoute]:
        return [each for each in self._routes if each.name not in self.found and each.name not in self.streams]

    def guesses(self, route: PageRoute) -> Iterator[str]:
        """Yield its own path, and paths below a found page: /labs/7/part, where /labs/7 is the page of /labs/{id}."""
        if "{" not in route.path:
            yield route.path
        for page in self.found.values():
            if route.path.startswith(f"{page.route.path}/") and "{" not in route.path[len(page.route.path) :]:
                yield urlsplit(page.address).path + route.path[len(page.route.path) :]

    def _is_wanted(self, address: str) -> bool:
        """Return whether to open the address: one of every page is enough.

        What is no page is opened too, because the link may be broken.
        """
        route = self._route_of(address)
        if route is None:
            return self._tries.get("", 0) < OTHERS
        return route.name not in self.found and self._tries.get(route.name, 0) < TRIES

    def _open(self, address: str) -> list[str]:
        """Open the address, and return the addresses that it links."""
        route, answer = self._route_of(address), _read(self._client, address)
        name = route.name if route else ""
        self._tries[name] = self._tries.get(name, 0) + 1
        if answer is not None and answer.status_code >= 400:
            self.refused[address] = answer.status_code
        elif route is not None and answer is None:
            self.streams[name] = route
        elif route is not None and answer is not None:
            is_html = answer.headers.get("content-type", "text/html").startswith("text/html")
            self.found[name] = PageFound(route=route, address=address, status=answer.status_code, is_html=is_html)
            return list(_links(answer))
        return []

    def _route_of(self, address: str) -> PageRoute | None:
        path = urlsplit(address).path
        return next((route for route in self._routes if route.pattern.match(path)), None)


def loaded_by(html: str, base: str) -> list[str]:
    """Return the addresses that a page loads by itself: styles, scripts and pictures."""
    loads = {("link", "href"), ("script", "src"), ("img", "src")}
    found = [value for tag, name, value in _attributes(html) if (tag, name) in loads]
    return list(dict.fromkeys(urljoin(base, each) for each in found))


def _read(client: httpx.Client, address: str) -> httpx.Response | None:
    """Return the answer; None for a stream of events, which would never end."""
    with client.stream("GET", address, headers=PAGE, follow_redirects=False) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return None
        answer.read()
        return answer


_LEADS = {"href", "hx-get", "sse-connect", "data-href"}


def _links(answer: httpx.Response) -> Iterator[str]:
    """Yield links within the portal."""
    here = answer.url
    values = [value for _, name, value in _attributes(answer.text) if name in _LEADS]
    for value in [answer.headers.get("location", ""), *values]:
        there = urlsplit(urljoin(str(here), value))
        if value and there.netloc == urlsplit(str(here)).netloc:
            yield there.path + (f"?{there.query}" if there.query else "")


def _attributes(html: str) -> list[tuple[str, str, str]]:
    """Return each tag, attribute and value."""
    found: list[tuple[str, str, str]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            found.extend((tag, name, value or "") for name, value in attributes)

    reader = Reader()
    reader.feed(html)
    reader.close()
    return found

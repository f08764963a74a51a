"""The provider of provider.mjs as a process, and a browser that signs in there."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from galeria.domain.people.external_provider import ExternalProvider

ROOT = Path(__file__).resolve().parents[4]
MODULES = ROOT / ".cache" / "assets" / "node_modules"
CLIENT_SECRET = "a secret & more"
MOST_STEPS = 20


@dataclass(frozen=True, kw_only=True)
class RunningProvider:
    issuer: str
    process: subprocess.Popen[str]

    def settings(self, **more: Any) -> ExternalProvider:
        own = {"name": "Campus", "issuer": self.issuer, "client_id": "galeria", "client_secret": CLIENT_SECRET}
        return ExternalProvider(**own | more)

    def control(self, **changed: Any) -> None:
        """See provider.mjs."""
        content = json.dumps(changed)  # all in ASCII, whatever a claim holds
        httpx.post(f"{self.issuer}/control", content=content, trust_env=False, timeout=20).raise_for_status()

    def stop(self) -> None:
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(timeout=20)


@contextmanager
def providing() -> Iterator[RunningProvider]:
    if not (MODULES / "oidc-provider").is_dir():
        raise AssertionError(f"{MODULES}/oidc-provider is missing: run scripts/assets test")
    command = ["node", str(Path(__file__).with_name("provider.mjs")), str(MODULES)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        running = RunningProvider(issuer=json.loads(process.stdout.readline())["issuer"], process=process)
        try:
            yield running
        finally:
            running.stop()


def go_there(browser: httpx.Client, start: str, login: str, *, cancel: bool = False) -> httpx.Response:
    """From a link of the portal through all the provider's pages, as `login`, and back: the portal's answer to that.

    It is not followed any further. With `cancel` the person says no there.
    """
    return browser.get(way_back(browser, start, login, cancel=cancel))


def way_back(browser: httpx.Client, start: str, login: str, *, cancel: bool = False) -> str:
    """As `go_there`, but not back: the address that the provider sends the browser to in the end."""
    answer = browser.get(start)
    for _ in range(MOST_STEPS):
        if answer.has_redirect_location:
            place = urljoin(str(answer.url), answer.headers["location"])
            if place.startswith(str(browser.base_url)):
                return place
            answer = browser.get(place)
        else:
            answer = _answered(browser, answer, login, cancel=cancel)
    raise AssertionError(f"no way back from {answer.url}: {answer.text[:500]}")


def _answered(browser: httpx.Client, page: httpx.Response, login: str, *, cancel: bool) -> httpx.Response:
    """The provider's form, filled in."""
    assert page.status_code == 200, page.text
    assert not str(page.url).startswith(str(browser.base_url)), page.text
    if cancel:
        abort = re.search(r'href="([^"]+/abort)"', page.text)
        assert abort
        return browser.get(urljoin(str(page.url), unescape(abort[1])))
    form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    assert form, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    if 'name="logout"' in page.text:
        hidden["logout"] = "yes"
    if 'name="login"' in page.text:
        hidden |= {"login": login, "password": "anything"}
    return browser.post(urljoin(str(page.url), unescape(form[1])), data=hidden)

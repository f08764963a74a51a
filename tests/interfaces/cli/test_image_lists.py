"""Page, REST and command line give one answer to which images make a lab, and switch them in one way."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner

from galeria.actions.labs.image_switches import enable_image
from tests.interfaces.web.served import ANYWHERE, Portal, serving
from tests.local_installation import ACCOUNT, GALLERY, LocalInstallation
from tests.prepared_installations import PreparedInstallations
from tests.version_rows import add_image, add_many

REGIONS = ("brazilsouth", "brazilsoutheast", "westeurope")
PAGE = "/accounts/campus/labs/images"
CLASSIC = str(ACCOUNT.parent.resource("Microsoft.LabServices", "labaccounts", ACCOUNT.name))
OBSTACLES = {
    "Disabled",
    "OsDiskTooLarge",
    "MultipleDisks",
    "NoVersion",
    "BeingMade",
    "NotInRegion",
    "ExcludedFromLatest",
    "NoUsableVersion",
    "Deleted",
}
Listed = dict[str, tuple[bool, bool, str, list[str]]]
"""Name → enabled, usable, the version that a lab gets (or a dash), the reasons against it."""


def fill(installation: LocalInstallation) -> None:
    """Images with every obstacle that there is."""
    with installation.request() as request:
        add_many(request, 60, REGIONS, seed=1)
        add_image(request, "switched")
        request.uow.flush()
        for each in request.uow.definitions.below(GALLERY.key)[::7]:
            enable_image(request, ACCOUNT, each.name, enabled=False)


class Campus:
    """One installation, and an administrator who uses each of its interfaces."""

    def __init__(self, portal: Portal, app: typer.Typer, environment: dict[str, str]) -> None:
        self._portal, self._app, self._environment = portal, app, environment
        self._browser, services = portal.browser(), portal.services
        person = portal.installation.people["admin"]
        self._token = services.tokens.issue(
            person.id, person.name, person.kind, audience=services.endpoint, seconds=600
        )

    def type(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        signed_in = {"GALERIA_ENDPOINT": self._portal.services.endpoint, "GALERIA_TOKEN": self._token}
        result = CliRunner().invoke(
            self._app, [*arguments, "--group", "campus", "-o", "json"], env={**self._environment, **signed_in}
        )
        assert result.exit_code == 0, (arguments, result.output)
        return json.loads(result.stdout)

    def send(self, method: str, path: str, version: str, body: object = None, **query: str) -> Any:
        answer = httpx.request(
            method,
            self._portal.services.endpoint + path,
            params={"api-version": version, **query},
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=20,
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def press(self, **fields: str) -> None:
        self._portal.post(self._browser, PAGE, status=303, page=ANYWHERE, **fields)

    def rest(self, region: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send("GET", f"{ACCOUNT}/images", "2023-06-07", region=region)["value"]
        return found

    def pages(self, region: str) -> Listed:
        rows: list[str] = []
        for number in (1, 2):
            answer = self._browser.get(f"{PAGE}?region={region}&page={number}")
            rows += answer.text.split("<tbody>")[1].split("<tr>")[1:]
        return dict(read_row(each) for each in rows)

    def audited(self, name: str) -> list[tuple[str, str, str]]:
        with self._portal.installation.request() as request:
            events = request.uow.audit.recent(below=f"{ACCOUNT.key}/images/{name}", limit=20)
        return [(each.action, each.scope.lower(), each.detail) for each in events]


def read_row(html: str) -> tuple[str, tuple[bool, bool, str, list[str]]]:
    name = re.findall(r'name="image" value="(.*?)"', html)[0]
    version = re.sub(r"<[^>]*>", "", re.findall(r'<td data-label="Latest version">(.*?)</td>', html, flags=re.S)[0])
    reasons = [unescape(each) for each in re.findall(r"<li><p>(.*?)</p>", html, flags=re.S)]
    return name, (">enabled<" in html, ">available for labs<" in html, version.strip(), reasons)


def read_image(image: dict[str, Any]) -> tuple[bool, bool, str, list[dict[str, str]]]:
    properties, ours = image["properties"], image["properties"]["galeria"]
    return properties["enabledState"] == "Enabled", ours["usable"], ours["version"] or "–", ours["obstacles"]


@pytest.fixture
def campus(
    tmp_path: Path, prepared_installations: PreparedInstallations, app: typer.Typer, environment: dict[str, str]
) -> Iterator[Campus]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with serving(tmp_path / "scene", prepared_installations, key, prepare=fill) as portal:
        yield Campus(portal, app, environment)


def _as_on_pages(text: str) -> str:
    for name, shown in (("brazilsouth", "Brazil South"), ("westeurope", "West Europe")):
        text = text.replace(name, shown)
    return text


@pytest.mark.slow
def test_page_rest_and_command_line_list_the_same_images_with_the_same_obstacles(campus: Campus) -> None:
    codes: set[str] = set()
    for region in REGIONS:
        rest, shown = campus.rest(region), campus.pages(region)
        assert campus.type("image", "list", "--region", region) == rest
        assert {each["name"] for each in rest} == shown.keys()
        for each in rest:
            enabled, usable, version, obstacles = read_image(each)
            reasons = shown[each["name"]][3]
            assert shown[each["name"]][:3] == (enabled, usable, version)
            # A reason whose cure is no button is followed by the cure in words.
            assert len(reasons) == len(obstacles)
            for said, obstacle in zip(reasons, obstacles, strict=True):
                # Pages call regions by the names that people know, programs by those of the API.
                reason, cure = (_as_on_pages(obstacle[each]) for each in ("reason", "cure"))
                assert said in (reason, f"{reason} {cure}")
            codes |= {obstacle["code"] for obstacle in obstacles}
        for each in rest[::6]:
            assert campus.send("GET", each["id"], "2023-06-07", region=region) == each
    assert codes == OBSTACLES


@pytest.mark.slow
def test_an_image_is_switched_in_one_way_by_every_interface(campus: Campus) -> None:
    image = f"{ACCOUNT}/images/switched"

    def is_enabled() -> bool:
        return campus.pages("brazilsouth")["switched"][0]

    campus.press(image="switched", disable="yes")
    assert not is_enabled()
    campus.type("image", "enable", "switched")
    assert is_enabled()
    campus.send("PATCH", image, "2023-06-07", {"properties": {"enabledState": "Disabled"}})
    assert not is_enabled()
    campus.send("PUT", f"{CLASSIC}/galleryimages/switched", "2018-10-15", {"properties": {"isEnabled": True}})
    assert is_enabled()
    campus.send(
        "PUT", f"{CLASSIC}/sharedimages/switched", "2019-01-01-preview", {"properties": {"EnableState": "Disabled"}}
    )
    assert not is_enabled()
    written = campus.audited("switched")
    assert {each[:2] for each in written} == {("Microsoft.LabServices/labPlans/images/write", image.lower())}
    assert [each[2] for each in reversed(written)][-5:] == ["disabled", "enabled", "disabled", "enabled", "disabled"]

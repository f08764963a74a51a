"""Export to Shared Image Gallery in the browser: as what, where, its price before, its progress, its end."""

import re
from typing import Any

import httpx
import pytest

from galeria.actions.labs.accounts import AccountRequest, put_account
from galeria.domain.errors import StoreUnavailable
from galeria.domain.messages import Message
from tests.failing import FailingStore, with_stores
from tests.interfaces.web.served import ANYWHERE, NewPortal, Portal, text_of
from tests.local_installation import ACCOUNT, GALLERY, MIB, LocalInstallation, disk_bytes

ALGEBRA = "/labs/campus/algebra"
EXPORT = f"{ALGEBRA}/export"
Fields = dict[str, Any]

BRAZIL = ["brazilsoutheast"]
AWAY = StoreUnavailable(Message("The store is away."), hint=Message("Ask whoever runs it."))


def teach(installation: LocalInstallation) -> None:
    """A running lab of the educator, with something written on its disk."""
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    installation.run(installation.begin_start("algebra"))
    installation.engine.write(installation.guest_of("algebra"), MIB // 2, b"lesson one")


@pytest.fixture
def taught(new_portal: NewPortal) -> Portal:
    return new_portal(teach)


@pytest.fixture
def browser(taught: Portal) -> httpx.Client:
    return taught.browser("educator")


def field(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, name
    return found[1]


def priced(page: httpx.Response) -> str:
    """The table of regions with their prices."""
    table = re.search(r"<table.*?</table>", page.text, flags=re.S)
    assert table
    return table[0]


def export(portal: Portal, browser: httpx.Client, **fields: str | list[str]) -> httpx.Response:
    return send(portal, browser, EXPORT, fields)


def estimate(portal: Portal, browser: httpx.Client, **fields: str | list[str]) -> httpx.Response:
    """What a script asks for while somebody types."""
    return send(portal, browser, f"{EXPORT}/estimate", fields, status=200)


def send(portal: Portal, browser: httpx.Client, place: str, fields: Fields, *, status: int = 303) -> httpx.Response:
    said: Fields = {"target": "new", "name": "Turma A", "regions": BRAZIL, **fields}
    return portal.post(browser, place, status=status, page=ANYWHERE, **said)


def replicas(portal: Portal, image: str, version: str) -> list[str]:
    with portal.services.database(reading=True) as uow:
        found = uow.versions.get_by_key(GALLERY.child("images", image).child("versions", version).key)
        return [each.region for each in uow.versions.replicas(found.id)]


def test_the_form_proposes_the_labs_title_version_1_and_the_geography(taught: Portal, browser: httpx.Client) -> None:
    page = browser.get(EXPORT)
    assert (field(page, "name"), field(page, "version")) == ("algebra", "1.0.0")
    boxes = dict(re.findall(r'name="regions" value="(\w+)"([^>]*)>', page.text))
    assert "checked disabled" in boxes["brazilsouth"]
    assert "checked" in boxes["brazilsoutheast"]
    assert "checked" not in boxes["westeurope"]
    seen = text_of(page)
    assert "256" in seen  # KB: one chunk is read
    assert "Price per month" in seen
    assert "prices are examples" in seen
    assert "an export of this lab is Specialized" in seen  # why no new version of what it came from


def test_the_price_follows_the_regions_and_the_version_the_name(taught: Portal, browser: httpx.Client) -> None:
    one = priced(estimate(taught, browser))
    two = priced(estimate(taught, browser, regions=["brazilsoutheast", "westeurope"]))
    assert "West Europe" not in one
    assert "West Europe" in two
    export(taught, browser)
    taught.work()
    again = estimate(taught, browser, version="1.0.0", proposed="1.0.0")
    assert field(again, "version") == "1.0.1"
    assert "There is an image of this name" in text_of(again)
    kept = estimate(taught, browser, version="2.0.0", proposed="1.0.0")
    assert field(kept, "version") == "2.0.0"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "  "}, "The image needs a name."),
        ({"version": "1.0"}, "not a version"),
        ({"regions": ["atlantis"]}, "no region"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    taught: Portal, browser: httpx.Client, fields: Fields, told: str
) -> None:
    assert told in text_of(estimate(taught, browser, **fields))
    sent: Fields = {"name": "Turma A", "version": "3.1.4", **fields}
    again = send(taught, browser, EXPORT, sent, status=400)
    assert told in text_of(again)
    assert (field(again, "name"), field(again, "version")) == (str(sent["name"]).strip(), sent["version"])
    assert taught.begun.ids == []


def test_without_scripts_the_price_is_asked_for_with_a_button(taught: Portal, browser: httpx.Client) -> None:
    page = taught.post(
        browser, EXPORT, status=200, target="new", name="Turma B", regions=["westeurope"], recalculate="yes"
    )
    assert field(page, "name") == "Turma B"
    assert "West Europe" in priced(page)
    assert taught.begun.ids == []


def test_an_export_is_followed_on_the_template_page_and_ends_with_its_message(
    taught: Portal, browser: httpx.Client
) -> None:
    assert export(taught, browser).headers["location"] == ALGEBRA
    under_way = browser.get(ALGEBRA)
    assert "sse-connect" in under_way.text
    assert "Export template" in text_of(under_way)
    assert f'action="{ALGEBRA}/cancel"' in under_way.text
    assert f'href="{EXPORT}"' not in under_way.text  # not twice at once
    taught.work()
    done = browser.get(ALGEBRA)
    assert "The template was exported to the Shared Image Gallery." in text_of(done)
    assert "256" in text_of(done)  # what it really read
    assert "/labs/new?image=" in done.text
    assert replicas(taught, "Turma-A", "1.0.0") == ["brazilsouth", "brazilsoutheast"]


def test_the_next_export_is_proposed_as_a_version_of_the_same_image(taught: Portal, browser: httpx.Client) -> None:
    export(taught, browser, regions=[])
    taught.work()
    page = browser.get(EXPORT)
    assert 'value="version-of:Turma-A" checked' in page.text
    assert field(page, "version") == "1.0.1"
    export(taught, browser, target="version-of:Turma-A", name="", version="2026.11.1", proposed="1.0.1")
    taught.work()
    assert replicas(taught, "Turma-A", "2026.11.1") == ["brazilsouth", "brazilsoutheast"]
    assert replicas(taught, "Turma-A", "1.0.0") == ["brazilsouth"]


def test_the_bytes_and_the_price_are_those_of_what_changed(taught: Portal, browser: httpx.Client) -> None:
    first = text_of(browser.get(EXPORT))
    assert "Reads at most 256 KB what was written to the template's disk since it was made from its image" in first
    export(taught, browser)
    taught.work()
    for offset in (0, 64 * 1024, 128 * 1024):  # in one piece, which is read once
        taught.installation.engine.write(taught.installation.guest_of("algebra"), offset, b"lesson two")

    page = text_of(browser.get(EXPORT))

    assert "Reads at most 256 KB what changed on the template's disk since its last export" in page
    assert "Brazil South 0 bytes 256 KB" in page
    assert "Brazil Southeast 256 KB 256 KB" in page


def test_the_next_export_is_proposed_where_the_last_one_is(taught: Portal, browser: httpx.Client) -> None:
    export(taught, browser, regions=["westeurope"])
    taught.work()

    page = browser.get(EXPORT)

    assert set(re.findall(r'name="regions" value="(\w+)" checked', page.text)) == {"brazilsouth", "westeurope"}


def proposed_regions(page: httpx.Response) -> set[str]:
    return set(re.findall(r'name="regions" value="(\w+)" checked', page.text))


def test_regions_follow_the_choice_of_the_image_until_somebody_changes_them(
    taught: Portal, browser: httpx.Client
) -> None:
    export(taught, browser, regions=["westeurope", "northeurope"])
    taught.work()
    before, chosen = field(browser.get(EXPORT), "proposed_regions"), {"target": "version-of:Turma-A", "name": ""}
    assert before == "brazilsouth,westeurope,northeurope"

    new = estimate(taught, browser, name="Turma B", regions=["westeurope", "northeurope"], proposed_regions=before)
    back = estimate(taught, browser, **chosen, proposed_regions=field(new, "proposed_regions"))
    same_name = estimate(taught, browser, proposed_regions=field(new, "proposed_regions"))
    own = estimate(taught, browser, **chosen, regions=["westeurope"], proposed_regions="brazilsouth,brazilsoutheast")

    assert proposed_regions(new) == {"brazilsouth", "brazilsoutheast"}
    assert "Brazil Southeast" in priced(new)
    assert proposed_regions(back) == proposed_regions(same_name) == {"brazilsouth", "westeurope", "northeurope"}
    assert proposed_regions(own) == {"brazilsouth", "westeurope"}


def test_an_export_is_called_by_the_title_of_its_image(taught: Portal, browser: httpx.Client) -> None:
    assert "Becomes Turma A 1.0.0" in text_of(estimate(taught, browser))
    export(taught, browser)
    taught.work()
    assert "Becomes Turma A 1.0.1" in text_of(browser.get(EXPORT))


def test_a_region_that_fails_is_reported_and_tried_again(taught: Portal, browser: httpx.Client) -> None:
    export(taught, browser)
    away = FailingStore(taught.installation.context.stores["brazilsoutheast"], "replicate", AWAY)
    broken = with_stores(taught.installation, brazilsoutheast=away)
    broken.run(broken.operation(taught.begun.ids.pop()))
    failed = browser.get(ALGEBRA)
    assert "The store is away." in text_of(failed)
    assert "Try again" in text_of(failed)
    operation = field(failed, "operation")
    taught.post(browser, f"{ALGEBRA}/retry", operation=operation)
    taught.work()
    assert "was exported" in text_of(browser.get(ALGEBRA))


def test_an_export_is_canceled_from_the_page(taught: Portal, browser: httpx.Client) -> None:
    export(taught, browser)
    operation = field(browser.get(ALGEBRA), "operation")
    assert taught.post(browser, f"{ALGEBRA}/cancel", operation=operation).headers["location"] == ALGEBRA
    taught.work()
    seen = text_of(browser.get(ALGEBRA))
    assert "The operation was canceled." in seen
    assert "Try again" in seen


def test_who_may_not_export_is_told_why(taught: Portal) -> None:
    seen = text_of(taught.browser("colleague").get(EXPORT))
    assert "can do this" in seen
    assert "What it takes and costs" not in seen


def test_a_detached_gallery_is_shown_with_its_remedy(taught: Portal, browser: httpx.Client) -> None:
    with taught.installation.request() as request:
        put_account(request, ACCOUNT, AccountRequest(location="brazilsouth", tags={}, gallery=None))
    assert "no gallery attached" in text_of(browser.get(EXPORT))
    assert "no gallery attached" in text_of(browser.get(ALGEBRA))


def test_only_regions_that_the_account_allows_are_offered(taught: Portal, browser: httpx.Client) -> None:
    with taught.installation.request() as request:
        put_account(
            request,
            ACCOUNT,
            AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY, allowed_regions=("westeurope",)),
        )
    page = browser.get(EXPORT)
    assert re.findall(r'name="regions" value="(\w+)"', page.text) == ["brazilsouth", "westeurope"]
    export(taught, browser, regions=["westeurope"])
    taught.work()
    assert replicas(taught, "Turma-A", "1.0.0") == ["brazilsouth", "westeurope"]

"""Cost and use in the browser: the figures of the API, per image, version and region, and who uses it."""

import re
from decimal import Decimal
from html import unescape

import httpx
import pytest
from babel import Locale

from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.people.roles import give_role
from galeria.actions.versions.cost_overview import ROWS
from galeria.actions.versions.versions import remove_version
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.prices import Prices
from galeria.interfaces.web.accounts.costs import SHOWN_LABS
from galeria.interfaces.web.kit.formats import Formats
from galeria.ports.storage_usage import RegionUsage
from galeria.reconcilers.storage_usage import measure_storage_usage
from tests.exact_costs import VersionCost, gallery_costs
from tests.interfaces.web.served import NewPortal, Portal, text_of, title_of
from tests.local_installation import GALLERY, GROUP, MIB, LocalInstallation, disk_bytes, version_id
from tests.version_rows import VersionRows, add_image

PAGE = "/costs"
LINUX = f"{PAGE}/campus/gal/linux"
BRAZIL = {"brazilsouth": "Brazil South", "brazilsoutheast": "Brazil Southeast"}
GB = 1024**3
DONE = VersionRows().replicas[0][1]


def stock(installation: LocalInstallation) -> None:
    """Two versions that share bytes, in two regions and in one, and a lab."""
    installation.run(installation.begin_import("linux", disk_bytes(4 * MIB), regions=tuple(BRAZIL)))
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    installation.run(installation.begin_start("algebra"))
    installation.engine.write(installation.guest_of("algebra"), 0, b"lesson one")
    installation.run(installation.begin_export("algebra", "Algebra"))


@pytest.fixture
def stocked(new_portal: NewPortal) -> Portal:
    return new_portal(stock)


def hold(portal: Portal, image: str, *versions: dict[str, int]) -> None:
    """Rows of versions, with so many GB measured in each region; none where a region has 0."""
    with portal.installation.request() as request:
        rows = [
            VersionRows(number=f"1.0.{patch}", replicas=tuple((region, DONE, None) for region in sizes))
            for patch, sizes in enumerate(versions)
        ]
        add_image(request, image, *rows)
        request.uow.flush()
        for row, sizes in zip(rows, versions, strict=True):
            version = request.uow.versions.get_by_key(version_id(image, row.number).key)
            request.uow.storage_usage.keep([_holding(version, region, size) for region, size in sizes.items() if size])


def _holding(version: ImageVersion, region: str, size: int) -> RegionUsage:
    return RegionUsage(
        version_id=version.id,
        region=region,
        own_bytes=size * GB,
        chain="",
        measured_at=version.created_at,
    )


def rows(answer: httpx.Response) -> dict[str, str]:
    """What is read in each row of the table, by its first words: a link."""
    assert answer.status_code == 200, text_of(answer)
    parts = answer.text.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    texts = [(re.findall(r"<a [^>]*>([^<]*)</a>", part)[0], part) for part in parts]
    return {name: " ".join(unescape(re.sub(r"<[^>]*>", " ", part)).split()) for name, part in texts}


def asked(portal: Portal) -> list[VersionCost]:
    with portal.installation.request() as request:
        return gallery_costs(request, GALLERY, portal.installation.context.stores)


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_page_shows_what_the_stores_say(stocked: Portal, language: str) -> None:
    measure_storage_usage(stocked.installation.context)
    lines, browser = asked(stocked), stocked.browser(language=language)
    fmt = Formats(_locale(language))
    shown = rows(browser.get(PAGE))
    assert set(shown) == {each.definition.display_name for each in lines}
    for name, row in shown.items():
        own = [each for each in lines if each.definition.display_name == name]
        for region, title in BRAZIL.items():
            sizes = [it.stored_bytes for each in own for it in each.regions if it.region == region]
            told = f"{title}: {fmt.size(sum(sizes))} {fmt.money(Prices().month(region, sum(sizes)))}"
            assert not sizes or plain(told) in row
        assert plain(f"{fmt.size(sum(each.logical_bytes for each in own))} {len(own)}") in row
    versions = rows(browser.get(LINUX))
    (line,) = [each for each in lines if each.definition.name == "linux"]
    assert set(versions) == {"1.0.0"}
    for it in line.regions:
        told = f"{BRAZIL[it.region]}: {fmt.size(it.stored_bytes)} {fmt.money(it.price_month)}"
        assert plain(told) in versions["1.0.0"]
    assert "algebra" in versions["1.0.0"]


def plain(text: str) -> str:
    """With spaces as `rows` has them."""
    return " ".join(text.split())


def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))


def test_money_and_sizes_add_up_by_image_version_and_region(portal: Portal) -> None:
    hold(portal, "small", {"brazilsouth": 2}, {"brazilsouth": 1, "westeurope": 3})
    hold(portal, "large", {"brazilsouth": 100})
    browser = portal.browser()
    seen = browser.get(PAGE)
    assert list(rows(seen)) == ["Large", "Small"], "the dearest first"
    assert rows(seen)["Small"] == "Small $0.30 Brazil South: 3 GB $0.15 West Europe: 3 GB $0.15 16 GB 2 0"
    text = text_of(seen)
    assert "Price per month $5.30 Stored 106 GB" in text
    assert "By region Brazil South: 103 GB $5.15 West Europe: 3 GB $0.15" in text
    assert "Brazil South $0.05 per GB and month" in text
    assert "Measured last on" in text
    assert "not measured yet" not in text
    versions = rows(browser.get(f"{PAGE}/campus/gal/small"))
    assert versions["1.0.1"].startswith("1.0.1 $0.20 Brazil South: 1 GB $0.05 West Europe: 3 GB $0.15 8 GB –")
    assert versions["1.0.0"].startswith("1.0.0 $0.10 Brazil South: 2 GB $0.10 8 GB –")


def test_what_is_not_measured_yet_says_so(portal: Portal) -> None:
    hold(portal, "new", {"brazilsouth": 0})
    hold(portal, "half", {"brazilsouth": 2, "westeurope": 0}, {"brazilsouth": 0})
    browser = portal.browser()
    seen = browser.get(PAGE)
    assert "3 copies are not measured yet; their figures come by themselves." in text_of(seen)
    assert "New is being measured Brazil South: 1 copy is being measured" in rows(seen)["New"]
    half = rows(seen)["Half"]
    assert half.startswith("Half $0.10 so far Brazil South: 2 GB $0.10 , 1 copy is being measured West Europe: 1 copy")
    assert "$0.00" not in rows(seen)["New"]
    versions = rows(browser.get(f"{PAGE}/campus/gal/half"))
    assert versions["1.0.1"].startswith("1.0.1 is being measured Brazil South: is being measured 8 GB")
    assert versions["1.0.0"].startswith("1.0.0 $0.10 so far Brazil South: 2 GB $0.10 West Europe: is being measured")
    portuguese = portal.browser(language="pt-BR").get(PAGE)
    assert "3 cópias ainda não foram medidas" in text_of(portuguese)
    assert title_of(portuguese) == "Custo e uso"


def test_who_uses_a_version_is_named_and_many_are_counted(stocked: Portal) -> None:
    with stocked.installation.request() as request:
        first = request.uow.labs.below(GROUP.key)[0]
        assert first.version_name == "1.0.0"
    for name in ("biology", "chemistry", "drawing", "english"):
        stocked.installation.begin_lab(name, GALLERY.child("images", "linux"))
    seen = stocked.browser().get(LINUX)
    assert "algebra , biology , chemistry and 2 more" in rows(seen)["1.0.0"]
    assert seen.text.count('href="/labs/campus/') == SHOWN_LABS
    with stocked.installation.request() as request:
        give_role(request, "nobody", "Reader", str(GALLERY))
    reader = stocked.browser("nobody").get(LINUX)
    assert "5 labs of others" in rows(reader)["1.0.0"]
    assert "algebra" not in reader.text
    assert 'href="/labs/campus/' not in reader.text, "a lab that this person may not open is named only"


def test_every_link_of_the_pages_opens(stocked: Portal) -> None:
    with stocked.installation.request() as request:
        gallery = request.uow.galleries.get_by_key(GALLERY.key)
        gallery.soft_delete, gallery.retention_days = True, 7
        remove_version(request, version_id("Algebra"))
        give_role(request, "nobody", "Reader", str(GALLERY))
    for who in ("admin", "nobody"):
        browser = stocked.browser(who)
        for page in (PAGE, LINUX, f"{PAGE}/campus/gal/Algebra"):
            main = browser.get(page).text.partition("<main")[2]
            links = {unescape(each) for each in re.findall(r'href="(/[^"]+)"', main)}
            assert links
            assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200)
    assert "Deleted, can be restored" in rows(browser.get(f"{PAGE}/campus/gal/Algebra"))["1.0.0"]


def test_the_attached_gallery_comes_first_and_another_can_be_asked_for(portal: Portal) -> None:
    with portal.installation.request() as request:
        for name in ("aaa", "zzz"):
            other = GROUP.resource("Microsoft.Compute", "galleries", name)
            put_gallery(request, other, location="brazilsouth", tags={}, description="")
    hold(portal, "small", {"brazilsouth": 2})
    browser = portal.browser()
    assert list(rows(browser.get(PAGE))) == ["Small"]
    assert 'href="/costs?gallery=campus/zzz"' in browser.get(PAGE).text.replace("%2F", "/")
    seen = browser.get(f"{PAGE}?gallery=CAMPUS/ZZZ")
    assert "The gallery has no image version yet, so it costs nothing." in text_of(seen)
    assert 'name="gallery" value="campus/zzz"' in seen.text
    for wrong in ("campus/gone", "campus", "elsewhere/gal"):
        assert browser.get(f"{PAGE}?gallery={wrong}").status_code == 404
    assert browser.get(f"{PAGE}/campus/gal/gone").status_code == 404


def test_images_are_found_by_name_and_come_in_pages(portal: Portal) -> None:
    with portal.installation.request() as request:
        for number in range(ROWS + 1):
            add_image(request, f"image-{number:02}", VersionRows())
    browser = portal.browser()
    first = browser.get(PAGE)
    assert (len(rows(first)), "Page 1 of 2" in text_of(first)) == (ROWS, True)
    assert len(rows(browser.get(f"{PAGE}?page=2"))) == 1
    assert list(rows(browser.get(f"{PAGE}?q=IMAGE-07"))) == ["Image 07"]
    assert "No image fits." in text_of(browser.get(f"{PAGE}?q=nothing"))


def test_prices_that_nobody_edited_are_called_examples(portal: Portal) -> None:
    hold(portal, "small", {"brazilsouth": 2})
    browser = portal.browser()
    for page in (PAGE, f"{PAGE}/campus/gal/small"):
        assert "The prices are examples, not yours." in text_of(browser.get(page))


def test_they_are_for_those_who_may_see_the_gallery(stocked: Portal) -> None:
    seen = stocked.browser("educator").get(PAGE)
    assert "There is no gallery that you may see." in text_of(seen)
    assert "Admin can do this." in text_of(seen)
    for page in (LINUX, f"{PAGE}?gallery=campus/gal"):
        assert stocked.browser("educator").get(page).status_code == 404
    assert stocked.stranger().get(PAGE).headers["location"].startswith("/sign-in")


def test_a_price_keeps_all_of_its_digits() -> None:
    assert Formats(_locale("en")).price(Decimal("0.0184")) == "$0.0184"
    assert Formats(_locale("en")).price(Decimal("0.5")) == "$0.50"
    assert Formats(_locale("pt-BR")).price(Decimal("0.0184")).replace("\xa0", " ") == "US$ 0,0184"

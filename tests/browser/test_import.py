"""A disk file is brought in by a browser: dropped, sent, looked at, made into an image. What breaks the line costs nothing."""

import random
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from galeria.programs import run
from tests.adapters.files.disk_files import raw_disk
from tests.browser.browser import SECONDS
from tests.browser.conftest import Picture, endpoint_of
from tests.browser.page_checks import check_page, check_quiet
from tests.browser.page_visits import ENGLISH, LANGUAGES_AT_LENGTH, PORTUGUESE, SIGN_IN, Visits, sign_in
from tests.browser.portal_server import GALLERY, MARIA, Person, PortalServer
from tests.local_installation import MIB, disk_bytes
from tests.servers.small_proxy import SmallProxy, own_tls, proxied
from tests.system.server_process import ServerProcess

pytestmark = pytest.mark.slow

BIG = 40  # MiB, more than two pieces of what the page sends at once
BYTES_PER_SECOND = 8 * MIB  # of the slowed line: time enough to break it
# Drops a file as a file manager does; the browser's own file chooser is not asked.
DROP = """([name, text]) => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    data.items.add(new File([bytes], name, { lastModified: 1 }));
    document.querySelector("h1").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """big.raw, whose bytes no other disk has, and small.raw."""
    folder = tmp_path_factory.mktemp("disks")
    (folder / "big.raw").write_bytes(disk_bytes(MIB) + random.Random(7).randbytes((BIG - 1) * MIB))
    (folder / "small.raw").write_bytes(disk_bytes(2 * MIB, seed=5))
    return folder


@pytest.fixture
def context(chromium: Browser, server: ServerProcess) -> Iterator[BrowserContext]:
    with chromium.new_context(base_url=endpoint_of(server), ignore_https_errors=True, locale=ENGLISH) as context:
        context.set_default_timeout(SECONDS * 1000)
        yield context


def on_import(context: BrowserContext, *, slowed: bool = True, person: Person = MARIA) -> Page:
    page = context.new_page()
    page.goto(f"{SIGN_IN}?next=/import")
    if page.locator("[name=password]").count():
        sign_in(page, person)
    if slowed:
        slow(page, BYTES_PER_SECOND)
    return page


def slow(page: Page, rate: int) -> None:
    """Bytes per second that the browser may send; -1 for as fast as it goes."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
    session.send("Network.emulateNetworkConditions", conditions)


def wait_for_share(page: Page, percent: int) -> None:
    page.wait_for_function("least => document.getElementById('sending-progress').value >= least", arg=percent)


def arrived(page: Page, server: ServerProcess, file: Path) -> str:
    """Once the page has gone on to what is in the file: the upload's id. Every byte is there, once."""
    page.wait_for_url(re.compile("/import/[0-9a-f]{32}"), timeout=60_000)
    id = page.url.rsplit("/", 1)[-1]
    assert (server.data / "uploads" / id / "file").read_bytes() == file.read_bytes()
    return id


@pytest.mark.parametrize("language", LANGUAGES_AT_LENGTH)
def test_a_dropped_file_becomes_an_image(visit: Visits, disks: Path, picture: Picture, language: str) -> None:
    page = visit(MARIA, language=language, path="/import")
    check_page(page)
    picture(page, f"import-{language}")
    page.evaluate(DROP, ["álgebra.raw", b64encode((disks / "small.raw").read_bytes()).decode()])
    page.wait_for_url(re.compile("/import/[0-9a-f]{32}"))
    check_page(page)
    picture(page, f"import-file-{language}")
    page.reload()  # axe leaves empty style attributes, which htmx would copy
    summary = page.locator("#import-summary")
    expect(summary).to_contain_text("algebra 1.0.0")

    page.locator("[name=name]").fill(f"Álgebra {language}")
    expect(summary).to_contain_text(f"Algebra-{language} 1.0.0")
    page.locator("input[name=regions][value=westeurope]").check()
    expect(summary).to_contain_text("em 3 regiões" if language == PORTUGUESE else "in 3 regions")
    page.locator("#target-existing").check()
    expect(page.locator("select[name=image]")).to_be_visible()
    page.locator("#target-new").check()
    expect(page.locator("[name=name]")).to_have_value(f"Álgebra {language}")
    check_page(page)
    page.locator("#import-summary button.main").click()

    page.wait_for_url(f"**/images/Algebra-{language}/versions/1.0.0")
    verified = "Verificada" if language == PORTUGUESE else "Verified"
    expect(page.locator("table").first.get_by_text(f"✓ {verified}")).to_have_count(3, timeout=60_000)
    check_page(page)
    picture(page, f"version-{language}")


def test_regions_are_priced_live(visit: Visits, fake_server: PortalServer, picture: Picture) -> None:
    page = visit(MARIA, path=f"/galleries/galeria/{GALLERY}/images/Linux-for-algebra/versions/1.0.0/regions")

    page.locator("input[value=westeurope]").check()
    expect(page.locator("#bill")).to_contain_text("West Europe")
    page.locator("input[value=brazilsoutheast]").uncheck()
    expect(page.locator("#bill")).to_contain_text("Removed\nBrazil Southeast", use_inner_text=True)
    check_page(page)
    picture(page, "version-regions")


def test_a_killed_server_costs_nothing_that_has_arrived(
    context: BrowserContext, server: ServerProcess, disks: Path
) -> None:
    page, file = on_import(context), disks / "big.raw"
    page.set_input_files("#file", file)
    wait_for_share(page, 40)
    server.kill()
    expect(page.locator("#import-status")).to_contain_text("The connection is lost.", timeout=20_000)
    (held,) = (server.data / "uploads").glob("*/file")
    had = held.stat().st_size
    assert had > MIB

    sent: list[int] = []
    page.on("request", lambda request: sent.append(int(request.headers.get("upload-offset", "-1"))))
    server.start("--fake")

    arrived(page, server, file)
    offsets = [each for each in sent if each >= 0]
    assert offsets[0] >= had
    check_quiet(page, besides="ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET")


def test_a_page_that_is_opened_again_offers_to_continue(
    context: BrowserContext, server: ServerProcess, disks: Path
) -> None:
    page, file = on_import(context), disks / "big.raw"
    page.set_input_files("#file", file)
    wait_for_share(page, 40)

    page.reload()
    row = page.locator("tr", has_text="big.raw")
    expect(row).to_contain_text(f"of {BIG} MB")
    expect(row).to_contain_text("Choose the same file again to continue")
    check_page(page)
    slow(page, -1)
    page.set_input_files("#file", file)

    arrived(page, server, file)
    assert len(list((server.data / "uploads").iterdir())) == 1


def test_another_browser_continues_with_the_same_file_only(
    context: BrowserContext, chromium: Browser, server: ServerProcess, disks: Path
) -> None:
    page, file = on_import(context), disks / "big.raw"
    page.set_input_files("#file", file)
    wait_for_share(page, 40)
    page.get_by_role("button", name="Stop for now").click()
    expect(page.locator("tr", has_text="big.raw")).to_be_visible()

    with chromium.new_context(base_url=endpoint_of(server), ignore_https_errors=True, locale=ENGLISH) as other:
        elsewhere = on_import(other, slowed=False)
        again = elsewhere.get_by_label("Choose the same file again to continue")
        again.set_input_files(disks / "small.raw")
        expect(elsewhere.get_by_role("alert")).to_contain_text("That is another file")
        again.set_input_files(file)
        arrived(elsewhere, server, file)


@pytest.fixture
def before_server(server: ServerProcess, tmp_path: Path) -> Iterator[SmallProxy]:
    """A proxy before the server, that counts."""
    with proxied(endpoint_of(server), SmallProxy(), tls=own_tls(tmp_path)) as proxy:
        yield proxy


def test_of_zeros_nothing_is_sent(
    chromium: Browser, server: ServerProcess, before_server: SmallProxy, tmp_path: Path
) -> None:
    file = tmp_path / "mostly-nothing.raw"
    with file.open("wb") as opened:
        opened.write(disk_bytes(MIB, seed=11))
        opened.truncate(60 * MIB + 3)
        opened.seek(30 * MIB + 1)
        opened.write(b"here" * 50_000)
    with chromium.new_context(base_url=before_server.address, ignore_https_errors=True, locale=ENGLISH) as context:
        page = on_import(context, slowed=False)
        page.set_input_files("#file", file)
        arrived(page, server, file)
    assert sum(before_server.bodies) < 3 * MIB


@pytest.mark.parametrize("most", [3 * MIB, 256 << 10])
def test_a_proxy_that_limits_requests_gets_smaller_ones(
    chromium: Browser, server: ServerProcess, before_server: SmallProxy, disks: Path, most: int
) -> None:
    before_server.most = most
    with chromium.new_context(base_url=before_server.address, ignore_https_errors=True, locale=ENGLISH) as context:
        page = on_import(context, slowed=False)
        page.set_input_files("#file", disks / "big.raw")
        arrived(page, server, disks / "big.raw")
    assert before_server.refused
    assert max(before_server.bodies) <= most


def test_a_proxy_that_takes_next_to_nothing_is_named_with_its_limit(
    chromium: Browser, before_server: SmallProxy, disks: Path
) -> None:
    before_server.most = 100 << 10
    with chromium.new_context(base_url=before_server.address, ignore_https_errors=True, locale=ENGLISH) as context:
        page = on_import(context, slowed=False)
        page.set_input_files("#file", disks / "big.raw")
        expect(page.get_by_role("alert")).to_contain_text("takes no requests of 256 kB", timeout=60_000)
        expect(page.locator("#file")).to_be_visible()


@pytest.mark.parametrize(
    "name", [unicodedata.normalize("NFD", "Máquina.raw"), "  spaces.raw  ", f"{'n' * 251}.raw"], ids=ascii
)
def test_a_file_of_any_name_is_gone_on_with(
    context: BrowserContext, server: ServerProcess, disks: Path, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes((disks / "big.raw").read_bytes())
    page = on_import(context)
    page.set_input_files("#file", file)
    wait_for_share(page, 40)
    page.get_by_role("button", name="Stop for now").click()
    slow(page, -1)
    page.get_by_label("Choose the same file again to continue").set_input_files(file)
    arrived(page, server, file)


def test_a_session_that_ends_meanwhile_loses_nothing(
    context: BrowserContext, server: ServerProcess, disks: Path
) -> None:
    page, file = on_import(context), disks / "big.raw"
    page.set_input_files("#file", file)
    wait_for_share(page, 40)
    context.clear_cookies()

    expect(page.get_by_role("alert")).to_contain_text("You are signed out.", timeout=20_000)
    again = on_import(context, slowed=False)
    again.set_input_files("#file", file)

    arrived(again, server, file)
    assert len(list((server.data / "uploads").iterdir())) == 1


def test_a_hostile_file_is_refused_on_the_page(visit: Visits, picture: Picture, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.qcow2"
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", raw_disk(tmp_path / "secret.raw"), "-F", "raw", hostile])
    page = visit(MARIA, path="/import")
    page.set_input_files("#file", hostile)

    expect(page.get_by_role("alert")).to_contain_text("This file is refused.")
    check_page(page)
    picture(page, "import-refused")
    page.get_by_role("button", name="Remove the file").click()
    page.wait_for_url("**/import")
    expect(page.locator("main")).not_to_contain_text("hostile.qcow2")


def test_without_scripts_the_command_is_reported(visit: Visits) -> None:
    page = visit(MARIA, javascript=False, path="/import")

    # Chromium does not show <noscript> where scripts are off for a test only.
    assert re.search(r"<noscript>.*galeria image import disk\.qcow2.*</noscript>", page.content(), flags=re.S)
    expect(page.locator("#file")).to_be_hidden()

"""Galleries, images and versions in a browser: shown to who may see them, changed by who may, explained to the others."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest

from galeria.actions.labs.image_switches import enable_image
from galeria.actions.versions.versions import remove_version
from galeria.domain.errors import OutOfSpace
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Gallery, ImageVersion, Replica
from galeria.domain.images.soft_delete import Retention
from galeria.domain.messages import Message
from galeria.domain.states import ReplicaState
from tests.failing import FailingStore, with_stores
from tests.interfaces.web.served import NewPortal, Portal, text_of, title_of
from tests.local_installation import ACCOUNT, GALLERY, GROUP, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import with_linux
from tests.questions import counted
from tests.version_rows import VersionRows, add_version

GAL = "/galleries/campus/gal"
LINUX = f"{GAL}/images/linux"
V1 = f"{LINUX}/versions/1.0.0"
HOME, NEAR, FAR = "brazilsouth", "brazilsoutheast", "westeurope"


@pytest.fixture
def stocked(new_portal: NewPortal) -> Portal:
    return new_portal(with_linux)


def gallery_row(installation: LocalInstallation, id: ResourceId = GALLERY) -> Gallery:
    with installation.context.database(reading=True) as uow:
        return uow.galleries.get_by_key(id.key)


def version_row(installation: LocalInstallation, number: str = "1.0.0") -> tuple[ImageVersion, dict[str, Replica]]:
    with installation.context.database(reading=True) as uow:
        version = uow.versions.get_by_key(version_id("linux", number).key)
        return version, {each.region: each for each in uow.versions.replicas(version.id)}


def keep_deleted(portal: Portal) -> None:
    with portal.installation.request() as request:
        request.uow.galleries.get_by_key(GALLERY.key).soft_delete = True


def reader(portal: Portal) -> httpx.Client:
    """A person with the role Reader on everything."""
    with portal.installation.request() as request:
        given = request.uow.people.assignments(portal.installation.people["colleague"].id)[0]
        given.role = "Reader"
    return portal.browser("colleague")


def test_a_gallery_is_made_changed_and_deleted(portal: Portal) -> None:
    browser = portal.browser()
    fields = {"name": "Second", "group": "campus", "region": FAR, "description": "For physics", "soft_delete": "yes"}

    answer = portal.post(browser, "/galleries/new", retention="3", grace="4", **fields)  # type: ignore[arg-type]  # texts

    place = answer.headers["location"]
    assert place == "/galleries/campus/Second"
    made = gallery_row(portal.installation, GROUP.resource("Microsoft.Compute", "galleries", "Second"))
    assert (made.location, made.soft_delete, made.retention_days, made.grace_days) == (FAR, True, 3, 4)
    page = text_of(browser.get(place))
    assert "For physics" in page
    assert "for 3 more days, and they can be restored for 7" in page
    assert "Second" in text_of(browser.get("/galleries"))
    portal.post(browser, f"{place}/settings", description="For chemistry")
    assert "For chemistry" in text_of(browser.get(place))
    assert "are gone at once" in text_of(browser.get(place))
    portal.post(browser, f"{place}/delete")
    assert browser.get(place).status_code == 404


def test_bad_input_for_a_gallery_loses_nothing(portal: Portal) -> None:
    browser = portal.browser()

    def refused(**fields: str) -> str:
        own = {"name": "more", "group": "campus", "region": FAR, "description": "Kept"}
        answer = portal.post(browser, "/galleries/new", status=400, **own | fields)
        assert 'value="Kept"' in answer.text
        assert re.search(r'value="westeurope" selected', answer.text)
        return text_of(answer)

    assert "'a b' cannot be the name of a gallery." in refused(name="a b")
    assert "There is a gallery 'gal' already." in refused(name="gal")
    assert "'x' is not a whole number." in refused(soft_delete="yes", retention="x")
    assert "must be between 1 and 365" in refused(soft_delete="yes", retention="0")


def test_a_gallery_in_use_says_why_it_stays(stocked: Portal) -> None:
    browser = stocked.browser()

    page = text_of(browser.get(f"{GAL}/delete"))
    assert "It holds 1 image. Delete that first." in page
    assert "The gallery still holds images." in page
    stocked.post(browser, f"{GAL}/delete", status=409)
    assert "labs" in text_of(browser.get(GAL))  # the account that it is attached to


def test_images_are_found(stocked: Portal) -> None:
    browser = stocked.browser()

    assert "Linux, generalized, generation 1" in text_of(browser.get(GAL))
    assert "No image is called like “solaris”." in text_of(browser.get(GAL, params={"q": "solaris"}))
    assert "linux" in browser.get(GAL, params={"q": "INU"}).text


def test_versions_stand_in_a_matrix_with_the_regions(stocked: Portal) -> None:
    store = FailingStore(
        stocked.installation.context.stores[NEAR],
        "replicate",
        OutOfSpace(Message("The store is full."), hint=Message("Free.")),
    )
    with_stores(stocked.installation, brazilsoutheast=store).run(
        stocked.installation.begin_import("linux", disk_bytes(MIB, seed=2), version="1.10.0", regions=(HOME, NEAR))
    )
    browser = stocked.browser()

    page = text_of(browser.get(LINUX))

    assert page.index("1.10.0") < page.index("1.0.0")
    assert "✓ Verified latest here" in page
    assert "✗ Failed" in page
    assert "– not there" in page
    assert "Try again" in page
    stocked.post(browser, f"{LINUX}/versions/1.10.0/retry")
    stocked.work()
    assert "✗ Failed" not in text_of(browser.get(LINUX))
    assert version_row(stocked.installation, "1.10.0")[1][NEAR].state is ReplicaState.COMPLETED


def test_a_page_of_versions_takes_the_same_questions_for_any_number(stocked: Portal) -> None:
    browser = stocked.browser()

    def add(numbers: range) -> None:
        with stocked.installation.request() as request:
            image = request.uow.definitions.get_by_key(version_id("linux").parent.key)
            for patch in numbers:
                add_version(request, image, VersionRows(number=f"1.0.{patch}"))

    add(range(1, 12))  # more than are looked through for the newest one
    with counted() as few:
        assert browser.get(LINUX).text.count("✓ Verified") == 12
    add(range(12, 40))
    with counted() as many:
        assert browser.get(LINUX).text.count("✓ Verified") == 40

    assert len(many) == len(few), [each for each in many if each not in few]


def test_the_table_asks_for_itself_while_something_goes_on(stocked: Portal) -> None:
    stocked.installation.begin_import("linux", disk_bytes(MIB), version="2.0.0")
    browser = stocked.browser()

    page = browser.get(LINUX)
    part = browser.get(f"{LINUX}/rows", params={"q": "1."})

    assert f'hx-get="{LINUX}/rows?' in page.text
    assert "… Waiting" in text_of(page)
    assert "<html" not in part.text
    assert "hx-get" not in part.text  # nothing goes on with the versions that begin so
    assert "1.0.0" in part.text


def test_an_image_is_described_anew_and_deleted_when_it_is_empty(stocked: Portal) -> None:
    browser = stocked.browser()

    stocked.post(browser, f"{LINUX}/edit", name="Álgebra", description="For the first term")
    page = browser.get(LINUX)
    assert title_of(page) == "Álgebra"
    assert "For the first term" in text_of(page)
    assert "The image still has versions." in text_of(browser.get(f"{LINUX}/delete"))
    stocked.post(browser, f"{LINUX}/delete", status=409)
    stocked.post(browser, f"{V1}/delete", for_good="yes")
    stocked.work()
    answer = stocked.post(browser, f"{LINUX}/delete")
    assert answer.headers["location"] == GAL
    assert browser.get(LINUX).status_code == 404


def test_a_version_tells_its_facts(stocked: Portal) -> None:
    page = text_of(stocked.browser().get(V1))

    assert "latest in Brazil South" in page
    assert "OS disk 1 MB" in page
    assert "a file that was imported" in page
    assert "of this installation, checked just now" in page
    digest = version_row(stocked.installation)[0].id
    with stocked.installation.context.database(reading=True) as uow:
        assert uow.versions.disks(digest)[0].digest in page


def test_a_version_that_makes_no_labs_says_why_and_offers_none(stocked: Portal) -> None:
    browser = stocked.browser()
    assert f"/labs/new?{urlencode({'image': str(version_id('linux', '1.0.0'))})}" in browser.get(V1).text
    with stocked.installation.request() as request:
        enable_image(request, ACCOUNT, "linux", enabled=False)

    page = browser.get(V1)
    assert "Labs cannot be created from it now." in text_of(page)
    assert "/labs/new?" not in page.text


def test_the_second_of_two_tabs_is_told_that_the_first_one_saved(stocked: Portal) -> None:
    browser = stocked.browser()
    place = f"{LINUX}/edit"
    (mark,) = re.findall(r'name="saved" value="(\w+)"', browser.get(place).text)
    stocked.post(browser, place, name="From the first", description="", saved=mark)
    answer = stocked.post(browser, place, status=400, name="From the second", description="", saved=mark)

    assert "Somebody saved other values" in text_of(answer)
    assert 'value="From the second"' in answer.text
    (mark,) = re.findall(r'name="saved" value="(\w+)"', answer.text)
    stocked.post(browser, place, name="From the second", description="", saved=mark)
    assert "From the second" in text_of(browser.get(LINUX))


def test_regions_are_priced_before_the_click(stocked: Portal) -> None:
    browser, regions = stocked.browser(), f"{V1}/regions"

    page = text_of(browser.get(regions))
    assert "Its own region" in page
    assert "to send" in page
    bill = text_of(stocked.post(browser, f"{regions}/check", status=200, regions=[HOME, NEAR, FAR]))
    assert "Added Brazil Southeast, West Europe" in bill
    assert "Removed nothing" in bill
    shown = stocked.post(browser, regions, status=200, show="yes", regions=[HOME, FAR])
    assert re.search(r'value="westeurope" checked', shown.text)
    assert stocked.begun.ids == []
    answer = stocked.post(browser, regions, regions=[NEAR])  # the home region's box is fixed and is not sent
    assert answer.headers["location"] == V1
    assert "See how far it is" in text_of(browser.get(LINUX))
    stocked.work()
    assert set(version_row(stocked.installation)[1]) == {HOME, NEAR}
    bill = text_of(stocked.post(browser, f"{regions}/check", status=200, regions=[HOME]))
    assert "Removed Brazil Southeast" in bill
    stocked.post(browser, regions, regions=[HOME])
    stocked.work()
    assert set(version_row(stocked.installation)[1]) == {HOME}


def test_a_region_that_there_is_not_is_refused(stocked: Portal) -> None:
    answer = stocked.post(stocked.browser(), f"{V1}/regions", status=400, regions=[HOME, "atlantis"])

    assert "There is no region 'atlantis' here." in text_of(answer)


def test_a_version_is_excluded_and_included(stocked: Portal) -> None:
    browser = stocked.browser()

    stocked.post(browser, f"{V1}/latest", excluded="yes")
    assert "never: it is excluded" in text_of(browser.get(V1))
    assert "latest here" not in text_of(browser.get(LINUX)).replace("never the latest here", "")
    stocked.post(browser, f"{V1}/latest", excluded="no")
    stocked.post(browser, f"{V1}/latest", excluded="yes", region=HOME)
    assert version_row(stocked.installation)[1][HOME].exclude_from_latest
    assert "never the latest here" in text_of(browser.get(LINUX))


def test_an_end_of_life_is_a_day_in_the_future(stocked: Portal) -> None:
    browser = stocked.browser()
    tomorrow = (stocked.installation.context.clock.now() + timedelta(days=2)).date()

    stocked.post(browser, f"{V1}/end-of-life", date=tomorrow.isoformat())
    end = version_row(stocked.installation)[0].end_of_life
    assert end is not None
    assert end.date() == tomorrow
    past = stocked.post(browser, f"{V1}/end-of-life", status=400, date="2020-01-01")
    assert "is in the past." in text_of(past)
    assert 'value="2020-01-01"' in past.text
    assert "'soon' is no date." in text_of(stocked.post(browser, f"{V1}/end-of-life", status=400, date="soon"))
    stocked.post(browser, f"{V1}/end-of-life", none="yes", date="")
    assert version_row(stocked.installation)[0].end_of_life is None


def test_a_deletion_is_shown_with_what_it_means(stocked: Portal) -> None:
    stocked.installation.run(stocked.installation.begin_lab("algebra", version_id("linux")))
    browser = stocked.browser()

    page = text_of(browser.get(f"{V1}/delete"))

    assert "1 lab was made from it." in page
    assert "algebra" in page
    assert re.search(r"Brazil South 0 bytes [1-9][0-9]* bytes", page)
    assert "It is gone for good then." in page
    answer = stocked.post(browser, f"{V1}/delete", for_good="yes")
    assert answer.headers["location"].startswith("/operations/")
    stocked.work()
    assert browser.get(V1).status_code == 404


def test_what_a_gallery_keeps_comes_back_or_goes_for_good(stocked: Portal) -> None:
    keep_deleted(stocked)
    browser = stocked.browser()

    assert "The gallery keeps deleted versions for 37 days" in text_of(browser.get(f"{V1}/delete"))
    stocked.post(browser, f"{V1}/delete")
    for place in (GAL, LINUX):
        assert "Deleted, can be restored" in text_of(browser.get(place))
    page = text_of(browser.get(V1))
    assert "This version was deleted." in page
    assert "Regions and price" not in page
    stocked.post(browser, f"{V1}/restore")
    assert version_row(stocked.installation)[0].retention is Retention.ACTIVE
    with stocked.installation.request() as request:
        remove_version(request, version_id("linux"))
    stocked.post(browser, f"{V1}/delete", for_good="yes")
    stocked.work()
    assert browser.get(V1).status_code == 404


def test_nothing_is_offered_that_would_be_refused(stocked: Portal) -> None:
    browser = reader(stocked)
    changes: dict[str, dict[str, str | list[str]]] = {
        f"{GAL}/settings": {"description": "x"},
        f"{GAL}/delete": {},
        f"{LINUX}/edit": {"name": "x"},
        f"{LINUX}/delete": {},
        f"{V1}/latest": {"excluded": "yes"},
        f"{V1}/regions": {"regions": [HOME, FAR]},
        f"{V1}/retry": {},
        f"{V1}/restore": {},
        f"{V1}/end-of-life": {"none": "yes"},
        f"{V1}/delete": {"for_good": "yes"},
        "/galleries/new": {"name": "x", "group": "campus", "region": HOME},
    }

    for place in ("/galleries", GAL, f"{GAL}/settings", LINUX, f"{LINUX}/edit", V1, f"{V1}/regions", f"{V1}/delete"):
        page = browser.get(place)
        assert page.status_code == 200, place
        assert "Admin can do this." in text_of(page), place
        forms = re.findall(r'<form[^>]*method="post" action="([^"]*)"', page.text)
        assert [each for each in forms if each.startswith("/galleries")] in ([], [f"{V1}/regions"]), place
    for place, fields in changes.items():
        answer = browser.post(place, data={"csrf": stocked.token(browser), **fields}, headers=stocked.own_origin)
        assert answer.status_code in (400, 403), place
        assert "You may not do this here." in text_of(answer), place
    assert stocked.begun.ids == []


def test_who_sees_no_gallery_is_sent_to_the_images(portal: Portal) -> None:
    browser = portal.browser("educator")

    assert "listed under Images" in text_of(browser.get("/galleries"))
    assert browser.get(GAL).status_code == 404
    assert browser.get(V1).status_code == 404


def test_things_that_there_are_not_are_not_found(stocked: Portal) -> None:
    browser = stocked.browser()

    for place in ("/galleries/campus/none", f"{GAL}/images/none", f"{LINUX}/versions/9.9.9", f"{LINUX}/versions/x"):
        assert browser.get(place).status_code == 404, place


def test_pages_speak_portuguese(stocked: Portal) -> None:
    browser = stocked.browser(language="pt-BR")

    assert title_of(browser.get("/galleries")) == "Galerias"
    assert "Sobre esta galeria" in text_of(browser.get(GAL))
    assert "✓ Verificada a mais recente aqui" in text_of(browser.get(LINUX))
    assert "Disco do SO" in text_of(browser.get(V1))
    assert "por mês" in text_of(browser.get(f"{V1}/regions"))
    assert "O que ela libera" in text_of(browser.get(f"{V1}/delete"))
    answer = stocked.post(browser, f"{V1}/end-of-life", status=400, date="2020-01-01")
    assert "está no passado" in text_of(answer) or "passado" in text_of(answer)
    assert ACCOUNT.name in text_of(browser.get(GAL))

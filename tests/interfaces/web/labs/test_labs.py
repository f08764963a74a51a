"""The list of labs and the template page: what is shown, offered and refused, and what goes on."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.actions.labs.labs import get_lab
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.labs import Lab
from galeria.domain.messages import Message
from galeria.domain.regions import CloudAccess, Regions
from galeria.domain.settings import DEFAULT_REGIONS, Settings
from galeria.domain.states import MachineState
from tests.interfaces.web.served import Portal, serving, text_of, title_of
from tests.local_installation import GALLERY, MIB, disk_bytes, lab_id
from tests.prepared_installations import PreparedInstallations, with_lab
from tests.role_assignments import assign_role

ALGEBRA = "/labs/campus/algebra"


def bring_image(portal: Portal) -> None:
    portal.installation.run(
        portal.installation.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "brazilsoutheast"))
    )


def make_lab(portal: Portal, name: str = "algebra", *, who: str = "educator") -> None:
    portal.installation.run(portal.installation.begin_lab(name, GALLERY.child("images", "linux"), who=who))


@pytest.fixture
def taught(portal: Portal) -> Portal:
    """With a lab of the educator, off."""
    bring_image(portal)
    make_lab(portal)
    return portal


def operation_of(page: str) -> str:
    found = re.search(r'name="operation" value="([^"]+)"', page)
    assert found
    return found[1]


def read_lab(portal: Portal, name: str = "algebra") -> Lab:
    with portal.installation.request() as request:
        return get_lab(request, lab_id(name))


def test_everybody_sees_the_labs_that_they_may_see(taught: Portal) -> None:
    make_lab(taught, "geometry", who="colleague")
    assert "algebra" in text_of(taught.browser("educator").get("/labs"))
    seen = text_of(taught.browser("admin").get("/labs"))
    assert "algebra" in seen
    assert "geometry" in seen
    assert "linux 1.0.0" in seen
    assert "You have no lab yet" in text_of(taught.browser("nobody").get("/labs"))


def test_a_paused_machine_is_told_with_the_reason(taught: Portal) -> None:
    engine = taught.installation.engine
    taught.installation.run(taught.installation.begin_start("algebra"))
    (machine,) = engine.machines()
    browser = taught.browser("educator")
    assert "is paused" not in text_of(browser.get(ALGEBRA))
    engine.pause(machine)
    assert "The machine is paused: the disk of its region is nearly full." in text_of(browser.get(ALGEBRA))
    engine.fail_on["paused"] = MachineFailed(Message("The host is away."))
    assert browser.get(ALGEBRA).status_code == 200


def test_a_lab_in_a_cloud_says_what_cannot_be_done_there(
    taught: Portal, tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> None:
    assert "run in a cloud" not in text_of(taught.browser("educator").get(ALGEBRA))
    campus = CloudAccess(name="campus", network="labs")
    there = Settings(regions=Regions(tuple(replace(each, cloud=campus) for each in DEFAULT_REGIONS.all)))
    folder = tmp_path / "in-a-cloud"
    with serving(folder, prepared_installations, token_key, prepare=with_lab, settings=there) as portal:
        assert "run in a cloud" in text_of(portal.browser("educator").get(ALGEBRA))
        assert "rodam em uma nuvem" in text_of(portal.browser("educator", "pt-BR").get(ALGEBRA))


def test_labs_are_found_by_title_and_image_and_paged(taught: Portal) -> None:
    for number in range(52):
        copy_lab(taught, f"course-{number:02}", f"Ótica {number:02}")
    browser = taught.browser("educator")
    first, second = text_of(browser.get("/labs?q=ÓTICA")), text_of(browser.get("/labs?q=ótica&page=2"))
    assert "52 labs fit" in first
    assert "Page 1 of 2" in first
    assert "Ótica 49" in first
    assert "Ótica 50" not in first
    assert "Ótica 51" in second
    assert "algebra" not in first + second
    assert "53 labs fit" in text_of(browser.get("/labs?q=linux"))
    assert "No lab has “physics”" in text_of(browser.get("/labs?q=physics"))
    assert browser.get("/labs?page=999").status_code == 200
    assert browser.get("/labs?page=x").status_code == 200


def copy_lab(portal: Portal, name: str, title: str) -> None:
    """A row like algebra's, without machines."""
    with portal.installation.request() as request:
        lab, id = request.uow.labs.get_by_key(lab_id("algebra").key), lab_id(name)
        copied = replace(lab, id=request.id_generator.new_id(), resource_id=str(id), key=id.key, title=title)
        request.uow.labs.add(copied)


@pytest.mark.parametrize(
    ("who", "step"),
    [
        ("admin", "First, import an image"),
        ("educator", "Create your first lab"),
        ("nobody", "can give it to you: Admin"),
    ],
)
def test_an_empty_list_says_the_first_step(portal: Portal, who: str, step: str) -> None:
    assert step in text_of(portal.browser(who).get("/labs"))


def test_an_administrator_with_images_makes_a_lab_first(portal: Portal) -> None:
    bring_image(portal)
    assert "Create your first lab" in text_of(portal.browser("admin").get("/labs"))


def test_the_template_page_tells_what_the_lab_is(taught: Portal) -> None:
    answer = taught.browser("educator").get(ALGEBRA)
    seen = text_of(answer)
    assert title_of(answer) == "algebra"
    for fact in ("Stopped", "linux 1.0.0", "Brazil South", "Tiny", "educator", "127.0.0.1:"):
        assert fact in seen


def test_it_speaks_the_words_of_the_article(taught: Portal) -> None:
    seen = text_of(taught.browser("educator", language="pt-BR").get(ALGEBRA))
    assert "Exportar para a Galeria de Imagens Compartilhadas" in seen
    assert "Modelo" in seen


def test_start_and_stop_are_followed_on_the_page(taught: Portal) -> None:
    browser = taught.browser("educator")
    assert taught.post(browser, f"{ALGEBRA}/start").headers["location"] == ALGEBRA
    under_way = browser.get(ALGEBRA)
    assert "sse-connect" in under_way.text
    assert "Starting" in text_of(under_way)
    taught.work()
    running = text_of(browser.get(ALGEBRA))
    assert "Running" in running
    assert "Reset password" in running
    taught.post(browser, f"{ALGEBRA}/stop")
    taught.work()
    assert taught.installation.machine("algebra").state is MachineState.STOPPED


def test_what_may_not_be_done_is_refused_with_who_can(taught: Portal) -> None:
    """Both labs are readable for every Lab Creator here; only the owner runs one."""
    browser = taught.browser("colleague")
    seen = browser.get(ALGEBRA)
    assert f'action="{ALGEBRA}/start"' not in seen.text
    assert f'href="{ALGEBRA}/export"' not in seen.text
    assert "Educator" in text_of(seen)
    assert "Title and description" not in text_of(seen)
    assert taught.post(browser, f"{ALGEBRA}/start", status=403).status_code == 403
    assert taught.browser("nobody").get(ALGEBRA).status_code == 404


def test_title_and_description_are_edited_there(taught: Portal) -> None:
    browser = taught.browser("educator")
    taught.post(browser, f"{ALGEBRA}/edit", title="Álgebra linear", description="Turma <A>")
    assert title_of(browser.get(ALGEBRA)) == "Álgebra linear"
    assert "Turma &lt;A&gt;" in browser.get(ALGEBRA).text
    for title, told in (("", "A lab needs a title."), ("x" * 121, "The title is too long.")):
        again = taught.post(browser, f"{ALGEBRA}/edit", status=400, title=title, description="Kept words")
        assert told in text_of(again)
        assert "Kept words" in again.text
    assert read_lab(taught).title == "Álgebra linear"


def test_a_failed_start_is_reported_and_tried_again(taught: Portal) -> None:
    browser, engine = taught.browser("educator"), taught.installation.engine
    engine.fail_on["start"] = MachineFailed(
        Message("The host has no memory left."), hint=Message("Stop other machines.")
    )
    taught.post(browser, f"{ALGEBRA}/start")
    taught.work()
    failed = browser.get(ALGEBRA)
    assert "The host has no memory left." in text_of(failed)
    del engine.fail_on["start"]
    operation = operation_of(failed.text)
    taught.post(browser, f"{ALGEBRA}/retry", operation=operation)
    taught.work()
    seen = text_of(browser.get(ALGEBRA))
    assert "Running" in seen
    assert "no memory left" not in seen


def test_a_lab_is_deleted_after_its_page_has_shown_what_is_lost(taught: Portal) -> None:
    browser = taught.browser("educator")
    asked = text_of(browser.get(f"{ALGEBRA}/delete"))
    assert "lost for ever" in asked
    assert "It was never exported" in asked
    taught.post(browser, f"{ALGEBRA}/delete")
    assert 'data-then="/labs"' in browser.get(ALGEBRA).text
    taught.work()
    assert browser.get(ALGEBRA).status_code == 404
    assert "Create your first lab" in text_of(browser.get("/labs"))


def test_a_role_in_the_lab_opens_its_page(taught: Portal) -> None:
    assign_role(taught.installation, "nobody", "Lab Assistant", lab_id("algebra").key)
    browser = taught.browser("nobody")
    assert "algebra" in text_of(browser.get("/labs"))
    seen = browser.get(ALGEBRA)
    assert f'action="{ALGEBRA}/start"' in seen.text
    assert f'href="{ALGEBRA}/export"' not in seen.text

"""An import that was refused is no riddle: its pages say why and what helps, and nothing of it need be left."""

import pytest

from galeria.actions.versions.imports import OFFER, PUBLISHER
from galeria.actions.versions.versions import VersionRequest, put_version
from galeria.domain.images.galleries import OS_DISK, ImageDefinition
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus
from tests.interfaces.web.served import Portal, text_of
from tests.local_installation import ACCOUNT, GALLERY, MIB, disk_bytes

LETTER = GALLERY.child("images", "letter")
IMAGE = "/galleries/campus/gal/images/letter"
ACCOUNT_IMAGES = f"/accounts/{ACCOUNT.group}/{ACCOUNT.name}/images"
REASON = "The file is empty. Choose the file that holds a virtual machine's disk."
REASON_PT = "O arquivo está vazio. Escolha o arquivo que contém o disco de uma máquina virtual."


def found(portal: Portal) -> ImageDefinition | None:
    with portal.services.database(reading=True) as uow:
        return uow.definitions.find_by_key(LETTER.key)


def begin_again(portal: Portal, number: str, content: bytes) -> Operation:
    """Another version of the image that is there."""
    upload = portal.installation.upload(content)
    with portal.installation.request() as request:
        targets = (ReplicationTarget(region="brazilsouth"),)
        wanted = VersionRequest(location="brazilsouth", tags={}, targets=targets, uploads={OS_DISK: upload})
        _, _, operation = put_version(request, LETTER.child("versions", number), wanted)
    assert operation is not None
    return operation


@pytest.fixture
def refused(portal: Portal) -> Portal:
    """A version of an imported image, whose file has nothing in it."""
    operation = portal.installation.begin_import("letter", b"")
    with portal.installation.request() as request:
        held = request.uow.definitions.get_by_key(LETTER.key)
        held.publisher, held.offer = PUBLISHER, OFFER
    assert portal.installation.run(operation).status is OperationStatus.FAILED
    return portal


@pytest.mark.parametrize("address", [IMAGE, f"{IMAGE}/versions/1.0.0", "/images", ACCOUNT_IMAGES])
def test_every_page_says_why_and_offers_another_file_and_to_remove_it(refused: Portal, address: str) -> None:
    page = refused.browser().get(address)

    assert REASON in text_of(page)
    assert f"/import?image={LETTER.key.replace('/', '%2F')}".lower() in page.text.lower()
    assert "Try another file" in page.text
    assert f'href="{IMAGE}/versions/1.0.0/delete"' in page.text
    assert "Try again" not in page.text  # the same file would be refused again
    translated = text_of(refused.browser(language="pt-BR").get(address))
    assert REASON_PT in translated
    assert "Tentar outro arquivo" in translated


def test_nothing_is_said_to_be_still_to_come(refused: Portal) -> None:
    browser = refused.browser()
    listed, page = text_of(browser.get(IMAGE)), text_of(browser.get(f"{IMAGE}/versions/1.0.0"))

    for seen in (listed, page):
        assert "Waiting" not in seen
    assert "Brazil South its own region ✗ Failed" in page
    assert "Published never Latest no: it failed" in page
    for later in ("not known yet", "not stored yet", "when the version is made"):
        assert later not in page


def test_the_image_that_was_imported_for_it_goes_with_it(refused: Portal) -> None:
    browser = refused.browser()
    assert "If the image has no other version, it goes with it." in text_of(
        browser.get(f"{IMAGE}/versions/1.0.0/delete")
    )

    refused.post(browser, f"{IMAGE}/versions/1.0.0/delete", for_good="yes")
    refused.work()

    assert found(refused) is None


def test_an_image_that_ever_had_a_version_stays(refused: Portal) -> None:
    installation, browser = refused.installation, refused.browser()
    installation.run(begin_again(refused, "1.0.1", disk_bytes(MIB)))
    refused.post(browser, f"{IMAGE}/versions/1.0.0/delete", for_good="yes")
    refused.work()
    assert found(refused)
    refused.post(browser, f"{IMAGE}/versions/1.0.1/delete", for_good="yes")
    refused.work()
    assert found(refused)


def test_an_image_that_somebody_made_on_purpose_stays(refused: Portal) -> None:
    with refused.installation.request() as request:
        request.uow.definitions.get_by_key(LETTER.key).publisher = "campus"
    refused.post(refused.browser(), f"{IMAGE}/versions/1.0.0/delete", for_good="yes")
    refused.work()
    assert found(refused)

"""A template whose image is still arriving on its host: how much is there, and why a machine may wait."""

from tests.interfaces.web.served import Portal, text_of
from tests.local_installation import GALLERY, MIB, disk_bytes

ALGEBRA = "/labs/campus/algebra"


def test_the_page_says_how_much_of_the_image_is_here(portal: Portal) -> None:
    installation = portal.installation
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    installation.run(installation.begin_start("algebra"))
    browser = portal.browser("educator")
    assert "of its image" not in text_of(browser.get(ALGEBRA))

    id = installation.machine("algebra").id
    with installation.context.database() as uow:
        uow.machines.get(id).image_percent = 34
        uow.commit()
    page = text_of(browser.get(ALGEBRA))
    assert "Running 34 % of its image is here" in page
    assert "cannot be read now" not in page

    with installation.context.database() as uow:
        uow.machines.get(id).image_problem = "Region brazilsouth does not answer."
        uow.commit()
    installation.engine.pause(installation.engine.machines()[0])
    page = text_of(browser.get(ALGEBRA))
    assert "The rest of the machine's image cannot be read now." in page
    assert "nearly full" not in page

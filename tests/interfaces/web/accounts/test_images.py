"""The images that a person can make labs from: usable ones first, the others with the reason and who can resolve it."""

import re

from galeria.actions.labs.accounts import AccountRequest, put_account
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.local_installation import ACCOUNT, GALLERY, GROUP
from tests.version_rows import HOME, VersionRows, add_image


def add_three(portal: Portal) -> None:
    with portal.installation.request() as request:
        add_image(request, "big", VersionRows(sizes=(200,)))
        add_image(request, "zebra", VersionRows())
        add_image(request, "alone", VersionRows(sizes=(8, 8)))


def test_usable_images_come_first_and_lead_to_a_new_lab(portal: Portal) -> None:
    add_three(portal)
    answer = portal.browser("educator").get("/images")
    assert re.findall(r"<h2>(.*?)</h2>", answer.text) == ["Zebra", "Alone", "Big"]
    assert answer.text.count('href="/labs/new?image=') == 1


def test_the_others_say_why_and_whom_to_ask(portal: Portal) -> None:
    add_three(portal)
    educator = text_of(portal.browser("educator").get("/images"))
    assert "The OS disk has 200 GB; labs here take less than 128 GB." in educator
    assert "Raise the limit to 201 GB: ask Admin." in educator
    admin = portal.browser().get("/images")
    assert 'href="/accounts/campus/labs/policies?limit=201"' in admin.text


def test_images_of_several_accounts_are_shown_one_account_at_a_time(portal: Portal) -> None:
    add_three(portal)
    with portal.installation.request() as request:
        other = GROUP.resource("Microsoft.LabServices", "labPlans", "evening")
        put_account(request, other, AccountRequest(location=HOME, tags={}, gallery=GALLERY, os_disk_limit_gb=300))
    educator = portal.browser("educator")
    assert "labs here take less than 128 GB" in text_of(educator.get("/images?account=campus/labs"))
    evening = educator.get("/images?account=campus/evening")
    assert "labs here take" not in text_of(evening)
    assert 'aria-current="page">evening' in evening.text
    assert 'name="account" value="campus/evening"' in evening.text, "a search stays in the account"


def test_without_an_account_or_a_gallery_it_says_what_is_missing(portal: Portal) -> None:
    assert "There is no lab account whose images you may see." in text_of(portal.browser("nobody").get("/images"))
    with portal.installation.request() as request:
        put_account(request, ACCOUNT, AccountRequest(location=HOME, tags={}))
    assert "has no gallery attached" in text_of(portal.browser("educator").get("/images"))


def test_the_page_speaks_portuguese(portal: Portal) -> None:
    add_three(portal)
    answer = portal.browser("educator", language="pt-BR").get("/images")
    assert (title_of(answer), "Criar um laboratório" in text_of(answer)) == ("Imagens", True)

"""Everybody presses every button that any page shows them: none is answered with a refusal. What is off says who can do it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from galeria.domain.audit import SUCCEEDED
from tests.interfaces.web.content import add_content, harm
from tests.interfaces.web.forms import Controls, Press, controls_of
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import ACCOUNT, GALLERY, SUBSCRIPTION, lab_id
from tests.role_assignments import assign_role

pytestmark = pytest.mark.slow

REFUSED = 403
MOST_PAGES = 400
WEEK = re.compile(r"\bweek=[0-9-]+")
EVERYWHERE = f"/subscriptions/{SUBSCRIPTION}"
HIDDEN = ("Words on a lab", "Words on a gallery")
"""Read only by those who may see what they describe."""
OWN = ("/me", "/language", "/sign-out", "/people/nobody/")
"""What everybody may do with themselves, and what would take the right away with which the other buttons are pressed."""
ROLES = {
    "owner": ("Owner", EVERYWHERE),
    "contributor": ("Contributor", EVERYWHERE),
    "reader": ("Reader", EVERYWHERE),
    "access administrator": ("User Access Administrator", EVERYWHERE),
    "lab services contributor": ("Lab Services Contributor", EVERYWHERE),
    "lab services reader": ("Lab Services Reader", EVERYWHERE),
    "lab creator": ("Lab Creator", EVERYWHERE),
    "lab creator of one account": ("Lab Creator", ACCOUNT.key),
    "contributor of one gallery": ("Contributor", GALLERY.key),
    "owner of one lab": ("Owner", lab_id("algebra").key),
    "assistant of one lab": ("Lab Assistant", lab_id("algebra").key),
    "nobody": ("", ""),
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All pages that somebody is led to, by address."""

    statuses: dict[str, int]
    controls: dict[str, Controls]

    def presses(self) -> list[Press]:
        """Each once, the harmless ones first."""
        found = [each for page in self.controls.values() for each in (*page.checks, *page.presses)]
        once = {(each.place, each.text, str(sorted(each.fields))): each for each in found}
        return sorted(once.values(), key=lambda each: (harm(each.place), each.place))


@pytest.fixture
def furnished(new_portal: NewPortal) -> Portal:
    return new_portal(add_content)


def somebody(portal: Portal, role: str) -> httpx.Client:
    """The person `nobody`, with that role, who has begun to bring in a file."""
    name, scope = ROLES[role]
    if name:
        assign_role(portal.installation, "nobody", name, scope)
    return portal.browser("nobody")


def look_around(browser: httpx.Client) -> Seen:
    """Every page that links lead to, from the first one on."""
    seen, waiting, weeks = Seen(statuses={}, controls={}), ["/"], set[str]()
    while waiting:
        address = waiting.pop()
        # Weeks go on for ever, and are pages of one kind.
        if address in seen.statuses or WEEK.sub("", address) in weeks:
            continue
        if WEEK.search(address):
            weeks.add(WEEK.sub("", address))
        assert len(seen.statuses) < MOST_PAGES, sorted(seen.statuses)
        with browser.stream("GET", address) as answer:
            seen.statuses[address] = answer.status_code
            if not answer.headers.get("content-type", "").startswith("text/html"):
                waiting += [answer.headers["location"]] if "location" in answer.headers else []
                continue
            answer.read()
        if answer.status_code == 200:
            found = controls_of(answer.text, urlsplit(address).path)
            seen.controls[address] = found
            waiting += sorted(found.links)
    return seen


def press(portal: Portal, browser: httpx.Client, button: Press) -> httpx.Response:
    return browser.post(button.place, data=button.fields, headers=portal.own_origin)


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param  # type: ignore[no-any-return]  # pytest's own type knows no more


def test_no_button_and_no_link_that_is_shown_is_refused(furnished: Portal, role: str) -> None:
    browser = somebody(furnished, role)
    seen = look_around(browser)
    assert {place: status for place, status in seen.statuses.items() if status >= 400} == {}
    pressed = [each for each in seen.presses() if not each.place.startswith(OWN)]
    refused = {}
    for each in pressed:
        answer = press(furnished, browser, each)
        assert answer.status_code < 500, (each, text_of(answer))
        if answer.status_code == REFUSED:
            refused[each.place, each.text] = text_of(answer)
    assert refused == {}
    if role == "owner":
        assert len(pressed) > 30
    elif role in ("reader", "lab services reader", "nobody"):
        assert [each.place for each in pressed] == []


def test_what_is_off_says_why_and_who_can_do_it(furnished: Portal, role: str) -> None:
    seen = look_around(somebody(furnished, role))
    off = [each for page in seen.controls.values() for each in page.refused]
    for text, reason in off:
        assert text, reason
        assert len(reason) > 10, text
        takes_a_role = "It takes one of these roles" in reason
        assert not takes_a_role or "Owner" in reason, reason
        assert not takes_a_role or "Admin can do this." in reason or "Colleague" in reason, reason
    if role == "reader":
        assert len({text for text, reason in off if "can do this." in reason}) > 10
    if role == "owner":
        assert not any("can do this." in reason for _, reason in off)


@pytest.mark.parametrize("role", ["nobody", "reader", "lab services reader", "assistant of one lab"])
def test_what_is_not_shown_is_refused_too(furnished: Portal, role: str) -> None:
    """Hidden buttons are not the protection: whoever knows an owner's addresses gets no further."""
    owners = look_around(furnished.browser("admin"))
    browser = somebody(furnished, role)
    own = {each.place for each in look_around(browser).presses()}
    csrf = furnished.token(browser)
    own |= {"/people/nobody/sign-out"}  # everybody may end their own sessions
    tried = [each for each in owners.presses() if each.place not in own and not each.place.startswith(OWN[:3])]
    assert len(tried) > 20
    before, done = deeds(furnished), []
    for each in tried:
        forged = Press(place=each.place, fields=each.fields | {"csrf": [csrf]}, text=each.text)
        if press(furnished, browser, forged).status_code == 303:  # on to what was done
            done.append(forged)
    assert done == []
    assert (deeds(furnished), furnished.begun.ids) == (before, [])


def deeds(portal: Portal) -> list[str]:
    with portal.services.database(reading=True) as uow:
        return [each.id for each in uow.audit.recent(limit=1000) if each.status == SUCCEEDED]


def test_whoever_has_no_role_reads_nothing(furnished: Portal) -> None:
    owners = look_around(furnished.browser("admin"))
    browser = somebody(furnished, "nobody")
    for address, page in owners.controls.items():
        answer = browser.get(address)
        assert answer.status_code in (200, 303, REFUSED, 404), address
        assert not any(words in answer.text for words in HIDDEN), address
        if answer.status_code in (REFUSED, 404) and page.place != "/labs/new":
            assert "To my labs" in text_of(answer) or "can do this" in text_of(answer), address
    seen = " ".join(browser.get(address).text for address in owners.controls if "admin" not in address)
    assert "127.0.0.1:" not in seen  # no machine's address

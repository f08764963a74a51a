"""The activity log in the browser: what was done, in words, and no more of it than the API would show."""

import ast
import importlib
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest

from galeria.actions.core.activity import ROWS
from galeria.actions.core.audit import record_audit
from galeria.actions.core.caller import Caller
from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import MACHINE
from galeria.actions.people.roles import give_role
from galeria.actions.storage.disks import DISK, SNAPSHOT
from galeria.domain.audit import AuditEvent
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.interfaces.web.kit.language import ZONE_COOKIE
from tests.interfaces.web.served import Portal, text_of, title_of
from tests.interfaces.web.sign_in_form import sign_in
from tests.local_installation import ACCOUNT, GALLERY, GROUP, MIB, SUBSCRIPTION, disk_bytes, lab_id, version_id
from tests.version_rows import VersionRows, add_image

WHOLE = f"/subscriptions/{SUBSCRIPTION}"
EVENTS = f"{WHOLE}/providers/Microsoft.Insights/eventtypes/management/values"
VERSION = {"api-version": "2015-04-01"}
PAGE = "/activity"


def write(portal: Portal, action: str, scope: ResourceId | str, *, who: str = "admin", request: str = "") -> None:
    with portal.installation.request(who) as inner:
        caller = Caller(principal=inner.caller.principal, assignments=[], correlation_id=request)
        record_audit(inner, caller, action, str(scope))


def give(portal: Portal, who: str, role: str, scope: ResourceId | str) -> None:
    with portal.installation.request() as request:
        give_role(request, who, role, str(scope))


def rows(answer: httpx.Response) -> list[str]:
    """What is read in each row."""
    assert answer.status_code == 200, text_of(answer)
    table = re.sub(r'<tr class="day">.*?</tr>', "", answer.text.partition("<tbody>")[2].partition("</tbody>")[0])
    parts = table.split("<tr>")[1:]
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", part)).split()) for part in parts]


def moments(answer: httpx.Response) -> list[str]:
    return re.findall(r'<time datetime="([^"]+)"', answer.text)


def test_what_was_done_is_said_in_words_with_who_and_to_what(portal: Portal) -> None:
    portal.installation.run(portal.installation.begin_import("Linux", disk_bytes(MIB)))
    portal.installation.run(portal.installation.begin_lab("Algebra", GALLERY.child("images", "Linux")))
    portal.installation.run(portal.installation.begin_start("Algebra"))
    seen = portal.browser().get(PAGE)
    said = [row.partition("M ")[2] for row in rows(seen)[1:5]]
    assert said == [
        "Educator Machine started Algebra / template",
        "Educator Lab made or changed Algebra",
        "Admin Image version made or changed gal / Linux / 1.0.0",
        "Admin Image made or changed gal / Linux",
    ]
    assert rows(seen)[0].endswith("Admin Sign-in signed in in a browser –")
    for place in ("/labs/campus/Algebra", "/galleries/campus/gal/images/Linux/versions/1.0.0"):
        assert f'href="{place}"' in seen.text
    portuguese = portal.browser(language="pt-BR").get(PAGE)
    assert title_of(portuguese) == "Registro de atividades"
    assert "Máquina iniciada" in text_of(portuguese)


def test_days_head_what_was_done_on_them_and_what_was_only_tried_is_said_in_words(portal: Portal) -> None:
    sign_in(portal, portal.stranger(), password="wrong", status=401)
    write(portal, "Microsoft.Compute/galleries/images/versions/read", version_id("linux"))
    with portal.installation.request() as request:
        event, *_ = request.uow.audit.recent(limit=1)
        own = {name: getattr(event, name) for name in ("principal_id", "principal_name", "action", "scope", "status")}
        request.uow.audit.add(AuditEvent(id="before", at=event.at - timedelta(days=40), **own))
        request.uow.flush()
        days = {each.at.date() for each in request.uow.audit.recent(limit=ROWS)}  # two, or three around midnight
    page = portal.browser().get(PAGE)

    assert any(row.endswith("Admin Looked at gal / linux / 1.0.0") for row in rows(page))
    assert any("Galeria itself Sign-in Refused" in row for row in rows(page))
    assert "Microsoft." not in text_of(page)
    assert len(re.findall(r'<tr class="day">', page.text)) == len(days) > 1


def test_what_is_gone_has_no_link_that_leads_nowhere(portal: Portal) -> None:
    portal.installation.run(portal.installation.begin_import("linux", disk_bytes(MIB)))
    portal.installation.run(portal.installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    browser = portal.browser()
    assert 'href="/labs/campus/algebra"' in browser.get(PAGE).text
    with portal.installation.request() as request:
        operation = delete_lab(request, lab_id("algebra"))
    portal.installation.run(operation)
    seen = browser.get(PAGE)
    assert "Lab deleted algebra" in text_of(seen)
    assert 'href="/labs/campus/algebra"' not in seen.text
    links = set(re.findall(r'href="(/(?:labs|galleries|accounts)/campus/[^"]+)"', seen.text))
    assert links
    assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize(
    ("role", "scopes"),
    [("Owner", [WHOLE]), ("Reader", [GROUP]), ("Reader", [GALLERY]), ("Contributor", [ACCOUNT, GALLERY])],
)
def test_it_shows_what_the_api_shows(portal: Portal, role: str, scopes: list[ResourceId | str]) -> None:
    for scope in (WHOLE, GROUP, f"{GROUP}-two", ACCOUNT, GALLERY, f"{GALLERY}2", GALLERY.child("images", "x")):
        write(portal, "test/write", scope)
    for scope in scopes:
        give(portal, "nobody", role, scope)
    browser = portal.browser("nobody")
    shown = moments(browser.get(f"{PAGE}?action=test/write"))
    person = portal.installation.people["nobody"]
    token = portal.services.tokens.issue(
        person.id, person.name, person.kind, audience=portal.services.endpoint, seconds=600
    )
    answers = [
        browser.get(
            EVENTS,
            params=VERSION | ({} if scope == WHOLE else {"$filter": f"resourceId eq '{scope}'"}),
            headers={"Authorization": f"Bearer {token}"},
        ).json()["value"]
        for scope in scopes
    ]
    events = [each for answer in answers for each in answer if each["operationName"]["value"] == "test/write"]
    assert len(shown) == len(events) == {WHOLE: 7, str(GROUP): 5, str(GALLERY): 2}.get(str(scopes[0]), 3)
    assert {each[:26] for each in shown} == {each["eventTimestamp"][:26] for each in events}


def test_who_may_read_nothing_is_told_who_can(portal: Portal) -> None:
    seen = portal.browser("educator").get(PAGE)
    assert seen.status_code == 403
    assert "There is nothing whose log you may read." in text_of(seen)
    assert "Admin can do this." in text_of(seen)
    seen = portal.browser("nobody").get(PAGE)
    assert seen.status_code == 404
    assert "you have no role in it yet: ask an Owner for one" in text_of(seen)
    assert portal.stranger().get(PAGE).headers["location"].startswith("/sign-in")


def test_who_owns_a_lab_reads_what_was_done_with_it(portal: Portal) -> None:
    portal.installation.run(portal.installation.begin_import("linux", disk_bytes(MIB)))
    portal.installation.run(portal.installation.begin_lab("algebra", GALLERY.child("images", "linux")))
    write(portal, "test/write", lab_id("algebra"))
    seen = rows(portal.browser("educator").get(PAGE))
    assert [row.partition("M ")[2] for row in seen] == [
        "Admin Made or changed algebra",
        "Educator Lab made or changed algebra",
    ]


def test_each_field_of_the_form_narrows(portal: Portal) -> None:
    write(portal, "test/write", ACCOUNT, who="educator")
    write(portal, "test/delete", GALLERY, request="one")
    write(portal, "test/read", GALLERY, request="one")
    browser = portal.browser()

    def found(query: str) -> int:
        return len(rows(browser.get(f"{PAGE}?{query}")))

    assert (found("person=EDUC"), found("action=TEST/delete"), found("resource=labplans/labs&action=test/write")) == (
        1,
        1,
        1,
    )
    assert (found("correlation=one"), found("correlation=one&action=test/read"), found("person=bob")) == (2, 1, 0)
    assert "Nothing fits." in text_of(browser.get(f"{PAGE}?person=bob"))
    asked = browser.get(f"{PAGE}?person=Educ&action=test/write&resource=labs&since=2020-01-31")
    assert all(f'value="{each}"' in asked.text for each in ("Educ", "test/write", "labs", "2020-01-31"))


def test_a_request_that_did_several_things_can_be_seen_alone(portal: Portal) -> None:
    write(portal, "test/write", ACCOUNT, request="several")
    write(portal, "test/delete", GALLERY, request="several")
    write(portal, "test/read", GALLERY, request="single")
    browser = portal.browser()
    seen = browser.get(PAGE)
    assert seen.text.count('href="?correlation=several"') == 2
    assert "correlation=single" not in seen.text
    alone = browser.get(f"{PAGE}?correlation=several")
    assert len(rows(alone)) == 2
    assert 'value="several"' in alone.text


def test_days_are_those_of_the_persons_own_clock(portal: Portal) -> None:
    write(portal, "test/write", GALLERY)
    browser = portal.browser()
    (at,) = [each.at for each in _events(portal, "test/write")]
    for zone, hours in (
        ("Pacific/Kiritimati", 14),
        ("Pacific/Pago_Pago", -11),
        ("pacific%2Fpago_pago", -11),
        ("Line%20Islands%20Standard%20Time", 14),
    ):
        browser.cookies.set(ZONE_COOKIE, zone, domain=browser.base_url.host, path="/")
        day = (at + timedelta(hours=hours)).date()
        other = day + timedelta(days=1)
        assert len(rows(browser.get(f"{PAGE}?action=test/write&since={day}&until={day}"))) == 1
        assert rows(browser.get(f"{PAGE}?action=test/write&since={other}")) == []
        assert rows(browser.get(f"{PAGE}?action=test/write&until={day - timedelta(days=1)}")) == []


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2026-1-1-1"])
def test_what_is_no_day_is_given_back_with_the_reason(portal: Portal, day: str) -> None:
    for name in ("since", "until"):
        answer = portal.browser(language="pt-BR").get(PAGE, params={name: day})
        assert answer.status_code == 400
        assert "não é um dia" in text_of(answer)
        assert (f'value="{day}"' in answer.text, f'id="{name}-error"' in answer.text) == (True, True)


def test_long_logs_come_in_pages(portal: Portal) -> None:
    for _ in range(ROWS + 5):
        write(portal, "test/write", GALLERY)
    browser = portal.browser()
    first = browser.get(f"{PAGE}?action=test/write")
    assert len(rows(first)) == ROWS
    older = unescape(re.findall(r'rel="next" href="([^"]+)"', first.text)[0])
    second = browser.get(PAGE + older)
    assert (len(rows(second)), 'rel="next"' in second.text, 'rel="prev"' in second.text) == (5, False, True)
    assert not set(moments(first)) & set(moments(second))
    assert rows(browser.get(f"{PAGE}?action=test/write&page=9999999")) == []


def test_ids_in_what_is_reported_are_shortened(portal: Portal) -> None:
    with portal.installation.request() as request:
        add_image(request, "fine", VersionRows())
        request.audit(
            "test/write", str(ACCOUNT), detail=Message("{version_id} as fine 1.0.1", version_id=str(version_id("fine")))
        )
    assert "gal / fine / 1.0.0 as fine 1.0.1" in rows(portal.browser().get(f"{PAGE}?action=test/write"))[0]


ACTIONS = Path(importlib.import_module("galeria.actions").__path__[0])
# What is named by a value that only a running program knows.
NAMED = {
    *(f"{kind.type}/{verb}" for kind in (DISK, SNAPSHOT) for verb in ("write", "delete")),
    *(f"{kind.type}/{verb}GetAccess/action" for kind in (DISK, SNAPSHOT) for verb in ("begin", "end")),
    *(f"{SNAPSHOT.type}/updateImmutabilityPolicy{more}/action" for more in ("", "Lock")),
    *(f"{MACHINE}/{verb}/action" for verb in ("start", "stop", "resetPassword", "reimage", "redeploy")),
}


def test_everything_that_is_written_down_has_words(portal: Portal) -> None:
    written = set(_written())
    assert {"Microsoft.LabServices/labs/write", "Galeria.Identity/sessions/write"} <= written
    options = re.findall(r'<option value="([^"]+)"', portal.browser().get(PAGE).text)
    assert {each.lower() for each in written | NAMED} - set(options) == set()


def _written() -> Iterator[str]:
    """The actions that calls of `audit` and `record_audit` name, as far as their modules know them."""
    for file in sorted(ACTIONS.glob("*/*.py")):
        known = vars(importlib.import_module(f"galeria.actions.{file.parent.name}.{file.stem}"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            place = {"audit": 0, "record_audit": 2}.get(_called(node))
            if place is not None and isinstance(node, ast.Call):
                parts = [_value(each, known) for each in getattr(node.args[place], "values", [node.args[place]])]
                if all(parts):
                    yield "".join(parts)


def _value(node: ast.expr, known: dict[str, object]) -> str:
    """Empty where only a running program knows it."""
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(inner, ast.Constant):
        return str(inner.value)
    return str(known.get(inner.id, "")) if isinstance(inner, ast.Name) else ""


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _events(portal: Portal, action: str) -> list[AuditEvent]:
    with portal.installation.request() as request:
        return [each for each in request.uow.audit.recent() if each.action == action]

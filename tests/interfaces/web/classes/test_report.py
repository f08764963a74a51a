"""The report of use: by student and week, as a page and as a file that no spreadsheet computes anything of."""

import csv
import io
from datetime import datetime, timedelta

from galeria.actions.rosters.lab_users import UserRequest, put_user
from galeria.domain.classes.usage import UsageCause, UsageSession
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import lab_id
from tests.prepared_installations import with_lab

ALGEBRA = lab_id("algebra")
PAGE = "/labs/campus/algebra/report"


def add_user(portal: Portal, email: str, name: str) -> str:
    with portal.installation.request("educator") as request:
        user, _ = put_user(request, ALGEBRA, email.split("@")[0], UserRequest(email=email))
        user.display_name = name
        return user.id


def add_use(portal: Portal, user_id: str, begin: datetime, minutes: int, cause: UsageCause) -> None:
    with portal.installation.context.database() as uow:
        used = UsageSession(
            id=f"{user_id}{begin}{cause}"[-60:],
            lab_id=uow.labs.get_by_key(ALGEBRA.key).id,
            machine_id=f"{user_id}{cause}{begin}",
            user_id=user_id,
            cause=cause,
            began_at=begin,
            ended_at=begin + timedelta(minutes=minutes),
        )
        uow.usage.add(used)
        uow.commit()


def test_the_report_is_by_student_and_week(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    now = portal.installation.context.clock.now()
    ana = add_user(portal, "ana@example.org", "Ana")
    add_user(portal, "bia@example.org", "Bia")
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    add_use(portal, ana, monday, 90, UsageCause.STUDENT)
    add_use(portal, ana, monday - timedelta(days=3), 45, UsageCause.SCHEDULE)
    add_use(portal, "somebody-removed", monday - timedelta(days=3), 15, UsageCause.EDUCATOR)
    browser = portal.browser("educator")
    shown = text_of(browser.get(PAGE))
    assert "Ana ana@example.org 1 hr 30 min – – 1 hr 30 min" in shown
    assert "Bia bia@example.org – – – –" in shown
    assert "People removed from the list" not in shown
    before = text_of(browser.get(PAGE, params={"week": (monday - timedelta(days=7)).date().isoformat()}))
    assert "Ana ana@example.org – 45 min – 45 min" in before
    assert "People removed from the list – – 15 min 15 min" in before
    whole = text_of(browser.get(PAGE, params={"week": "all"}))
    assert "All together 1 hr 30 min 45 min 15 min 2 hr 30 min" in whole
    assert "/report.csv" in browser.get(PAGE).text


def test_the_file_has_a_line_for_each_student_and_week_and_no_formula(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    now = portal.installation.context.clock.now()
    evil = add_user(portal, "ana@example.org", '=HYPERLINK("http://example.org";"Ana")')
    add_use(portal, evil, now - timedelta(days=14), 61, UsageCause.STUDENT)
    browser = portal.browser("educator")
    answer = browser.get(f"{PAGE}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="algebra.csv"' in answer.headers["content-disposition"]
    head, line = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[:3] == ["Week from", "Person", "E-mail"]
    assert line[1:] == ['\'=HYPERLINK("http://example.org";"Ana")', "ana@example.org", "61", "0", "0", "61"]
    portuguese = browser.get(f"{PAGE}.csv", headers={"accept-language": "pt-BR"})
    text = portuguese.content.decode("utf-8-sig")
    assert text.startswith("Semana de;Pessoa;")
    assert text.splitlines()[1].endswith(";61;0;0;61")


def test_the_report_is_for_those_who_see_the_list_of_people(new_portal: NewPortal) -> None:
    portal = new_portal(with_lab)
    browser = portal.browser("nobody")
    assert [browser.get(each).status_code for each in (PAGE, f"{PAGE}.csv")] == [404, 404]

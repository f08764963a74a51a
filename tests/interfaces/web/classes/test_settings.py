"""The tab with students' hours, the lead time and the shutdown of unused machines."""

from datetime import timedelta
from typing import Any

import pytest

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.rosters.lab_users import UserRequest, put_user
from galeria.domain.classes.settings import find_refill, start_lead
from galeria.domain.classes.shutdown import ShutdownRules, shutdown_rules
from galeria.domain.labs.labs import Lab
from galeria.domain.labs.schedules import WeekDay
from tests.interfaces.web.served import NewPortal, Portal, text_of
from tests.local_installation import lab_id, secrets
from tests.prepared_installations import with_lab

ALGEBRA = lab_id("algebra")
PAGE = "/labs/campus/algebra/settings"
WANTED: dict[str, Any] = {
    "hours": "12",
    "refill": "Monday",
    "zone": "America/Sao_Paulo",
    "lead": "20",
    "left": "PT30M",
    "never": "PT1H",
    "idle": "PT4H",
    "idle_kind": "LowUsage",
}


@pytest.fixture
def portal(new_portal: NewPortal) -> Portal:
    return new_portal(with_lab)


def lab(portal: Portal) -> Lab:
    with portal.installation.context.database(reading=True) as uow:
        return uow.labs.get_by_key(ALGEBRA.key)


def test_what_is_saved_is_what_the_lab_does_and_the_page_shows(portal: Portal) -> None:
    educator = portal.browser("educator")
    portal.post(educator, PAGE, page=PAGE, **WANTED)
    found = lab(portal)
    assert (found.usage_quota, start_lead(found.profiles)) == (12 * 3600, timedelta(minutes=20))
    refill = find_refill(found.profiles)
    assert refill
    assert (refill.week_day, refill.zone) == (WeekDay.MONDAY, "America/Sao_Paulo")
    assert shutdown_rules(found.profiles) == ShutdownRules(
        after_leaving=timedelta(minutes=30),
        when_not_connected=timedelta(hours=1),
        when_idle=timedelta(hours=4),
        is_busy_in_use=True,
    )
    shown = educator.get(PAGE).text
    for part in (
        'value="12"',
        'value="20"',
        'value="Monday" selected',
        'value="PT4H" selected',
        'value="LowUsage" selected',
    ):
        assert part in shown, part


def test_everything_is_switched_off_again(portal: Portal) -> None:
    educator = portal.browser("educator")
    portal.post(educator, PAGE, page=PAGE, **WANTED)
    off = dict.fromkeys(("refill", "left", "never", "idle"), "")
    portal.post(educator, PAGE, page=PAGE, **{**WANTED, **off, "hours": "0", "lead": "0"})
    found = lab(portal)
    assert (found.usage_quota, find_refill(found.profiles), bool(shutdown_rules(found.profiles))) == (0, None, False)
    assert start_lead(found.profiles) == timedelta(0)


def test_a_quota_that_is_no_whole_hour_and_an_unusual_delay_stay(portal: Portal) -> None:
    with portal.installation.request("educator") as request:
        profiles = {"autoShutdownProfile": {"shutdownOnDisconnect": "Enabled", "disconnectDelay": "PT7M"}}
        update_lab(request, ALGEBRA, LabSettings(usage_quota="PT1H30M", profiles=profiles), secrets())
    shown = portal.browser("educator").get(PAGE).text
    assert 'value="PT1H30M"' in shown
    assert 'value="PT7M" selected' in shown


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"hours": "10000"}, "hours"), ({"lead": "soon"}, "lead"), ({"lead": "241"}, "lead"), ({"zone": "Mars"}, "zone")],
)
def test_what_is_wrong_is_said_beside_its_field(portal: Portal, wrong: dict[str, Any], field: str) -> None:
    educator = portal.browser("educator")
    answer = portal.post(educator, PAGE, status=400, page=PAGE, **{**WANTED, **wrong})
    assert f'id="{field}-error">' in answer.text
    assert f'id="{field}" name="{field}"' in answer.text
    assert f'id="{field}-error"></p>' not in answer.text
    assert lab(portal).usage_quota == 0


def test_the_second_of_two_tabs_is_told_that_the_first_one_saved(portal: Portal) -> None:
    educator = portal.browser("educator")
    mark = educator.get(PAGE).text.split('name="saved" value="')[1].split('"')[0]
    portal.post(educator, PAGE, page=PAGE, **WANTED)
    told = portal.post(educator, PAGE, status=400, page=PAGE, saved=mark, **{**WANTED, "hours": "3"})
    assert "Somebody saved other values" in text_of(told)


def test_who_may_only_read_sees_the_settings_and_who_may_change_them(portal: Portal) -> None:
    with portal.installation.context.database() as uow:
        person = portal.installation.people["nobody"]
        (given, *_) = uow.people.assignments(portal.installation.people["admin"].id)
        given.principal_id, given.role = person.id, "Reader"
        uow.commit()
    reader = portal.browser("nobody")
    assert "disabled" in reader.get(PAGE).text
    portal.post(reader, PAGE, status=403, page=PAGE, **WANTED)


def test_one_person_gets_extra_hours(portal: Portal) -> None:
    educator = portal.browser("educator")
    with portal.installation.request("educator") as request:
        put_user(request, ALGEBRA, "ana", UserRequest(email="ana@example.org"))
    portal.post(educator, PAGE, page=PAGE, **WANTED)
    place = "/labs/campus/algebra/people/ana/hours"
    assert place in educator.get("/labs/campus/algebra/people").text
    assert "12 hr" in text_of(educator.get(place))
    portal.post(educator, place, page=place, extra="3")
    assert "Hours left 15 hr" in text_of(educator.get(place))
    wrong = portal.post(educator, place, status=400, page=place, extra="many")
    assert "is no duration" in text_of(wrong)
    assert portal.browser("nobody").get(place).status_code == 404

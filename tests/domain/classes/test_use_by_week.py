"""What was used in each week: times that go over a week's end, and weeks whose clock is changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from galeria.domain.classes.usage import UsageCause, UsageSession
from galeria.domain.classes.use_by_week import use_by_week, week_of

SAO_PAULO, LISBON = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Europe/Lisbon")
MOMENTS = st.integers(0, 9 * 365 * 86_400).map(lambda seconds: at("2018-01-01T00:00") + timedelta(seconds=seconds))


def used(begin: datetime, end: datetime, user: str = "ana", cause: UsageCause = UsageCause.STUDENT) -> UsageSession:
    return UsageSession(
        id=f"{begin}{user}", lab_id="lab", machine_id="vm", user_id=user, cause=cause, began_at=begin, ended_at=end
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_time_over_sunday_night_is_divided_where_the_week_ends_there() -> None:
    # Midnight in São Paulo is 3:00 UTC.
    weeks = use_by_week([used(at("2026-11-30T02:00"), at("2026-11-30T05:30"))], SAO_PAULO)
    assert {week: uses["ana"].own for week, uses in weeks.items()} == {
        date(2026, 11, 23): 3600,
        date(2026, 11, 30): 9000,
    }
    assert list(use_by_week([used(at("2026-11-30T02:00"), at("2026-11-30T05:30"))], LISBON)) == [date(2026, 11, 30)]


def test_causes_and_people_are_kept_apart() -> None:
    day = at("2026-11-25T10:00")
    weeks = use_by_week(
        [
            used(day, at("2026-11-25T11:00")),
            used(day, at("2026-11-25T10:30"), cause=UsageCause.SCHEDULE),
            used(day, at("2026-11-25T10:10"), user="bia", cause=UsageCause.EDUCATOR),
        ],
        LISBON,
    )
    (uses,) = weeks.values()
    assert (uses["ana"].own, uses["ana"].in_class, uses["ana"].total) == (3600, 1800, 5400)
    assert (uses["bia"].by_educator, uses["bia"].total) == (600, 600)


@given(MOMENTS, MOMENTS, st.sampled_from([SAO_PAULO, LISBON, ZoneInfo("Pacific/Apia")]))
def test_nothing_is_lost_or_counted_twice(one: datetime, other: datetime, zone: ZoneInfo) -> None:
    begin, end = min(one, other), max(one, other)
    weeks = use_by_week([used(begin, end)], zone)
    assert sum(uses["ana"].own for uses in weeks.values()) == (end - begin).total_seconds()
    assert all(week.weekday() == 0 for week in weeks)
    if begin < end:
        assert next(iter(weeks)) == week_of(begin, zone)

"""Values as people read them, in both languages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from galeria.interfaces.web.kit.formats import Formats

KB, MB, GB, TB = 1024, 1024**2, 1024**3, 1024**4
THEN = datetime(2026, 11, 27, 17, 5, 9, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ENGLISH = Formats(Locale("en"), SAO_PAULO, "USD")
PORTUGUESE = Formats(Locale("pt", "BR"), SAO_PAULO, "BRL")


def plain(text: str) -> str:
    """With usual spaces: the languages' own rules put narrow and unbreakable ones."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "english", "portuguese"),
    [(0, "0", "0"), (1234567, "1,234,567", "1.234.567"), (1.5, "1.5", "1,5"), (Decimal("0.05"), "0.05", "0,05")],
)
def test_numbers(value: float | Decimal, english: str, portuguese: str) -> None:
    assert (ENGLISH.number(value), PORTUGUESE.number(value)) == (english, portuguese)


@pytest.mark.parametrize(
    ("value", "english", "portuguese"),
    [
        (0, "0 bytes", "0 byte"),
        (1, "1 byte", "1 byte"),
        (1023, "1,023 bytes", "1.023 bytes"),
        (KB, "1 KB", "1 KB"),
        (1.5 * MB, "1.5 MB", "1,5 MB"),
        (99.94 * MB, "99.9 MB", "99,9 MB"),
        (300 * MB + 1, "300 MB", "300 MB"),
        (GB - 1, "1 GB", "1 GB"),
        (1.5 * GB, "1.5 GB", "1,5 GB"),
        (128 * GB, "128 GB", "128 GB"),
        (2000 * TB, "2,000 TB", "2.000 TB"),
    ],
)
def test_sizes(value: float, english: str, portuguese: str) -> None:
    assert (ENGLISH.size(value), PORTUGUESE.size(value)) == (english, portuguese)


def test_rates() -> None:
    assert (ENGLISH.rate(12.34 * MB), PORTUGUESE.rate(12.34 * MB)) == ("12.3 MB/s", "12,3 MB/s")


@pytest.mark.parametrize(
    ("seconds", "english", "portuguese"),
    [
        (0, "0 sec", "0 s"),
        (0.6, "1 sec", "1 s"),
        (59.4, "59 sec", "59 s"),
        (60, "1 min", "1 min"),
        (125, "2 min 5 sec", "2 min 5 s"),
        (3600, "1 hr", "1 h"),
        (3605, "1 hr", "1 h"),
        (timedelta(hours=2, minutes=5, seconds=40), "2 hr 5 min", "2 h 5 min"),
        (timedelta(days=1, hours=3), "1 day 3 hr", "1 dia 3 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float | timedelta, english: str, portuguese: str) -> None:
    assert (plain(ENGLISH.duration(seconds)), plain(PORTUGUESE.duration(seconds))) == (english, portuguese)


@pytest.mark.parametrize(
    ("seconds", "english", "portuguese"),
    [
        (-3, "a few seconds left", "faltam poucos segundos"),
        (9, "a few seconds left", "faltam poucos segundos"),
        (31, "about 40 seconds left", "faltam cerca de 40 segundos"),
        (55, "about 1 minute left", "falta cerca de 1 minuto"),
        (61, "about 2 minutes left", "faltam cerca de 2 minutos"),
        (90 * 60, "about 90 minutes left", "faltam cerca de 90 minutos"),
        (90 * 60 + 1, "about 2 hours left", "faltam cerca de 2 horas"),
        (40 * 3600, "about 2 days left", "faltam cerca de 2 dias"),
    ],
)
def test_time_left_is_a_phrase_no_more_exact_than_the_guess(seconds: float, english: str, portuguese: str) -> None:
    assert (plain(ENGLISH.left(seconds)), plain(PORTUGUESE.left(seconds))) == (english, portuguese)


def test_time_left_that_is_not_known_is_not_reported() -> None:
    assert ENGLISH.left(None) == ""


def test_times_are_shown_by_the_persons_own_clock() -> None:
    assert plain(ENGLISH.moment(THEN)) == "Nov 27, 2026, 2:05 PM"
    assert plain(PORTUGUESE.moment(THEN)) == "27 de nov. de 2026, 14:05"
    assert plain(Formats(Locale("pt", "BR")).moment(THEN)) == "27 de nov. de 2026, 17:05"


def test_a_moment_falls_on_the_day_of_the_persons_place() -> None:
    late = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)

    assert PORTUGUESE.day(late) == "27 de nov. de 2026"
    assert ENGLISH.day(late) == "Nov 27, 2026"
    assert ENGLISH.day(date(2026, 11, 28)) == "Nov 28, 2026"


@pytest.mark.parametrize(
    ("distance", "english", "portuguese"),
    [
        (timedelta(seconds=-2), "just now", "agora mesmo"),
        (timedelta(seconds=-30), "30 seconds ago", "há 30 segundos"),
        (timedelta(minutes=-5), "5 minutes ago", "há 5 minutos"),
        (timedelta(hours=2), "in 2 hours", "em 2 horas"),
        (timedelta(days=-1), "1 day ago", "há 1 dia"),
        (timedelta(days=-40), "Oct 18, 2026", "18 de out. de 2026"),
    ],
)
def test_distances_from_now(distance: timedelta, english: str, portuguese: str) -> None:
    assert ENGLISH.ago(THEN + distance, THEN) == english
    assert PORTUGUESE.ago(THEN + distance, THEN) == portuguese


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        ENGLISH.moment(datetime(2026, 11, 27))  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize(
    ("value", "english", "portuguese"),
    [
        (Decimal(0), "$0.00", "R$ 0,00"),
        (Decimal("1234.5"), "$1,234.50", "R$ 1.234,50"),
        (Decimal("0.0034"), "less than $0.01", "menos de R$ 0,01"),
        (Decimal("0.01"), "$0.01", "R$ 0,01"),
    ],
)
def test_money_is_in_the_installations_currency(value: Decimal, english: str, portuguese: str) -> None:
    assert (plain(ENGLISH.money(value)), plain(PORTUGUESE.money(value))) == (english, portuguese)


def test_a_currency_without_coins_has_none() -> None:
    assert plain(Formats(Locale("en"), currency="JPY").money(Decimal("1234"))) == "¥1,234"
    assert plain(Formats(Locale("en"), currency="JPY").money(Decimal("0.5"))) == "less than ¥1"


def test_what_is_not_complete_is_never_a_hundred_percent() -> None:
    assert [ENGLISH.percent(each) for each in (0, 45.6, 99.9, 100)] == ["0%", "45%", "99%", "100%"]
    assert PORTUGUESE.percent(45.6) == "45%"


@pytest.mark.parametrize(
    ("zone", "moment", "read"),
    [("Asia/Tokyo", LAST, "Dec 31, 9999"), ("America/Sao_Paulo", FIRST, "Jan 1, 1")],
)
def test_a_moment_that_no_calendar_of_the_zone_has_is_read_as_it_was_written(
    zone: str, moment: datetime, read: str
) -> None:
    formats = Formats(Locale("en"), ZoneInfo(zone), "USD")
    assert formats.day(moment) == read
    assert plain(formats.moment(moment)).startswith(read)

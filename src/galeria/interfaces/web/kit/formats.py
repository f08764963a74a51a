"""Format numbers, sizes, times and money for people. The current time is always an argument."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from math import ceil, floor

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from babel.units import format_unit

# A GB is 1024³ bytes, as for disks in Azure and in the settings of a lab account.
_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_STEP = 1024
_PARTS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_LONG_AGO = timedelta(days=30)  # from here on a date says more than "7 weeks ago"
_FEW = 10  # seconds
_KEPT = 4096  # texts of each kind that are cached

_PHRASES = {
    "en": {
        "now": "just now",
        "few": "a few seconds left",
        "one": "about {} left",
        "other": "about {} left",
        "less": "less than {}",
        "when": "{}, {}",
    },
    "pt": {
        "now": "agora mesmo",
        "few": "faltam poucos segundos",
        "one": "falta cerca de {}",
        "other": "faltam cerca de {}",
        "less": "menos de {}",
        "when": "{}, {}",
    },
}


@dataclass(frozen=True)
class Formats:
    """The formats of one person: a language (`locale`), a time zone (`zone`), a currency (ISO 4217)."""

    locale: Locale
    zone: tzinfo = UTC
    currency: str = "USD"

    def number(self, value: float | Decimal) -> str:
        return _number(value, self.locale)

    def size(self, value: float) -> str:
        """Format bytes with three digits at most, such as 512 bytes, 1.5 GB, 128 GB."""
        amount, unit = float(value), 0
        # A value that would be rounded up to 1024 is shown as one of the next unit.
        while round(abs(amount)) >= _STEP and unit < len(_UNITS) - 1:
            amount, unit = amount / _STEP, unit + 1
        rounded = round(amount, 1 if abs(amount) < 100 and unit else 0)
        if not unit:
            return _bytes(int(rounded), self.locale)
        return f"{self.number(rounded)} {_UNITS[unit]}"

    def rate(self, value: float) -> str:
        """Format bytes per second."""
        return f"{self.size(value)}/s"

    def duration(self, seconds: float | timedelta) -> str:
        """Format a duration in its two largest units, such as 2 h 5 min."""
        rest = round(_seconds(seconds))
        shown: list[str] = []
        for unit, length in _PARTS:
            count, rest = divmod(rest, length)
            if count or (unit == "second" and not shown):
                shown.append(format_unit(count, f"duration-{unit}", "short", locale=self.locale))
            elif shown:
                break
        return " ".join(shown[:2])

    def left(self, seconds: float | timedelta | None) -> str:
        """Format remaining time as a phrase that is only as exact as an estimate; "" where unknown."""
        if seconds is None:
            return ""
        rest = max(0.0, _seconds(seconds))
        if rest < _FEW:
            return self._phrase("few")
        count, unit = _guessed(rest)
        words = format_unit(count, f"duration-{unit}", "long", locale=self.locale)
        return self._phrase("one" if count == 1 else "other").format(words)

    def moment(self, value: datetime) -> str:
        """Format a day and time, such as Nov 27, 2026, 2:05 PM, or 27 de nov. de 2026, 14:05."""
        there = self._there(value)
        minute = _time(time(there.hour, there.minute), self.locale)
        return self._phrase("when").format(_day(there.date(), self.locale), minute)

    def time(self, value: datetime) -> str:
        """Format the time of day of a moment, such as 2:05 PM, or 14:05."""
        there = self._there(value)
        return _time(time(there.hour, there.minute), self.locale)

    def day(self, value: date) -> str:
        """Format a date, or the day of a moment in the person's time zone."""
        there = self._there(value) if isinstance(value, datetime) else value
        return _day(there, self.locale)

    def ago(self, value: datetime, now: datetime) -> str:
        """Format a time relative to now, such as 5 minutes ago, or in 2 hours; a date where it is more than a month away."""
        distance = _aware(value) - _aware(now)
        if abs(distance) >= _LONG_AGO:
            return self.day(value)
        if abs(distance) < timedelta(seconds=_FEW):
            return self._phrase("now")
        return format_timedelta(distance, add_direction=True, threshold=1, locale=self.locale)

    def money(self, value: float | Decimal) -> str:
        """Format an amount. Less than the smallest coin is shown as less than that, such as less than $0.01."""
        coin = Decimal(1).scaleb(-get_currency_precision(self.currency))
        if 0 < value < coin:
            return self._phrase("less").format(_amount(coin, self.currency, self.locale))
        return _amount(value, self.currency, self.locale)

    def price(self, value: Decimal) -> str:
        """Format the price of one unit with all digits, such as $0.0184."""
        return format_currency(value, self.currency, locale=self.locale, decimal_quantization=False)

    def percent(self, value: float) -> str:
        """Format 0 to 100, rounded down, so that incomplete work is never 100 %."""
        return format_percent(floor(value) / 100, locale=self.locale)

    def _there(self, value: datetime) -> datetime:
        """Return the moment in the person's time zone; as it is, where the calendar has no such moment in that zone."""
        try:
            return _aware(value).astimezone(self.zone)
        except OverflowError:  # somebody chose an end of life in the last hours of the year 9999
            return _aware(value)

    def _phrase(self, name: str) -> str:
        return _PHRASES.get(self.locale.language, _PHRASES["en"])[name]


# The rows of a page repeat few days, minutes and numbers, and formatting each of them is slow.
@lru_cache(maxsize=_KEPT)
def _day(value: date, locale: Locale) -> str:
    return format_date(value, "medium", locale=locale)


@lru_cache(maxsize=_KEPT)
def _time(value: time, locale: Locale) -> str:
    return format_time(value, "short", locale=locale)


@lru_cache(maxsize=_KEPT, typed=True)
def _number(value: float | Decimal, locale: Locale) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(maxsize=_KEPT)
def _bytes(value: int, locale: Locale) -> str:
    return format_unit(value, "digital-byte", "long", locale=locale)


@lru_cache(maxsize=_KEPT, typed=True)
def _amount(value: float | Decimal, currency: str, locale: Locale) -> str:
    return format_currency(value, currency, locale=locale)


def _seconds(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _guessed(seconds: float) -> tuple[int, str]:
    """Return a count and its unit, such as 40 seconds, 5 minutes, 3 hours, 2 days.

    It is rounded up, so that nobody waits longer than shown.
    """
    if seconds <= 50:
        return ceil(seconds / 10) * 10, "second"
    if seconds <= 90 * 60:
        return ceil(seconds / 60), "minute"
    if seconds <= 36 * 3600:
        return ceil(seconds / 3600), "hour"
    return ceil(seconds / 86_400), "day"


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no zone")
    return value

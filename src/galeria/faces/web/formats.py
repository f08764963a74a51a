"""Numbers, sizes, times and money as people read them."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent

_UNITS = ("B", "KB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Formats:
    locale: Locale
    zone: tzinfo = UTC
    currency: str = "USD"

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)

    def size(self, value: int) -> str:
        """Bytes."""
        amount, unit = float(value), 0
        while amount >= 1024 and unit < len(_UNITS) - 1:
            amount, unit = amount / 1024, unit + 1
        return f"{format_decimal(round(amount, 1 if amount < 100 else 0), locale=self.locale)} {_UNITS[unit]}"

    def rate(self, value: int) -> str:
        return f"{self.size(value)}/s"

    def duration(self, seconds: float) -> str:
        return format_timedelta(seconds, locale=self.locale)

    def left(self, seconds: float) -> str:
        return format_timedelta(seconds, locale=self.locale)

    def moment(self, value: datetime) -> str:
        return format_datetime(value, "short", tzinfo=self.zone, locale=self.locale)

    def day(self, value: datetime) -> str:
        return format_date(value.astimezone(self.zone), "medium", locale=self.locale)

    def ago(self, value: datetime, now: datetime) -> str:
        return format_timedelta(value - now, add_direction=True, locale=self.locale)

    def money(self, value: Decimal) -> str:
        return format_currency(value, self.currency, locale=self.locale)

    def percent(self, value: float) -> str:
        """0 to 100."""
        return format_percent(value / 100, locale=self.locale)

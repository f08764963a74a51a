"""The part `[prices]` of the settings file: what storage and traffic cost."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from galeria.domain.ids import location_name
from galeria.domain.prices import Prices


def read_prices(table: Mapping[str, Any]) -> Prices:
    """Read the part. Raises ValueError with the fault in it, and InvalidOperation for what is no number."""
    defaults = Prices()
    unknown = table.keys() - {"currency", "gb_month", "gb_sent", "by_region"}
    if unknown:
        raise ValueError(f"unknown price '{sorted(unknown)[0]}'")
    return Prices(
        currency=str(table.get("currency", defaults.currency)),
        gb_month=_price(table.get("gb_month", defaults.gb_month)),
        gb_sent=_price(table.get("gb_sent", defaults.gb_sent)),
        by_region={location_name(name): _price(price) for name, price in table.get("by_region", {}).items()},
        are_examples=False,
    )


def _price(value: object) -> Decimal:
    price = Decimal(str(value))
    if not price.is_finite() or price < 0:
        raise ValueError(f"'{value}' is no price")
    return price

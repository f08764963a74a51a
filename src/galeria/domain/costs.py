"""What bytes in a region cost: the one model behind estimates before an action and sums of what is stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from galeria.domain.prices import Prices


@dataclass(frozen=True, kw_only=True)
class RegionCost:
    """Bytes in one region with their price. Bytes are compressed ones."""

    prices: Prices = field(repr=False)
    region: str
    stored_bytes: int
    send_bytes: int = 0  # from another region, once; 0 in the home region and for what is there already

    @property
    def price_month(self) -> Decimal:
        """Price per month of the stored bytes."""
        return self.prices.month(self.region, self.stored_bytes)

    @property
    def price_once(self) -> Decimal:
        """Price of sending, once."""
        return self.prices.transfer(self.send_bytes)


def monthly_price(costs: Iterable[RegionCost]) -> Decimal:
    """Price per month of several regions: each one's is rounded before they are added, so that lines add up to the sum."""
    return sum((each.price_month for each in costs), Decimal(0))


def sending_price(costs: Iterable[RegionCost]) -> Decimal:
    """Price of sending to several regions, once; rounded as `monthly_price` is."""
    return sum((each.price_once for each in costs), Decimal(0))

"""The price of stored and sent image bytes.

The administrator edits the table; until then its values are marked as examples.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from galeria.domain.units import GB


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """The price table: an amount per stored GB (1024³ bytes) and month, and one per GB sent to another region."""

    currency: str = "USD"
    gb_month: Decimal = Decimal("0.05")  # per stored GB and month, where the region has no price of its own
    gb_sent: Decimal = Decimal("0.02")  # per GB sent to another region, once
    by_region: dict[str, Decimal] = field(default_factory=dict)
    are_examples: bool = True

    def month(self, region: str, stored_bytes: int) -> Decimal:
        """Returns the price per month of so many stored bytes in the region, to six decimal places."""
        return _rounded(self.by_region.get(region, self.gb_month) * stored_bytes / GB)

    def transfer(self, sent_bytes: int) -> Decimal:
        """Returns the price, paid once, of sending so many bytes to another region, to six decimal places."""
        return _rounded(self.gb_sent * sent_bytes / GB)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.000001"), ROUND_HALF_UP)

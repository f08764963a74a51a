"""Estimates and sums price bytes by one model, and nothing else reads the table of prices."""

from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import galeria
from galeria.domain.costs import RegionCost, monthly_price, sending_price
from galeria.domain.prices import Prices
from galeria.domain.units import GB

PRICES = Prices(gb_month=Decimal("0.05"), gb_sent=Decimal("0.02"), by_region={"westeurope": Decimal("0.07")})
some_bytes = st.integers(0, 10**15)
costs = st.lists(
    st.builds(
        RegionCost,
        prices=st.just(PRICES),
        region=st.sampled_from(("brazilsouth", "westeurope")),
        stored_bytes=some_bytes,
        send_bytes=some_bytes,
    )
)


def test_a_region_has_its_own_price_or_that_of_all() -> None:
    here = RegionCost(prices=PRICES, region="brazilsouth", stored_bytes=10 * GB)
    there = RegionCost(prices=PRICES, region="westeurope", stored_bytes=10 * GB, send_bytes=5 * GB)
    assert (here.price_month, here.price_once) == (Decimal("0.5"), Decimal(0))
    assert (there.price_month, there.price_once) == (Decimal("0.7"), Decimal("0.1"))
    assert (monthly_price([here, there]), sending_price([here, there])) == (Decimal("1.2"), Decimal("0.1"))
    assert (monthly_price([]), sending_price([])) == (Decimal(0), Decimal(0))


@given(costs)
def test_lines_add_up_to_the_sum(given: list[RegionCost]) -> None:
    """Each is rounded first: whoever adds what stands on a page comes to the total below it."""
    assert monthly_price(given) == sum(PRICES.month(each.region, each.stored_bytes) for each in given)
    assert sending_price(given) == sum(PRICES.transfer(each.send_bytes) for each in given)


def test_no_other_code_prices_bytes() -> None:
    inside = Path(galeria.__path__[0])
    pricing = [
        file.relative_to(inside).as_posix()
        for file in inside.rglob("*.py")
        if any(word in file.read_text(encoding="utf-8") for word in ("prices.month(", "prices.transfer("))
    ]
    assert pricing == ["domain/costs.py"]

"""What the settings know: regions, sizes, prices."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galeria.domain.errors import Invalid
from galeria.domain.labs.sizes import SIZES, get_size
from galeria.domain.prices import Prices
from galeria.domain.settings import DEFAULT_REGIONS, Settings
from galeria.domain.units import GB


def test_a_region_is_found_by_short_or_display_name() -> None:
    assert DEFAULT_REGIONS.get("West Europe") == DEFAULT_REGIONS.get("WESTEUROPE")
    with pytest.raises(Invalid) as refused:
        DEFAULT_REGIONS.get("moon")
    assert refused.value.code == "LocationNotAvailableForResourceType"
    assert "brazilsouth, brazilsoutheast, westeurope, northeurope" in refused.value.hint


def test_a_geography_begins_with_the_region_that_was_asked_for() -> None:
    """Decision 4 spreads an export over these."""
    names = [region.name for region in DEFAULT_REGIONS.of_geography("Brazil Southeast")]
    assert names == ["brazilsoutheast", "brazilsouth"]


def test_the_sizes_are_azures_and_a_tiny_one() -> None:
    """Decision 9."""
    facts = {size.name: (size.vcpus, size.memory_mib) for size in Settings().sizes}
    assert facts == {"Tiny": (1, 512), "Small": (2, 4096), "Medium": (4, 8192), "Large": (8, 16384)}


def test_a_size_is_found_in_any_case() -> None:
    assert get_size(SIZES, "tINY").name == "Tiny"
    with pytest.raises(Invalid) as refused:
        get_size(SIZES, "Huge")
    assert refused.value.hint == "Sizes: Tiny, Small, Medium, Large."


def test_prices_are_examples_until_the_administrator_edits_them() -> None:
    """Decision 10."""
    assert Prices().are_examples


def test_a_region_may_have_its_own_price() -> None:
    prices = Prices(gb_month=Decimal("0.05"), by_region={"westeurope": Decimal("0.07")})
    assert prices.month("brazilsouth", 10 * GB) == Decimal("0.50")
    assert prices.month("westeurope", 10 * GB) == Decimal("0.70")


def test_prices_are_rounded_half_up_at_the_sixth_digit() -> None:
    prices = Prices(gb_month=Decimal("0.000001"), gb_sent=Decimal("0.02"))
    assert prices.month("x", GB // 2) == Decimal("0.000001")
    assert prices.month("x", GB // 2 - 1) == Decimal("0.000000")
    assert prices.transfer(0) == 0
    assert prices.transfer(GB) == Decimal("0.02")


@given(st.lists(st.integers(0, 2**45), min_size=1, max_size=20))
def test_the_parts_of_a_bill_add_up_to_its_sum_but_for_rounding(sizes: list[int]) -> None:
    prices = Prices()
    parts = sum(prices.month("x", size) for size in sizes)
    assert abs(parts - prices.month("x", sum(sizes))) <= Decimal("0.0000005") * (len(sizes) + 1)

"""What the settings know: regions, sizes, prices."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galeria.domain.errors import Invalid
from galeria.domain.labs.sizes import SIZES, Size, azure_name, get_size
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


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("Classic_Fsv2_2_4GB_128_S_SSD", "Small"),
        ("Classic_Fsv2_4_8GB_128_S_SSD", "Medium"),
        ("classic_fsv2_8_16gb_128_s_ssd", "Large"),
        ("Fsv2_2_4GB_64_P_SSD", "Small"),
    ],
)
def test_a_name_of_lab_services_is_the_size_of_its_cores_and_memory(name: str, here: str) -> None:
    assert get_size(SIZES, name).name == here


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Classic_NCsv3_6_112GB_128_P_SSD", "Large"),
        ("Classic_NVv4_2_4GB_128_S_SSD", "Small"),
        ("Classic_Dsv4_4_16GB_128_P_SSD", "Medium"),
        ("Classic_Fsv2_1_2GB_128_S_SSD", "Tiny"),
        ("Classic_Fsv2_4_8TB_128_S_SSD", "Tiny, Small, Medium, Large"),
        ("Classic_Fsv2_2_4GB_128_S_SSD ", "Tiny, Small, Medium, Large"),
    ],
)
def test_a_name_of_lab_services_that_no_size_equals_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(Invalid) as refused:
        get_size(SIZES, name)
    assert nearest in str(refused.value.hint)
    assert name in str(refused.value.message)


def test_every_whole_size_has_the_name_of_lab_services_that_stands_for_it() -> None:
    odd = Size(name="Odd", vcpus=3, memory_mib=5 * 1024)
    names = {azure_name(size): size for size in (*SIZES, odd) if azure_name(size)}
    assert len(names) == 4
    assert {get_size((*SIZES, odd), name) for name in names} == set(names.values())


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

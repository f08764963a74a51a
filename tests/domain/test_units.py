"""Sizes as sentences write them."""

import pytest

from galeria.domain.units import readable, told_apart


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (64 << 20, "64 MiB"),
        (67_055_616, "63.9 MiB"),
        (1023 << 20, "1 GiB"),
        (3 << 29, "1.5 GiB"),
        (65_970_697_666_560, "60 TiB"),
        (1 << 70, "1024 EiB"),
    ],
)
def test_a_size_is_written_in_the_unit_that_people_read(size: int, text: str) -> None:
    assert readable(size) == text


def test_two_sizes_that_look_alike_are_told_to_the_byte() -> None:
    assert told_apart(1 << 30, (1 << 30) - 512) == ("1,073,741,824 bytes", "1,073,741,312 bytes")
    assert told_apart(1 << 30, 2 << 30) == ("1 GiB", "2 GiB")
    assert told_apart(1 << 30, 1 << 30) == ("1 GiB", "1 GiB")

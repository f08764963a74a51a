"""What clients ask lists to leave out."""

from typing import Any

import pytest

from galeria.domain.errors import Invalid
from galeria.interfaces.arm.protocol.filters import read_filter

SHOWN: dict[str, Any] = {
    "name": "linux",
    "properties": {"displayName": "Ubuntu 24.04 d'aula", "enabledState": "Enabled", "capacity": 20, "open": True},
}


@pytest.mark.parametrize(
    ("text", "fulfilled"),
    [
        ("properties/enabledState eq 'Enabled'", True),
        ("properties/enabledState ne 'enabled'", False),
        ("indexof(tolower(properties/displayName),'ubuntu') gt -1 and properties/enabledState eq 'Enabled'", True),
        ("indexof(tolower(properties/displayName),'fedora') gt -1", False),
        ("contains(properties/displayName, 'D''AULA')", True),
        ("startswith(name,'li') or name eq 'windows'", True),
        ("not (name eq 'linux')", False),
        ("name eq 'windows' and name eq 'x' or name eq 'linux'", True),
        ("name eq 'linux' and (name eq 'x' or properties/capacity ge 20)", True),
        ("properties/capacity lt 20.5", True),
        ("properties/open eq true", True),
        ("properties/absent eq null", True),
        ("properties/absent gt 5", False),
        ("substringof('nux', name)", True),
        ("Name Eq 'LINUX'", True),
    ],
)
def test_a_filter_is_understood(text: str, fulfilled: bool) -> None:
    assert read_filter(text)(SHOWN) is fulfilled


@pytest.mark.parametrize(
    "text",
    [
        "name eq",
        "eq 'x'",
        "name eq 'x' or",
        "name eq 'x",
        "(name eq 'x'",
        "name eq 'x')",
        "contains(name)",
        "name = 'x'",
        "name eq 'x' name eq 'y'",
        "'\x00",
        ",",
        "(" * 1000,
        "name eq '" + "x" * 3000 + "'",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_filter(text)
    assert refused.value.target == "$filter"

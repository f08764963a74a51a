"""Names and passwords of Windows accounts; those of Linux stay as they are."""

import pytest

from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import OsType
from galeria.domain.labs.windows import account_name, account_password, windows_host_name


@pytest.mark.parametrize("name", ["prof", "Ana.Souza", "a" * 20, "aluno_1", "x-y", "_x"])
def test_names_that_windows_takes(name: str) -> None:
    assert account_name(OsType.WINDOWS, name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a" * 21, "ana.", "a b", "josé", "a/b", "a@b", "a\\b", 'a"b', "Administrator", "GUEST", "con", "LPT1", "123"],
)
def test_names_that_windows_refuses(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        account_name(OsType.WINDOWS, name)
    assert caught.value.hint


def test_linux_keeps_its_own_rules() -> None:
    assert account_name(OsType.LINUX, "prof") == "prof"
    with pytest.raises(Invalid):
        account_name(OsType.LINUX, "Ana.Souza")
    assert account_password(OsType.LINUX, "prof-Secret-1", user="prof") == "prof-Secret-1"


def test_a_password_with_the_name_in_it_is_refused_by_windows() -> None:
    assert account_password(OsType.WINDOWS, "Old-Secret-1", user="prof") == "Old-Secret-1"
    assert account_password(OsType.WINDOWS, "Al-Secret-1", user="al") == "Al-Secret-1"  # too short to be looked for
    with pytest.raises(Invalid, match="contains the user name"):
        account_password(OsType.WINDOWS, "my-PROF-Secret-1", user="prof")
    with pytest.raises(Invalid, match="weak"):
        account_password(OsType.WINDOWS, "short", user="prof")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("algebra", "algebra"),
        ("Linear.Algebra_for-everybody", "Linear-Algebra"),
        ("2026", "lab-2026"),
        ("123456789012345678", "lab-12345678901"),
        ("", "lab"),
    ],
)
def test_computer_names(name: str, made: str) -> None:
    assert windows_host_name(name) == made

"""Every long list of the pages reads the number of its page in one way."""

from pathlib import Path
from typing import cast

import pytest

import galeria.interfaces.web
from galeria.interfaces.web.kit.page_numbers import page_number
from galeria.interfaces.web.kit.page_request import PageRequest

WEB = Path(galeria.interfaces.web.__path__[0])


class Address:
    """As much of a page's request as a number is read from."""

    def __init__(self, number: str) -> None:
        self._number = number

    def query(self, name: str) -> str:
        return {"page": self._number}.get(name, "")


@pytest.mark.parametrize(
    ("written", "read"),
    [("", 1), ("1", 1), ("7", 7), ("0", 1), ("-1", 1), ("x", 1), ("2.5", 1), ("²", 1), ("9999999", 9999999)],
)
def test_what_is_no_number_of_a_page_is_the_first(written: str, read: int) -> None:
    assert page_number(cast(PageRequest, Address(written))) == read


def test_a_number_that_no_list_reaches_is_the_first() -> None:
    assert page_number(cast(PageRequest, Address("1" * 8))) == page_number(cast(PageRequest, Address("9" * 5000))) == 1


def test_no_page_reads_its_number_in_another_way() -> None:
    reading = [file for file in WEB.rglob("*.py") if 'query("page")' in file.read_text(encoding="utf-8")]
    assert [file.name for file in reading] == ["page_numbers.py"]

"""Splits long lists into pages. Pages count from 1, and an empty list has one page."""

from dataclasses import dataclass
from typing import Generic, TypeVar

ROWS = 50  # of a page

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ListPage(Generic[T]):
    """One page of a list that has `count` entries in all. Pages count from 1 and hold at most `ROWS` entries."""

    rows: list[T]
    count: int
    page: int

    @property
    def pages(self) -> int:
        """The number of pages of the whole list."""
        return count_pages(self.count, ROWS)


def count_pages(count: int, rows: int) -> int:
    """Returns the number of pages for `count` entries, `rows` on each; at least 1."""
    return max(1, -(-count // rows))


def page_within(page: int, count: int, rows: int) -> int:
    """Returns the existing page nearest to `page`, in a list of `count` entries with `rows` on each page."""
    return min(max(1, page), count_pages(count, rows))

"""Which part of a long list a page holds. Pages count from 1, and an empty list has one."""


def count_pages(count: int, rows: int) -> int:
    return max(1, -(-count // rows))


def page_within(page: int, count: int, rows: int) -> int:
    """The nearest page that there is."""
    return min(max(1, page), count_pages(count, rows))

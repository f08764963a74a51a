"""The page number of long lists."""

from galeria.interfaces.web.kit.page_request import PageRequest


def page_number(page: PageRequest) -> int:
    """Read the number of the page that the address asks for with `?page=`; pages count from 1.

    Whatever is no number, and a number of more than seven digits, asks for the first page.
    """
    text = page.query("page")
    return max(1, int(text)) if text.isdecimal() and len(text) < 8 else 1

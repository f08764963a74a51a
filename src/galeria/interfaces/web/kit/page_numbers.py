"""The page number of long lists."""

from galeria.interfaces.web.kit.page_request import PageRequest


def page_number(page: PageRequest) -> int:
    """Return the requested page from 1 on; 1 for any invalid number."""
    text = page.query("page")
    return int(text) if text.isdecimal() and len(text) < 8 else 1

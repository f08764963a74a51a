"""Long lists on pages: which page of them is asked for."""

from galeria.interfaces.web.kit.page_request import PageRequest


def page_number(page: PageRequest) -> int:
    """From 1 on; whatever else stands in the address is the first."""
    text = page.query("page")
    return int(text) if text.isdecimal() and len(text) < 8 else 1

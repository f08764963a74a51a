"""QR codes as SVG within a page: dark on light in either colour scheme, because many cameras read no others."""

import segno
from markupsafe import Markup

QUIET_ZONE = 4  # modules around the code (ISO/IEC 18004)


def qr_code(text: str, title: str) -> Markup:
    """Return an image of the text; `title` says what it is to whoever does not see it."""
    made = segno.make(text, error="m", micro=False)
    svg = made.svg_inline(
        border=QUIET_ZONE, omitsize=True, dark="#000", light="#fff", svgclass="qr", lineclass=None, title=title
    )
    return Markup(svg.replace("<svg ", '<svg role="img" ', 1))

"""Format numbers, times and states for people."""

import unicodedata
from typing import Any

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(count: float | None) -> str:
    """Format bytes such as 1.5 GiB; a dash where they are unknown."""
    if count is None:
        return "–"
    amount, unit = float(count), 0
    # 1023.95 would be shown as 1024.0 of the smaller unit.
    while abs(amount) >= 1023.95 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.0f} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def duration(seconds: float | None) -> str:
    """Format seconds such as 8 s, 2 min 05 s, 1 h 20 min."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def money(amount: Any, currency: str) -> str:
    """Format an amount with its currency; a dash where it is unknown."""
    return "–" if amount is None else f"{amount} {currency}"


def yes(value: bool) -> str:
    return "yes" if value else "no"


def listed(values: list[Any] | tuple[Any, ...] | None) -> str:
    return ", ".join(str(value) for value in values or ()) or "–"


def last_part(id: str | None) -> str:
    """Return the name at the end of an id."""
    return (id or "–").rstrip("/").rsplit("/", 1)[-1]


def names_in(id: str) -> str:
    """Return the names in a resource's id, such as campus/algebra/1.0.0 of an image version."""
    parts = id.partition("/providers/")[2].split("/")
    return "/".join(parts[2::2]) or last_part(id)


def plain(text: Any) -> str:
    """Return the text on one line and without control characters: a name from a server must not control a terminal."""
    shown = "–" if text is None or text == "" else str(text)
    return "".join(" " if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") else sign for sign in shown)


def console_lines(console: str) -> list[str]:
    """Return the end of a machine's console as it is printed: a title and its lines; nothing where there is none."""
    lines = [plain(line) for line in console.splitlines()]
    return ["The machine's console ends with:", *(f"  {line}" for line in lines)] if lines else []

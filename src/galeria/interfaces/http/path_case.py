"""Paths are matched without regard to case, and names keep the caller's spelling (ARM contract; az sends both spellings).

In an ARM path fixed words and names alternate, so the place tells which is which: a resource group may be named Images.
"""

from collections.abc import Mapping
from enum import Enum, auto

ROOTS = ("subscriptions", "tenants", "providers")


def is_arm(path: str) -> bool:
    """Whether the path, as the client wrote it, is one of the ARM door's."""
    return path.lstrip("/").partition("/")[0].lower() in ROOTS


def canonical_path(path: str, literals: Mapping[str, str]) -> str:
    """With the fixed words' own spelling and without superfluous slashes. Unknown words stay as they are."""
    spelled: list[str] = []
    expected = _Part.TYPE
    for part in path.split("/"):
        if not part:
            continue
        # 'eventtypes' has one instance, 'management', which is as fixed as a type.
        if expected is _Part.NAME and spelled[-1] != "eventtypes":
            spelled.append(part)
            expected = _Part.TYPE
            continue
        word = literals.get(part.lower(), part)
        spelled.append(word)
        expected = _after(expected, word)
    return "/" + "/".join(spelled)


class _Part(Enum):
    TYPE = auto()
    NAME = auto()
    NAMESPACE = auto()


def _after(part: _Part, word: str) -> _Part:
    if part is _Part.TYPE:
        return _Part.NAMESPACE if word == "providers" else _Part.NAME
    return _Part.TYPE

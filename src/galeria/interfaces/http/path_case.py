"""Match paths regardless of case while names keep the caller's spelling, as Azure Resource Manager does; az sends both.

Fixed words and names alternate in such a path, so that the position decides: a resource group may be named Images.
"""

from collections.abc import Mapping
from enum import Enum, auto

ROOTS = ("subscriptions", "tenants", "providers")


def is_arm(path: str) -> bool:
    """Return whether the path, as the client wrote it, belongs to the REST API."""
    return path.lstrip("/").partition("/")[0].lower() in ROOTS


def canonical_path(path: str, literals: Mapping[str, str]) -> str:
    """Return the path with its fixed words in their usual spelling and without superfluous slashes. Unknown words stay."""
    spelled: list[str] = []
    expected = _Part.TYPE
    for part in path.split("/"):
        if not part:
            continue
        # 'eventtypes' has one instance, 'management', which is a fixed word as well.
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

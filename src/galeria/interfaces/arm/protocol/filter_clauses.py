"""The `$filter` of Azure's resource lists and activity log: conditions on known names, joined by `and`."""

import re
from collections.abc import Iterator

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

_AND = re.compile(r"\s+and\s+", re.IGNORECASE)


def read_clauses(text: str, clause: re.Pattern[str], hint: Message) -> Iterator[re.Match[str]]:
    """Yield the match of every condition. Raises Invalid for an unknown one: a filter that is ignored would show too much."""
    for part in _AND.split(text) if text.strip() else []:
        match = clause.fullmatch(part)
        if match is None:
            raise not_understood(part, hint)
        yield match


def not_understood(what: str, hint: Message) -> Invalid:
    return Invalid(
        Message("The filter '{what}' is not understood.", what=what),
        hint=hint,
        code="InvalidFilterInQueryString",
        target="$filter",
    )

"""How often the database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are executed meanwhile, in any database of this process."""
    statements: list[str] = []

    def keep(_connection: object, _cursor: object, statement: str, *_more: Any) -> None:
        statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", keep)
    try:
        yield statements
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", keep)

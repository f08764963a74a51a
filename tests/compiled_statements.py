"""Databases of tests share the statements that SQLAlchemy has compiled.

It compiles each statement once for an engine, because a dialect can differ from server to server. A test's database lives for
a second, and compiling what the test before has compiled took a fifth of the time of all tests with rows. Every SQLite file
of one process is opened by the same driver, so one dialect stands for them all.
"""

from typing import Any

import sqlalchemy as sa

from galeria.adapters.db.engine import make_engine

_COMPILED: dict[Any, Any] = {}
_DIALECTS: list[sa.Dialect] = []


def make_test_engine(url: str) -> sa.Engine:
    """An engine as the product makes it, for an SQLite file."""
    engine = make_engine(url)
    if not _DIALECTS:
        with engine.connect():  # Only then a dialect knows its driver's version.
            _DIALECTS.append(engine.dialect)
        engine.dispose()
    engine.dialect = _DIALECTS[0]
    engine.update_execution_options(compiled_cache=_COMPILED)
    return engine

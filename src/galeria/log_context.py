"""What a line of the log belongs to: a request, an operation, a person. It follows the work into threads that copy contexts."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(kw_only=True, slots=True)
class LogContext:
    """The ids that a line is written with; empty ones are left out."""

    request_id: str = ""
    operation_id: str = ""
    person_id: str = ""  # becomes known while a request is looked at


_current: ContextVar[LogContext | None] = ContextVar("log_context", default=None)


@contextmanager
def logged_as(*, request_id: str = "", operation_id: str = "") -> Iterator[LogContext]:
    """Lines that are written within belong to this request or operation."""
    context = LogContext(request_id=request_id, operation_id=operation_id)
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def current_log_context() -> LogContext:
    """Return what a line written now belongs to; empty ids outside of requests and operations."""
    return _current.get() or LogContext()


def note_person(person_id: str) -> None:
    """Note who sent the request of this context; nothing outside of requests."""
    context = _current.get()
    if context is not None:
        context.person_id = person_id

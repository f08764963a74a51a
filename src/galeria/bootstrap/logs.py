"""The log of servers and workers: lines on standard error, for people or as JSON."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from galeria.domain.serving.settings import LogFormat, LogSettings
from galeria.log_context import current_log_context

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
TALKATIVE = ("alembic", "httpx", "dbos", "uvicorn")


class JsonFormatter(logging.Formatter):
    """Writes each record as one line with a JSON object: what happened, and the ids that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; no key of `facts` replaces one of the record's own."""
        context = current_log_context()
        ids = {
            "request_id": context.request_id,
            "operation_id": context.operation_id,
            "person_id": context.person_id,
        }
        line: dict[str, Any] = getattr(record, "facts", {}) | {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in ids.items() if value},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging(settings: LogSettings) -> None:
    """Send everything that is logged to standard error, in one form. Libraries' own handlers are removed."""
    formatter = JsonFormatter() if settings.format is LogFormat.JSON else logging.Formatter(TEXT)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in TALKATIVE:
        library = logging.getLogger(name)
        library.setLevel(logging.WARNING)
        library.handlers.clear()
        library.propagate = True

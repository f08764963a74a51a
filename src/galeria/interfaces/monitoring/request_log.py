"""Writes a line to the log for each request."""

import logging

from galeria.interfaces.monitoring.observed_requests import ObservedRequest

log = logging.getLogger(__name__)


class RequestLog:
    """A `RequestObserver` that logs what has ended. Neither paths nor addresses: both may say who somebody is."""

    def began(self) -> None:
        """A request that begins is no line."""

    def answered(self) -> None:
        """Nor is an answer that begins."""

    def ended(self, request: ObservedRequest) -> None:
        """Write the line; the ids come from the context of the log."""
        facts = {
            "method": request.method,
            "route": request.route,
            "status": request.status,
            "ms": round(request.seconds * 1000, 1),
            "whole_ms": round(request.whole_seconds * 1000, 1),
        }
        log.info("%(method)s %(route)s %(status)s in %(ms)s ms", facts, extra={"facts": facts})

"""The ids of one request, for the headers of its answer, the log and the audit log."""

import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from galeria.ports.work import IdGenerator

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = "galeria.request_identity"


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestIdentity:
    request_id: str  # ours, a GUID
    correlation_id: str  # the client's, where it sent a valid one
    client_request_id: str = ""  # only where the client asks for it

    def headers(self) -> dict[str, str]:
        named = {"x-ms-request-id": self.request_id, "x-ms-correlation-request-id": self.correlation_id}
        return named | ({"x-ms-client-request-id": self.client_request_id} if self.client_request_id else {})

    def keep(self, scope: Scope) -> None:
        scope[_KEY] = self

    @classmethod
    def read(cls, headers: Headers, id_generator: IdGenerator) -> "RequestIdentity":
        """Read the ids. A client's ids are used in logs and headers only where they have the form of an id."""
        request_id = id_generator.new_guid()
        client = _valid_id(headers.get("x-ms-client-request-id", ""))
        wanted = headers.get("x-ms-return-client-request-id", "").lower() == "true"
        return cls(
            request_id=request_id,
            correlation_id=_valid_id(headers.get("x-ms-correlation-request-id", "")) or request_id,
            client_request_id=client if wanted else "",
        )

    @classmethod
    def of(cls, scope: Scope) -> "RequestIdentity":
        """Return the ids that `keep` stored; empty ids for a request that did not pass the middleware."""
        kept = scope.get(_KEY)
        return kept if isinstance(kept, cls) else cls(request_id="", correlation_id="")


def correlation_id_of(headers: Headers, id_generator: IdGenerator) -> str:
    """The correlation id that a client sent, where it has the form of an id; otherwise a new one.

    For HTTP requests and WebSockets alike: it goes into the log and the activity log.
    """
    return _valid_id(headers.get("x-ms-correlation-request-id", "")) or id_generator.new_guid()


def _valid_id(text: str) -> str:
    return text if _ID.fullmatch(text) else ""

"""Where a request comes from: the address of the computer, and whether a page of this service sent it.

Browsers name the origin of a page that sends a form or a WebSocket.
"""

from starlette.requests import HTTPConnection

_SCHEMES = {"ws": "http", "wss": "https"}


def is_own_origin(http: HTTPConnection, endpoint: str) -> bool:
    """Return whether the header Origin names the service's endpoint or the host of the request; False where it is absent."""
    scheme = _SCHEMES.get(http.url.scheme, http.url.scheme)
    own = {endpoint.lower(), f"{scheme}://{http.headers.get('host', '')}".lower()}
    return http.headers.get("origin", "").lower() in own


def client_address(http: HTTPConnection) -> str:
    """Return the address of the caller's computer; of a proxy's unless the settings trust it. Empty where there is none."""
    return http.client.host if http.client else ""

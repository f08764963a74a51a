"""Whether a request comes from a page of this service. Browsers name the origin of a page that sends a form or a WebSocket."""

from starlette.requests import HTTPConnection

_SCHEMES = {"ws": "http", "wss": "https"}


def is_own_origin(http: HTTPConnection, endpoint: str) -> bool:
    """Return whether the header Origin names the service's endpoint or the host of the request; False where it is absent."""
    scheme = _SCHEMES.get(http.url.scheme, http.url.scheme)
    own = {endpoint.lower(), f"{scheme}://{http.headers.get('host', '')}".lower()}
    return http.headers.get("origin", "").lower() in own

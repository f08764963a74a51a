"""The cookie of a browser in which somebody has signed in before: strangers who try passwords do not keep it out.

It is a device cookie as OWASP describes it: it opens nothing, and only says whose wrong tries are counted apart.
"""

from fastapi import Response
from starlette.requests import HTTPConnection

MARK_SECONDS = 90 * 86400


def mark_cookie(endpoint: str) -> str:
    """Return the cookie's name. Browsers accept the prefix `__Host-` only over TLS and from this host."""
    return "__Host-galeria-known" if endpoint.startswith("https:") else "galeria-known"


def read_mark(http: HTTPConnection, endpoint: str) -> str:
    """Return the mark that the browser sends; empty where there is none."""
    return http.cookies.get(mark_cookie(endpoint), "")


def keep_mark(answer: Response, endpoint: str, mark: str) -> None:
    """Give the browser its mark."""
    answer.set_cookie(
        mark_cookie(endpoint),
        mark,
        max_age=MARK_SECONDS,
        path="/",
        secure=endpoint.startswith("https:"),
        httponly=True,
        samesite="lax",
    )

"""The path of a request as logs may have it: a link to a password is a secret."""

from starlette.requests import HTTPConnection

HIDDEN = "…"
SECRET = "secret"  # the name of the parameter in every route whose path holds one


def logged_path(http: HTTPConnection) -> str:
    """Return the path with '…' in place of its secret."""
    path = str(http.url.path)
    secret = http.path_params.get(SECRET)
    return path.replace(str(secret), HIDDEN) if secret else path

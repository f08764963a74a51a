"""Request lines of the REST API's routes."""

from urllib.parse import quote

from galeria.interfaces.arm.protocol.routes import Route
from tests.interfaces.arm import paths
from tests.interfaces.arm.served import API_VERSION

JSON = (b"content-type", b"application/json")


def target_of(route: Route, known: dict[str, str], **other: str) -> bytes:
    """The path and query of a route, with what exists in its variable parts, or what `other` says."""
    names = {name: quote(value, safe="/") for name, value in paths.on_the_way(route, known).items()}
    path = route.path.replace("{scope:path}", "{scope}").format(**names | other)
    return f"{path}?api-version={API_VERSION}".encode()


def encoded(text: str) -> str:
    """The text as one part of a path or query; lone surrogates become bytes that are not UTF-8."""
    return quote(text.encode("utf-8", errors="surrogatepass"), safe="")

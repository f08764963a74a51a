"""Styles, scripts and pictures of `static/`, read once, at addresses whose content browsers may cache for ever.

The version in an address is that of all files together, so that relative references, such as those between modules of
noVNC, stay within it. `static/vendor` holds files of other projects, which `scripts/assets` puts there.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from markupsafe import Markup

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message

VENDOR = (
    "vendor/htmx.min.js",
    "vendor/sse.min.js",
    "vendor/idiomorph.min.js",
    "vendor/tus.min.js",
    "vendor/novnc/core/rfb.js",
    "vendor/xterm/xterm.mjs",
    "vendor/icons/tux.svg",
)
"""One file of each package, to see whether it is there."""

PREFIX = "/static"
ICONS = "vendor/icons"
_KINDS = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".woff2": "font/woff2",
    ".webmanifest": "application/json",
}
_PACKED = ("text/", "application/json", "image/svg+xml")
_SMALL = 256  # bytes, below which compressing saves nothing
_FOREVER = "public, max-age=31536000, immutable"
_ALWAYS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    kind: str
    digest: str
    packed: bytes | None = None

    def answer(self, request: Request, *, kept: str) -> Response:
        """Return the response. `kept` is the value of Cache-Control.

        The compressed form has a tag of its own (RFC 9110 §8.8.3.3).
        """
        packed = self.packed if _takes_gzip(request) else None
        tag = f'"{self.digest}-gzip"' if packed else f'"{self.digest}"'
        headers = {"Cache-Control": kept, "ETag": tag, **_ALWAYS}
        if self.packed:
            headers["Vary"] = "Accept-Encoding"
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(packed or self.content, media_type=self.kind, headers=headers)


class StaticFiles:
    """The files of a folder, by default the package's own. Raises Unavailable where files of other projects are missing."""

    def __init__(self, folder: Traversable | None = None, *, required: tuple[str, ...] = VENDOR) -> None:
        self._files = {path: _read(file) for path, file in _walk(folder or files("galeria.interfaces.web") / "static")}
        missing = [path for path in required if path not in self._files]
        if missing:
            raise Unavailable(
                Message("The pages need {missing}, which this installation lacks.", missing=missing),
                hint=Message("In a checkout, run scripts/assets: it fetches them from npm."),
            )
        whole = "".join(f"{path} {self._files[path].digest}\n" for path in sorted(self._files))
        self._version = hashlib.sha256(whole.encode()).hexdigest()[:12]

    def url(self, path: str) -> str:
        """Return the address of a file such as vendor/htmx.min.js.

        Raises LookupError for an unknown file, which is a bug in a page.
        """
        if path not in self._files:
            raise LookupError(f"There is no {path} in static/.")
        return f"{PREFIX}/{self._version}/{path}"

    def icon(self, name: str) -> Markup:
        """Return one of the kept icons to stand in a page beside words, which say what it means. Raises LookupError."""
        file = self._files.get(f"{ICONS}/{name}.svg")
        if file is None:
            raise LookupError(f"There is no icon {name}: scripts/assets has the list.")
        drawn = " ".join(file.content.decode().split())
        return Markup(drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # our own file

    def answer(self, request: Request, version: str, path: str) -> Response:
        """Return a file.

        Pages of an older version that are still open get the current files, which must not be cached under that name.
        """
        file = self._files.get(path)
        if file is None:
            return PlainTextResponse("There is no such file.\n", status_code=404, headers=_ALWAYS)
        return file.answer(request, kept=_FOREVER if version == self._version else "no-cache")

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.api_route(f"{PREFIX}/{{version}}/{{path:path}}", methods=["GET", "HEAD"], name="static")
        async def static(request: Request, version: str, path: str) -> Response:
            return self.answer(request, version, path)

        return router


def _walk(folder: Traversable, services: str = "") -> Iterator[tuple[str, Traversable]]:
    """Yield each file with its path in the folder. Hidden files are not served."""
    for each in folder.iterdir() if folder.is_dir() else ():
        path = f"{services}{each.name}"
        if each.name.startswith("."):
            continue
        if each.is_dir():
            yield from _walk(each, f"{path}/")
        else:
            yield path, each


def _read(file: Traversable) -> StaticFile:
    content = file.read_bytes()
    suffix = "." + file.name.rpartition(".")[2].lower()
    kind = _KINDS.get(suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    packed = None
    if kind.startswith(_PACKED) and len(content) >= _SMALL:
        packed = gzip.compress(content, compresslevel=9, mtime=0)
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return StaticFile(content, kind, hashlib.sha256(content).hexdigest()[:20], packed)


def _takes_gzip(request: Request) -> bool:
    offers = [offer.replace(" ", "").lower() for offer in request.headers.get("accept-encoding", "").split(",")]
    return "gzip" in [offer.partition(";")[0] for offer in offers if not offer.endswith((";q=0", ";q=0.0"))]

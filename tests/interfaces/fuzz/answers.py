"""What every answer must hold, whatever was asked."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import galeria
from tests.interfaces.fuzz.asgi import Answer
from tests.interfaces.fuzz.product import Product

# Of the inside: how Python, SQLAlchemy, SQLite and the shell speak. No hostile value contains these words itself.
INSIDE = re.compile(
    r"Traceback \(most recent|File \"[^\"]+\", line \d|sqlalchemy|sqlite3?\.|\bINSERT INTO \w|\bSELECT \w+\.\w|"
    r"\bUPDATE \w+ SET|pydantic|errors\.pydantic\.dev|<locals>|object at 0x|site-packages|starlette|fastapi",
    re.IGNORECASE,
)
_SPLITS_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(kw_only=True)
class Wrong(Exception):
    """An answer that no request may get."""

    what: str
    answer: Answer

    def __str__(self) -> str:
        shown = self.answer.text[:600]
        return f"{self.what}: {self.answer.status} {shown!r} {self.answer.fault!r}"


class Judge:
    """Judges answers of one product. Each method raises Wrong."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._found: list[str] = []
        self._folders = (str(product.installation.folder), str(Path(galeria.__file__).parent))

    def each(self, what: str, answer: Answer, rule: Callable[[Answer], None]) -> None:
        """Remember what is wrong with the answer, so that one run tells all."""
        try:
            rule(answer)
        except Wrong as error:
            self._found.append(f"{what}: {error}")

    def end(self) -> None:
        found, self._found = self._found, []
        assert not found, "\n".join(found)

    def any(self, answer: Answer) -> None:
        """No bug was met, nothing of the inside is told, and no header can be taken for two."""
        if answer.status >= 500 or answer.fault is not None:
            raise Wrong(what="a bug", answer=answer)
        if lines := self._product.loud.lines:
            said, self._product.loud.lines = "\n".join(lines), []
            raise Wrong(what=f"logged {said}", answer=answer)
        text = "" if answer.header("content-type") == "application/octet-stream" else answer.text
        told = INSIDE.search(text)
        if told or any(folder in text for folder in self._folders):
            raise Wrong(what=f"tells of the inside ({told.group() if told else 'a folder'})", answer=answer)
        if any(_SPLITS_HEADERS.search(value) for _, value in answer.headers):
            raise Wrong(what="a control character in a header", answer=answer)

    def arm(self, answer: Answer) -> None:
        """An error has the one form that the REST API promises."""
        self.any(answer)
        if answer.status < 400 or answer.method == "HEAD":
            return
        error = _json(answer)
        if not isinstance(error, dict) or set(error) != {"error"}:
            raise Wrong(what="not the form of an error", answer=answer)
        told = error["error"]
        if not (isinstance(told.get("code"), str) and told["code"] and isinstance(told.get("message"), str)):
            raise Wrong(what="an error without code or message", answer=answer)

    def oauth(self, answer: Answer) -> None:
        """An error has the form of RFC 6749 §5.2, or of the other endpoints that programs sign in at."""
        self.any(answer)
        if answer.status >= 400 and "json" in answer.header("content-type"):
            error = _json(answer)
            if not isinstance(error, dict) or not ({"error", "message"} & set(error)):
                raise Wrong(what="not the form of an error", answer=answer)

    def page(self, answer: Answer) -> None:
        """A page holds only elements and attributes of our own templates."""
        self.any(answer)
        if not answer.header("content-type").startswith("text/html"):
            return
        reader = _Page()
        reader.feed(answer.text)
        reader.close()
        if reader.foreign:
            raise Wrong(what=f"foreign markup {reader.foreign[0]}", answer=answer)


class _Page(HTMLParser):
    """Looks for what a page has only where a value was not escaped; CSP forbids the same things in browsers."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            is_link = name in ("href", "src", "action", "formaction") or name.startswith("hx-")
            if name.startswith("on") or (
                is_link and (value or "").strip().lower().startswith(("javascript:", "data:text"))
            ):
                self.foreign.append(self.get_starttag_text() or tag)
        if tag in ("iframe", "object", "embed", "base") or "galeria-was-here" in tag:
            self.foreign.append(tag)
        if tag == "script" and not any(name == "src" and (value or "").startswith("/") for name, value in attributes):
            self.foreign.append(self.get_starttag_text() or tag)


def _json(answer: Answer) -> object:
    if not answer.header("content-type").startswith("application/json"):
        raise Wrong(what="an error that is not JSON", answer=answer)
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise Wrong(what="not JSON", answer=answer) from error

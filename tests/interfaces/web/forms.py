"""What a person can press on a page: its links, its forms with everything filled in, and what is refused with its reason."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

VOID = {"input", "img", "meta", "link", "br", "hr"}
TYPED = {"number": "1", "password": "Correct-Horse-9"}

Attributes = dict[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button, and what a browser would send for it."""

    place: str
    fields: dict[str, list[str]]
    text: str


@dataclass(kw_only=True)
class Controls:
    """Of one page. `refused` are pairs of a button's text and its reason; `place` is where the page was."""

    place: str
    links: set[str] = field(default_factory=set)
    presses: list[Press] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    checks: list[Press] = field(default_factory=list)  # that scripts send while somebody types


def controls_of(html: str, place: str) -> Controls:
    """Every box is ticked, every choice is the first possible one, every empty field has something typed."""
    reader = _Reader(place)
    reader.feed(html)
    reader.close()
    return reader.found


@dataclass(kw_only=True)
class _Form:
    action: str
    is_get: bool
    check: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[Attributes, str]] = field(default_factory=list)

    def add(self, name: str, value: str, *, more: bool = False) -> None:
        held = self.fields.setdefault(name, [])
        if more or not held:
            held.append(value)


class _Reader(HTMLParser):
    def __init__(self, place: str) -> None:
        super().__init__()
        self.found = Controls(place=place)
        self._form: _Form | None = None
        self._select = ""
        self._button: Attributes | None = None
        self._refusal: list[str] | None = None  # the summary's text, then the reason's
        self._text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        place = urlsplit(urljoin(f"http://here{self.found.place}", given.get("href") or ""))
        if tag == "a" and given.get("href") and place.netloc == "here":
            self.found.links.add(place.path + (f"?{place.query}" if place.query else ""))
        elif tag == "details" and given.get("class") == "refused":
            self._refusal = []
        elif tag == "form":
            self._form = _Form(
                action=given.get("action") or self.found.place,
                is_get=(given.get("method") or "get").lower() == "get",
                check=given.get("hx-post") or "",
            )
        elif self._form is not None:
            self._in_form(self._form, tag, given)
        if tag in ("summary", "p", "button"):
            self._text = ""

    def _in_form(self, form: _Form, tag: str, given: Attributes) -> None:
        name, value = given.get("name") or "", given.get("value") or ""
        if "disabled" in given:
            return
        if tag == "button" and given.get("type") != "button":
            self._button = given
        elif tag == "select":
            self._select = name
        elif tag == "option" and (value or "selected" in given):
            form.add(self._select, value)
        elif tag == "textarea":
            form.add(name, "words")
        elif tag == "input" and name:
            kind = given.get("type") or "text"
            form.add(name, value or TYPED.get(kind, "something"), more=kind == "checkbox")

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        text = " ".join(self._text.split())
        if self._refusal is not None and tag in ("summary", "p"):
            self._refusal.append(text)
        elif self._refusal is not None and tag == "details":
            summary, *reasons = self._refusal
            self.found.refused.append((summary, " ".join(reasons)))
            self._refusal = None
        elif tag == "button" and self._button is not None and self._form is not None:
            self._form.buttons.append((self._button, text))
            self._button = None
        elif tag == "form" and self._form is not None:
            self._close(self._form)
            self._form = None

    def _close(self, form: _Form) -> None:
        if form.is_get:
            return
        for given, text in form.buttons:
            fields, name = dict(form.fields), given.get("name")
            if name:
                fields[name] = [given.get("value") or ""]
            self.found.presses.append(Press(place=given.get("formaction") or form.action, fields=fields, text=text))
        if form.check:
            self.found.checks.append(Press(place=form.check, fields=form.fields, text="typing"))

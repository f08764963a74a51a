"""The texts of the portal's templates and Python files, as Babel's extractors find them, and what is translated."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.extract import extract

from galeria.interfaces.web.kit.catalogues import LANGUAGES, MESSAGES, Key, forms, key, read_texts
from tests.rules.sources import ROOT

WEB = ROOT / "src/galeria/interfaces/web"
# What each word marks: the position of the text, of its plural, and of its context (c).
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
JINJA = {"silent": "false", "trimmed": "true", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|(?<!\{)\{(\w*)\}(?!\})")
# Jinja formats every text, even one without placeholders: a percent sign of its own is written twice.
LONELY_PERCENT = re.compile(r"(?<!%)(?:%%)*%(?!%|\(\w+\)[sd])")


@dataclass(frozen=True, kw_only=True)
class Text:
    where: str
    context: str
    singular: str
    plural: str = ""

    @property
    def key(self) -> Key:
        return self.context, self.singular


@dataclass(frozen=True, kw_only=True)
class Translation:
    language: str
    file: str
    key: Key
    forms: tuple[str, ...]


@cache
def page_texts(folder: Path = WEB) -> list[Text]:
    """Each text once for every place that says it."""
    found = [text for path in sorted(folder.rglob("*.py")) for text in _extract("python", path, {})]
    for path in sorted((folder / "templates").rglob("*")):
        if path.is_file():
            found += _extract("jinja2.ext:babel_extract", path, JINJA)
    return found


@cache
def translations(folder: Path = WEB) -> list[Translation]:
    """Every entry of every area's file, those without a translation included (`forms` is empty)."""
    return [
        Translation(language=language, file=f"{language}/{name}", key=key(message), forms=forms(message))
        for language in LANGUAGES
        for name, catalog in read_texts(folder / "texts", language)
        if name != MESSAGES
        for message in catalog
        if message.id
    ]


def placeholders(text: str) -> set[str]:
    return {match[0] for match in PLACEHOLDER.finditer(text)}


def entry(text: Text) -> str:
    """As it is to be written into a PO file."""
    lines = [f"# {text.where}"]
    if text.context:
        lines.append(f'msgctxt "{quoted(text.context)}"')
    lines.append(f'msgid "{quoted(text.singular)}"')
    if text.plural:
        return "\n".join([*lines, f'msgid_plural "{quoted(text.plural)}"', 'msgstr[0] ""', 'msgstr[1] ""', ""])
    return "\n".join([*lines, 'msgstr ""', ""])


def _extract(method: str, path: Path, options: dict[str, str]) -> Iterator[Text]:
    with path.open("rb") as file:
        for line, said, _, context in extract(method, file, keywords=KEYWORDS, options=options):
            singular, plural = (said[0], said[1]) if isinstance(said, tuple) else (said, "")
            where = f"{path.relative_to(WEB) if path.is_relative_to(WEB) else path.name}:{line}"
            yield Text(where=where, context=context or "", singular=singular, plural=plural)


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

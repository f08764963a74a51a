"""Which messages and words a person can meet on the portal's pages, and the file with their translations.

Messages are found by Babel's extractor: the identifier is the first argument of every `Message(…)`. Words are the members of
the domain's enumerations (context "word"). Left out, by folder: what speaks at the terminal (`bootstrap`, `interfaces/cli`,
`interfaces/client`, `interfaces/demo`, `guests`), and what speaks to programs or has texts of its own (`interfaces/arm`,
`interfaces/graph`, `interfaces/blobs`, `interfaces/login`).
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract

from galeria.domain.messages import is_translated
from galeria.interfaces.web.kit.catalogues import MESSAGES, WORD, Key, forms, key, read_texts
from galeria.interfaces.web.kit.message_texts import dictionary_form
from tests.rules.sources import Source, sources
from tests.rules.texts import WEB, quoted

FOLDERS = (
    "programs.py",
    "domain/",
    "ports/",
    "actions/",
    "workflows/",
    "reconcilers/",
    "adapters/",
    "interfaces/http/",
    "interfaces/uploads/",
    "interfaces/web/",
)
# Values that are the same in every language, or are never shown: sizes of disks, processors, generations.
MEMBER = re.compile(r"[A-Za-z]+(?:_[a-z]+)*")
PATH = f"src/galeria/interfaces/web/texts/pt_BR/{MESSAGES}"
HEAD = """\
# Messages that people read. The keys are written by `pytest tests/rules --regenerate`; translate what is empty.
# {name} is a value, {size:,} one with a format: both stand in the translation as they are, in any order.
# The context "word" marks states and kinds: with a capital where they stand alone, without one within a sentence.
msgid ""
msgstr ""
"Language: pt_BR\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"
"""

Found = dict[Key, set[str]]
"""Context and identifier: the modules that say it."""


def all_messages(files: tuple[Source, ...] | None = None) -> Found:
    found = defaultdict(set)
    for source in files or sources("src"):
        if source.name.removeprefix("src/galeria/").startswith(FOLDERS):
            for text in _messages(source):
                found["", text].add(source.name)
            for word in _members(source):
                found[WORD, word].add(source.name)
    return dict(found)


def unnamed(source: Source) -> Iterator[int]:
    """Lines with a Message whose identifier is not written there, so that no extractor finds it."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Message":
            first = node.args[0] if node.args else None
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                yield node.lineno


def translated_messages(folder: Path = WEB) -> dict[Key, str]:
    """All entries of the file; "" for one that is not translated."""
    found = {}
    for name, catalog in read_texts(folder / "texts", "pt-BR"):
        if name == MESSAGES:
            found = {key(each): (forms(each) or ("",))[0] for each in catalog if each.id}
    return found


def messages_file(messages: Found, known: Mapping[Key, str]) -> str:
    """The file as it is to be, with the translations that are known."""
    order = sorted(messages, key=lambda each: (min(messages[each]), each))
    return HEAD + "".join(_entry(each, min(messages[each]), known.get(each, "")) for each in order)


def _messages(source: Source) -> Iterator[str]:
    for _, text, _, _ in extract("python", BytesIO(source.text.encode()), keywords={"Message": None}):
        if isinstance(text, str) and is_translated(text):
            yield text


def _members(source: Source) -> Iterator[str]:
    if "/domain/" in source.name:
        for each in source.classes:
            if any(ast.unparse(base) == "StrEnum" for base in each.bases):
                yield from _values(each.body)


def _values(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            value = str(node.value.value)
            if MEMBER.fullmatch(value):
                yield dictionary_form(value)


def _entry(key: Key, where: str, translated: str) -> str:
    context = f'msgctxt "{quoted(key[0])}"\n' if key[0] else ""
    name = where.removeprefix("src/galeria/")
    return f'\n#. {name}\n{context}msgid "{quoted(key[1])}"\nmsgstr "{quoted(translated)}"\n'

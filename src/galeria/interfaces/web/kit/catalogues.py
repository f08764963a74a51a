"""What the pages say in other languages: the PO files of `texts/`, read once when a `Catalogues` is made.

Each area of the portal keeps a file of its own, `texts/pt_BR/<area>.po`; all of them together are one catalogue.
`texts/pt_BR/messages.po` holds the messages of the other packages (see `message_texts.py`), and stays apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ENGLISH = "en"
PORTUGUESE = "pt-BR"
LANGUAGES = (ENGLISH, PORTUGUESE)
MESSAGES = "messages.po"
WORD = "word"  # the context of states and kinds

Key = tuple[str, str]
"""Context ("" for most) and the English text; of a text with a plural, its singular."""


@dataclass(frozen=True)
class Catalogue:
    """One language. English needs no texts: it is what the keys say. `messages` maps identifiers to their translations."""

    language: str
    texts: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    messages: Mapping[Key, str] = field(default_factory=dict)

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(_locale_name(self.language), sep="_")

    def gettext(self, text: str) -> str:
        return self.pgettext("", text)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.npgettext("", singular, plural, count)

    def pgettext(self, context: str, text: str) -> str:
        return self.texts.get((context, text), (text,))[0]

    def npgettext(self, context: str, singular: str, plural: str, count: int) -> str:
        """Return the form for `count` by CLDR's rules: in Portuguese 0 is singular, in English it is not."""
        forms = self.texts.get((context, singular), (singular, plural))
        return forms[0] if self.locale.plural_form(count) == "one" else forms[-1]


class Catalogues:
    """The texts of all languages. Where files contradict each other the first by name is used; a test finds that."""

    def __init__(self, folder: Traversable | None = None) -> None:
        folder = folder or files("galeria.interfaces.web") / "texts"
        self._of = {language: _catalogue(folder, language) for language in LANGUAGES}

    def get(self, language: str) -> Catalogue:
        """Return the texts of a language in LANGUAGES; English for any other."""
        return self._of.get(language, self._of[ENGLISH])


def read_texts(folder: Traversable, language: str) -> Iterator[tuple[str, Catalog]]:
    """Yield each PO file of a language and its name, sorted; none for English."""
    place = folder / _locale_name(language)
    if not place.is_dir():
        return
    for path in sorted(place.iterdir(), key=lambda each: each.name):
        if path.name.endswith(".po"):
            with path.open("rb") as file:
                yield path.name, read_po(file, locale=_locale_name(language), abort_invalid=True)


def key(message: Message) -> Key:
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return message.context or "", text


def forms(message: Message) -> tuple[str, ...]:
    """Return the translation, or its singular and plural; nothing when it is missing or only guessed (fuzzy)."""
    said = message.string
    found = [each or "" for each in said] if isinstance(said, tuple | list) else [said or ""]
    return () if message.fuzzy or not all(found) else tuple(found)


def _catalogue(folder: Traversable, language: str) -> Catalogue:
    texts: dict[Key, tuple[str, ...]] = {}
    messages: dict[Key, str] = {}
    for name, catalog in read_texts(folder, language):
        # The first message of a file is its header.
        known = {key(message): forms(message) for message in catalog if message.id and forms(message)}
        if name == MESSAGES:
            messages = {each: translated[0] for each, translated in known.items()}
            continue
        texts = known | texts
    return Catalogue(language, texts, messages)


def _locale_name(language: str) -> str:
    return language.replace("-", "_")

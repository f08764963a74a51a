"""The file with the inside's sentences: kept in the order of the modules that say them, translations kept."""

from collections.abc import Mapping
from pathlib import Path

from galeria.interfaces.web.kit.catalogues import MESSAGES, Key, forms, key, read_texts
from tests.rules.inside import Found
from tests.rules.texts import WEB, quoted

PATH = f"src/galeria/interfaces/web/texts/pt_BR/{MESSAGES}"
HEAD = """\
# Sentences of domain, actions and workflows. `pytest tests/rules --regenerate` writes the keys; translate what is empty.
# {0}, {1} are values; what stands between quotation marks is somebody's name and stays as it is.
# The context "word" marks states and kinds: with a capital where they stand alone, without one within a sentence.
msgid ""
msgstr ""
"Language: pt_BR\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"
"""


def inside_translations(folder: Path = WEB) -> dict[Key, str]:
    """All entries of the file; "" for one that is not translated."""
    found = {}
    for name, catalog in read_texts(folder / "texts", "pt-BR"):
        if name == MESSAGES:
            found = {key(each): (forms(each) or ("",))[0] for each in catalog if each.id}
    return found


def inside_text(sentences: Found, known: Mapping[Key, str]) -> str:
    """The file as it is to be, with the translations that are known."""
    order = sorted(sentences, key=lambda each: (min(sentences[each]), each))
    return HEAD + "".join(_entry(each, min(sentences[each]), known.get(each, "")) for each in order)


def _entry(key: Key, where: str, translated: str) -> str:
    context = f'msgctxt "{quoted(key[0])}"\n' if key[0] else ""
    name = where.removeprefix("src/galeria/")
    return f'\n#. {name}\n{context}msgid "{quoted(key[1])}"\nmsgstr "{quoted(translated)}"\n'

"""The portal's texts: all PO files of a folder are one catalogue; English is its own key."""

from pathlib import Path

from galeria.interfaces.web.kit.catalogues import Catalogues

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
LABS = """\
msgid "My labs"
msgstr "Meus laboratórios"

msgid "%(num)s lab"
msgid_plural "%(num)s labs"
msgstr[0] "%(num)s laboratório"
msgstr[1] "%(num)s laboratórios"
"""
GALLERIES = """\
msgid "Galleries"
msgstr "Galerias"

msgctxt "verb"
msgid "Export"
msgstr "Exportar"

msgid "Export"
msgstr "Exportação"

#, fuzzy
msgid "Guessed"
msgstr "Adivinhado"

msgid "Empty"
msgstr ""
"""


def write(folder: Path, **areas: str) -> Path:
    place = folder / "pt_BR"
    place.mkdir(parents=True, exist_ok=True)
    for name, text in areas.items():
        (place / f"{name}.po").write_text(HEAD + text, encoding="utf-8")
    return folder


def test_the_files_of_all_areas_are_one_catalogue(tmp_path: Path) -> None:
    portuguese = Catalogues(write(tmp_path, labs=LABS, galleries=GALLERIES)).get("pt-BR")

    assert portuguese.gettext("My labs") == "Meus laboratórios"
    assert portuguese.gettext("Galleries") == "Galerias"
    assert portuguese.gettext("Export") == "Exportação"
    assert portuguese.pgettext("verb", "Export") == "Exportar"


def test_what_has_no_translation_stays_english(tmp_path: Path) -> None:
    portuguese = Catalogues(write(tmp_path, galleries=GALLERIES)).get("pt-BR")

    assert [portuguese.gettext(each) for each in ("Unknown", "Guessed", "Empty")] == ["Unknown", "Guessed", "Empty"]


def test_each_language_counts_in_its_own_way(tmp_path: Path) -> None:
    catalogues = Catalogues(write(tmp_path, labs=LABS))
    english, portuguese = catalogues.get("en"), catalogues.get("pt-BR")
    words = ("%(num)s lab", "%(num)s labs")

    assert [english.ngettext(*words, n) for n in (0, 1, 2)] == [words[1], words[0], words[1]]
    assert [portuguese.ngettext(*words, n).split()[1] for n in (0, 1, 2)] == [
        "laboratório",
        "laboratório",
        "laboratórios",
    ]


def test_an_unknown_language_is_english() -> None:
    assert Catalogues().get("tlh").gettext("My labs") == "My labs"


def test_of_files_that_contradict_each_other_the_first_is_right(tmp_path: Path) -> None:
    folder = write(tmp_path, people='msgid "Cancel"\nmsgstr "Anular"\n', labs='msgid "Cancel"\nmsgstr "Cancelar"\n')

    assert Catalogues(folder).get("pt-BR").gettext("Cancel") == "Cancelar"


def test_the_sentences_of_the_inside_are_kept_apart(tmp_path: Path) -> None:
    folder = write(
        tmp_path, labs=LABS, messages="msgid \"The lab '{0}' is gone.\"\nmsgstr \"O laboratório '{0}' sumiu.\"\n"
    )

    portuguese = Catalogues(folder).get("pt-BR")

    assert portuguese.messages == {("", "The lab '{0}' is gone."): "O laboratório '{0}' sumiu."}
    assert portuguese.gettext("The lab '{0}' is gone.") == "The lab '{0}' is gone."

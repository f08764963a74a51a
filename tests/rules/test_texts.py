"""Every text of the portal's pages is said in Portuguese too, with the same values in it; nothing is translated in vain."""

from pathlib import Path

import pytest

from tests.rules.texts import LONELY_PERCENT, WEB, Text, Translation, entry, page_texts, placeholders, translations

PAGE = """\
<h1>{{ _("My labs") }}</h1>
{% trans count=labs|length %}One lab{% pluralize %}{{ count }} labs{% endtrans %}
{{ pgettext("verb", "Export") }} {{ ngettext("%(num)s image", "%(num)s images", images) }}
{% trans name=lab.name %}
  The lab {{ name }}
  is ready.
{% endtrans %}
"""


def test_every_text_has_a_translation() -> None:
    missing = untranslated(page_texts(), translations())

    assert not missing, f"write these into {WEB}/texts/pt_BR/<area>.po:\n\n" + "\n".join(map(entry, missing))


def test_no_translation_is_left_that_no_page_needs() -> None:
    stale = unneeded(page_texts(), translations())

    assert not stale, "\n".join(f"{each.file}: {each.key[1]!r}" for each in stale)


def test_translations_carry_the_values_of_their_texts() -> None:
    faults = unlike(page_texts(), translations())

    assert not faults, "\n".join(faults)


def test_a_text_is_translated_in_one_way() -> None:
    faults = contradicted(translations())

    assert not faults, "\n".join(faults)


def test_percent_signs_are_written_twice() -> None:
    faults = [
        f"{each.where}: {each.singular!r}" for each in page_texts() if has_lonely_percent(each.singular, each.plural)
    ]
    faults += [f"{each.file}: {each.forms}" for each in translations() if has_lonely_percent(*each.forms)]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("text", "lonely"), [("100%", True), ("100%%", False), ("%(num)s%%", False), ("% off", True)])
def test_the_rule_about_percent_signs_sees_them(text: str, lonely: bool) -> None:
    assert has_lonely_percent(text) is lonely


def test_texts_are_found_in_templates_and_in_python(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "labs.html").write_text(PAGE)
    (tmp_path / "labs.py").write_text('said = gettext("The lab is gone.")\nname = _(f"not a {text}")\n')

    found = page_texts(tmp_path)

    assert [(each.key, each.plural) for each in found] == [
        (("", "The lab is gone."), ""),
        (("", "My labs"), ""),
        (("", "One lab"), "%(count)s labs"),
        (("verb", "Export"), ""),
        (("", "%(num)s image"), "%(num)s images"),
        (("", "The lab %(name)s is ready."), ""),
    ]


def test_the_rules_find_what_is_wrong() -> None:
    texts = [
        Text(where="a:1", context="", singular="Said"),
        Text(where="a:2", context="", singular="Unsaid"),
        Text(where="a:3", context="", singular="To %(name)s"),
        Text(where="a:4", context="", singular="Guessed"),
        Text(where="a:5", context="", singular="One lab", plural="%(num)s labs"),
    ]
    said = [
        translation("Said", "Dito"),
        translation("Said", "Falado", file="people.po"),
        translation("Old", "Velho"),
        translation("To %(name)s", "Para %(nome)s"),
        translation("Guessed"),
        translation("One lab", "Um laboratório", "%(num)s laboratórios"),
    ]

    assert [each.singular for each in untranslated(texts, said)] == ["Unsaid", "Guessed"]
    assert [each.key[1] for each in unneeded(texts, said)] == ["Old"]
    assert [each.split(": ")[1] for each in unlike(texts, said)] == ["'To %(name)s'"]
    assert len(contradicted(said)) == 1


def untranslated(texts: list[Text], said: list[Translation]) -> list[Text]:
    known = {each.key for each in said if each.forms}
    return list({each.key: each for each in texts if each.key not in known}.values())


def unneeded(texts: list[Text], said: list[Translation]) -> list[Translation]:
    needed = {each.key for each in texts}
    return [each for each in said if each.key not in needed]


def unlike(texts: list[Text], said: list[Translation]) -> list[str]:
    wanted = {each.key: each for each in texts}
    return [
        f"{each.file}: {each.key[1]!r}: {form!r}"
        for each in said
        for form in each.forms
        if each.key in wanted and not fits(form, wanted[each.key])
    ]


def fits(form: str, text: Text) -> bool:
    """The same values; a form for one thing may name its number or not."""
    return placeholders(form) in (placeholders(text.singular), placeholders(text.plural or text.singular))


def contradicted(said: list[Translation]) -> list[str]:
    first: dict[tuple[str, str], Translation] = {}
    return [
        f"{each.key[1]!r}: {each.file} says {each.forms}, {known.file} says {known.forms}"
        for each in said
        if each.forms and (known := first.setdefault(each.key, each)).forms != each.forms
    ]


def has_lonely_percent(*texts: str) -> bool:
    return any(LONELY_PERCENT.search(each) for each in texts)


def translation(text: str, *forms: str, file: str = "labs.po") -> Translation:
    return Translation(language="pt-BR", file=file, key=("", text), forms=forms)

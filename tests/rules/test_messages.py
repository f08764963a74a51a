"""Every message that a person can meet on the portal is said in Portuguese too, with the same values in it."""

import ast
import re

import pytest

from galeria.domain.messages import holes
from galeria.interfaces.web.kit.catalogues import MESSAGES, WORD, Key
from tests.rules.messages import PATH, Found, all_messages, messages_file, translated_messages, unnamed
from tests.rules.sources import ROOT, Source, sources

# Where messages are put together out of others, or read back.
UNNAMED = {"src/galeria/domain/messages.py", "src/galeria/interfaces/web/kit/operation_view.py"}

# What they say is read before somebody is signed in, or by whoever has forgotten the own password.
READ_BY_STRANGERS = {
    f"src/galeria/{name}" for name in ("actions/people/external_sign_in.py", "interfaces/web/people/my_account.py")
}


@pytest.fixture(scope="module")
def messages(request: pytest.FixtureRequest) -> Found:
    """All of them. With --regenerate the file of translations gets the new ones, untranslated, and loses the old ones."""
    found = all_messages()
    if request.config.getoption("--regenerate"):
        (ROOT / PATH).write_text(messages_file(found, translated_messages()), encoding="utf-8")
    return found


def test_every_message_has_a_translation(messages: Found) -> None:
    known = translated_messages()
    missing = [f"{min(messages[each])}: {each[1]!r}" for each in messages if not known.get(each)]

    again = f"run: .venv/bin/pytest tests/rules --regenerate, and write what is empty in {MESSAGES}"
    assert not missing, "\n".join([*missing, again])


def test_no_translation_is_left_that_no_message_needs(messages: Found) -> None:
    stale = [each for each in translated_messages() if each not in messages]

    assert not stale, f"run: .venv/bin/pytest tests/rules --regenerate\n{stale}"


def test_translations_carry_the_values_of_their_messages() -> None:
    faults = [
        f"{key[1]!r}: {said!r}" for key, said in translated_messages().items() if said and holes(key[1]) != holes(said)
    ]

    assert not faults, "\n".join(faults)


def test_sentences_end_in_both_languages_alike() -> None:
    """A full stop that one of them lacks would run two sentences into one."""
    faults = [
        f"{key[1]!r}: {said!r}"
        for key, said in translated_messages().items()
        if said and key[1].endswith((".", "?")) and not said.endswith((".", "?"))
    ]

    assert not faults, "\n".join(faults)


def test_nobody_who_may_be_the_administrator_is_told_to_ask_one(messages: Found) -> None:
    """Messages are read by all: they say what an administrator can do, and leave to the reader who that is."""
    sends_away = re.compile(r"\b(ask|have|let|tell) (an|the) administrator\b", re.IGNORECASE)
    faults = [
        f"{min(found)}: {text!r}"
        for (_, text), found in messages.items()
        if sends_away.search(text) and not found <= READ_BY_STRANGERS
    ]

    assert not faults, "\n".join(faults)


def test_every_identifier_is_written_where_the_message_is_made() -> None:
    faults = [f"{each.name}:{line}" for each in sources("src") if each.name not in UNNAMED for line in unnamed(each)]

    assert not faults, "\n".join(faults)


def test_there_are_errors_obstacles_steps_roles_and_states_among_them(messages: Found) -> None:
    expected: set[Key] = {
        ("", "The lab '{lab}' is {state}."),
        ("", "The image is not in {region}; it is in {regions}."),
        ("", "Store the disk"),
        ("", "The operation was canceled."),
        ("", "May see everything, change nothing."),
        ("", "Lab Creator"),
        (WORD, "Replicating"),
        (WORD, "Export template"),
    }

    assert not expected - set(messages)


def test_a_message_is_found_wherever_it_is_made() -> None:
    code = """
raise Odd(Message("The lab '{lab}' has "
                  "{count:,} users.", lab=lab.name, count=len(labs)), hint=Message("Wait.") if wait else EMPTY)
step(Message("Store it"), store)
told(Message("It could not {doing}.", doing=Message("open the lab")))
"""

    assert found(code) == {
        "The lab '{lab}' has {count:,} users.",
        "Wait.",
        "Store it",
        "It could not {doing}.",
        "open the lab",
    }


def test_a_message_of_values_only_needs_no_translation() -> None:
    assert found('Message("{region}: {reason}", region=region, reason=Message("The disk is full."))') == {
        "The disk is full."
    }


def test_states_are_words() -> None:
    code = 'class State(StrEnum):\n    ON = "On"\n    V1 = "V1"\n    DO_IT = "do_it"\n'

    assert set(all_messages((source(code, "domain"),))) == {(WORD, "On"), (WORD, "Do it")}


def test_what_speaks_at_the_terminal_is_left_out() -> None:
    assert found('raise Invalid(Message("Nobody is signed in."))', folder="interfaces/cli") == set()


def test_an_identifier_out_of_a_variable_is_a_fault() -> None:
    code = 'Message("Written.")\nMessage(text)\nMessage(f"{who} came.")\n'

    assert list(unnamed(source(code, "actions"))) == [2, 3]


def test_the_file_keeps_translations_and_marks_what_is_new() -> None:
    messages: Found = {("", "New {it}."): {"src/galeria/domain/b.py"}, (WORD, 'A "b"'): {"src/galeria/domain/a.py"}}

    text = messages_file(messages, {(WORD, 'A "b"'): "Um\nb", ("", "Old."): "Velho."})

    assert text.endswith(
        '\n#. domain/a.py\nmsgctxt "word"\nmsgid "A \\"b\\""\nmsgstr "Um\\nb"\n'
        '\n#. domain/b.py\nmsgid "New {it}."\nmsgstr ""\n'
    )


def found(code: str, folder: str = "actions") -> set[str]:
    return {text for _, text in all_messages((source(code, folder),))}


def source(code: str, folder: str) -> Source:
    return Source(path=ROOT / f"src/galeria/{folder}/made_up.py", text=code, tree=ast.parse(code))

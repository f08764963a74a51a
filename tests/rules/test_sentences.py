"""Every sentence of the inside that a person can meet on the portal is said in Portuguese too, with the same values in it."""

import ast

import pytest

from galeria.interfaces.web.kit.catalogues import MESSAGES, WORD, Key
from galeria.interfaces.web.kit.patterns import pieces
from tests.rules.inside import Found, inside_sentences
from tests.rules.inside_file import PATH, inside_text, inside_translations
from tests.rules.sources import ROOT, Source

ERRORS = """
class GaleriaError(Exception): ...
class Invalid(GaleriaError): ...
class Odd(Invalid): ...
"""


@pytest.fixture(scope="module")
def sentences(request: pytest.FixtureRequest) -> Found:
    """All of them. With --regenerate the file of translations gets the new ones, untranslated, and loses the old ones."""
    found = inside_sentences()
    if request.config.getoption("--regenerate"):
        (ROOT / PATH).write_text(inside_text(found, inside_translations()), encoding="utf-8")
    return found


def test_every_sentence_has_a_translation(sentences: Found) -> None:
    known = inside_translations()
    missing = [f"{min(sentences[each])}: {each[1]!r}" for each in sentences if not known.get(each)]

    again = f"run: .venv/bin/pytest tests/rules --regenerate, and write what is empty in {MESSAGES}"
    assert not missing, "\n".join([*missing, again])


def test_no_translation_is_left_that_no_sentence_needs(sentences: Found) -> None:
    stale = [each for each in inside_translations() if each not in sentences]

    assert not stale, f"run: .venv/bin/pytest tests/rules --regenerate\n{stale}"


def test_translations_carry_the_values_of_their_sentences() -> None:
    faults = [f"{key[1]!r}: {said!r}" for key, said in inside_translations().items() if said and not carries(key, said)]

    assert not faults, "\n".join(faults)


def test_sentences_end_in_both_languages_alike() -> None:
    """A full stop that one of them lacks would run two sentences into one."""
    faults = [
        f"{key[1]!r}: {said!r}"
        for key, said in inside_translations().items()
        if said and key[1].endswith((".", "?")) and not said.endswith((".", "?"))
    ]

    assert not faults, "\n".join(faults)


def test_there_are_errors_obstacles_steps_roles_and_states_among_them(sentences: Found) -> None:
    expected: set[Key] = {
        ("", "The lab '{0}' is {1}."),
        ("", "The image is not in {0}; it is in {1}."),
        ("", "Store the disk"),
        ("", "The operation was canceled."),
        ("", "May see everything, change nothing."),
        ("", "Lab Creator"),
        (WORD, "Replicating"),
        (WORD, "Export template"),
    }

    assert not expected - set(sentences)


def test_values_become_holes() -> None:
    assert found(
        'raise Odd(f"The lab \'{lab.name}\' has {len(labs):,} users.", hint="Wait." + f" See {place!r}.")'
    ) == {
        "The lab '{0}' has {1} users.",
        "Wait. See {0}.",
    }


def test_conditions_and_alternatives_become_several_sentences() -> None:
    code = """
def refuse(big, hint):
    more = f" Use {big} less." if big else ""
    raise Invalid("Too big." if big else "Too small.", hint=hint or f"Change it.{more}")
"""

    assert found(code) == {"Too big.", "Too small.", "Change it.", "Change it. Use {0} less."}


def test_sentences_are_followed_through_functions_names_and_tables() -> None:
    code = """
AGAIN = "Try again."
CURES = {"full": "Free some room.", "gone": AGAIN}

class Rows:
    def __init__(self, word): self._word = word
    def get(self, id): raise Invalid(f"There is no {self._word} {id}.", hint=CURES[id])

class Labs(Rows):
    def __init__(self): super().__init__("lab")

def refuse(message, *, hint=AGAIN): return Invalid(message, hint=hint)
def stop(kind): raise refuse(f"The {kind} stops.", hint=cure(kind))
def cure(kind): return "Start it." if kind else AGAIN
def both(): stop("machine"), stop("disk")
"""

    assert found(code) == {
        "There is no lab {0}.",
        "Free some room.",
        "Try again.",
        "The machine stops.",
        "The disk stops.",
        "Start it.",
    }


def test_many_words_for_one_place_are_sentences_of_their_own() -> None:
    calls = "".join(f'told("{verb} the lab")\n' for verb in ("open", "close", "make", "find", "lose"))

    assert found(f'def told(doing): raise Invalid(f"It could not {{doing}}: {{error}}.")\n{calls}') == {
        "It could not {0}: {1}.",
        "open the lab",
        "close the lab",
        "make the lab",
        "find the lab",
        "lose the lab",
    }


def test_a_sentence_of_values_only_is_written_out() -> None:
    calls = "".join(f'told("{verb} the lab")\n' for verb in ("opens", "closes", "makes", "finds", "loses"))

    assert found(f"def told(what): raise Invalid(f\"'{{who}}' {{what}}.\")\n{calls}") == {
        "'{0}' opens the lab.",
        "'{0}' closes the lab.",
        "'{0}' makes the lab.",
        "'{0}' finds the lab.",
        "'{0}' loses the lab.",
    }


def test_obstacles_audit_and_steps_are_met_by_people() -> None:
    code = """
Obstacle(code="Big", reason=f"It has {size} GB.", cure="Shrink it.")
record(detail="enabled")
step("Store it", store)
step("begin", begin)
step(f"Wait for the {thing}", wait)
"""

    assert found(code, room="workflows") == {"It has {0} GB.", "Shrink it.", "enabled", "Store it", "Wait for the {0}"}


def test_states_are_words() -> None:
    code = 'class State(StrEnum):\n    ON = "On"\n    V1 = "V1"\n    DO_IT = "do_it"\n'

    assert set(inside_sentences((source(code, "domain"),))) == {(WORD, "On"), (WORD, "Do it")}


def test_what_speaks_at_the_terminal_is_left_out() -> None:
    assert found('raise Invalid("Nobody is signed in.")', room="interfaces/cli") == set()


def test_paths_and_properties_are_not_words_of_a_language() -> None:
    code = 'def f(name): raise Invalid(f"Set {name} first.")\nf("properties.title")\nf("osDisk")\nf("/subscriptions")\n'

    assert found(code) == {"Set {0} first."}


def test_the_file_keeps_translations_and_marks_what_is_new() -> None:
    sentences: Found = {("", "New {0}."): {"src/galeria/domain/b.py"}, (WORD, 'A "b"'): {"src/galeria/domain/a.py"}}

    text = inside_text(sentences, {(WORD, 'A "b"'): "Um\nb", ("", "Old."): "Velho."})

    assert text.endswith(
        '\n#. domain/a.py\nmsgctxt "word"\nmsgid "A \\"b\\""\nmsgstr "Um\\nb"\n'
        '\n#. domain/b.py\nmsgid "New {0}."\nmsgstr ""\n'
    )


def found(code: str, room: str = "actions") -> set[str]:
    return {text for _, text in inside_sentences((source(ERRORS, "domain"), source(code, room)))}


def source(code: str, room: str) -> Source:
    return Source(path=ROOT / f"src/galeria/{room}/made_up.py", text=code, tree=ast.parse(code))


def carries(key: Key, said: str) -> bool:
    return holes(key[1]) == holes(said)


def holes(text: str) -> set[int]:
    return {each for each in pieces(text) if isinstance(each, int)}

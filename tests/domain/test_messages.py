"""A message keeps its identifier and values, whatever becomes of it, and reads as plain English."""

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from galeria.domain.errors import Conflict
from galeria.domain.messages import EMPTY, Message, Value, Word, and_list, holes, is_translated, join, verbatim
from galeria.domain.states import LabState

FULL = Message("The disk is full.")


@pytest.mark.parametrize(
    ("template", "values", "english"),
    [
        ("The disk is full.", {}, "The disk is full."),
        ("The lab '{lab}' is {state}.", {"lab": "a", "state": LabState.DRAFT}, "The lab 'a' is Draft."),
        ("It has {size:,} bytes.", {"size": 1234567}, "It has 1,234,567 bytes."),
        ("{seconds:.0f} seconds, {share:.1f}", {"seconds": 59.6, "share": 0.25}, "60 seconds, 0.2"),
        ("It is in {regions}.", {"regions": ["a", "b"]}, "It is in a, b."),
        ("It is in {regions}.", {"regions": ()}, "It is in ."),
        ("{region}: {error}", {"region": "moon", "error": FULL}, "moon: The disk is full."),
        ("Set {{this}} to {value}.", {"value": "{that}"}, "Set {this} to {that}."),
        ("{name}, {name}", {"name": 0}, "0, 0"),
    ],
)
def test_it_reads_as_english(template: str, values: dict[str, Value], english: str) -> None:
    message = Message(template, **values)

    assert str(message) == english
    assert type(str(message)) is str
    assert f"{message}" == english
    assert json.loads(json.dumps(message)) == english


@pytest.mark.parametrize("values", [{}, {"lab": "a", "state": "b"}, {"lap": "a"}])
def test_missing_and_surplus_values_are_faults(values: dict[str, Value]) -> None:
    with pytest.raises(ValueError, match="needs the values"):
        Message("The lab '{lab}' is gone.", **values)


def test_it_never_changes() -> None:
    regions = ["a", "b"]
    message = Message("It is in {regions}.", regions=regions)
    regions.append("c")

    assert message.values == {"regions": ("a", "b")}
    with pytest.raises(AttributeError):
        message._template = "Something else."
    with pytest.raises(TypeError):
        message.values["regions"] = ()  # type: ignore[index]


NESTED = Message(
    "{region} failed in {count} steps: {errors}",
    region="moon",
    count=2,
    errors=[FULL, Message("{name} is {state}.", name="x", state=LabState.DRAFT)],
)


@pytest.mark.parametrize(
    "through",
    [
        lambda message: pickle.loads(pickle.dumps(message)),
        copy.copy,
        copy.deepcopy,
        lambda message: Message.from_json(message.to_json()),
    ],
    ids=["pickle", "copy", "deepcopy", "json"],
)
@pytest.mark.parametrize("message", [NESTED, FULL, EMPTY, verbatim("{no} template"), join(FULL, NESTED)], ids=str)
def test_it_comes_back_as_it_was(message: Message, through: Callable[[Message], Message]) -> None:
    back = through(message)

    assert type(back) is Message
    assert (str(back), back.template, back.values) == (str(message), message.template, message.values)
    assert hash(back) == hash(message)


def test_states_come_back_as_words() -> None:
    back = Message.from_json(Message("It is {state}.", state=LabState.DRAFT).to_json())

    assert isinstance(back.values["state"], Word)


@pytest.mark.parametrize(
    "old", ["The disk is full.", '{"message": ', '{"message": "{a}"}', '{"message": 1}', "{}", "["]
)
def test_a_sentence_stored_before_is_read_verbatim(old: str) -> None:
    message = Message.from_json(old)

    assert str(message) == old
    assert not is_translated(message.template)


def test_nothing_is_stored_as_nothing() -> None:
    assert EMPTY.to_json() == ""
    assert Message.from_json("") == EMPTY


def test_messages_stand_behind_one_another() -> None:
    assert str(join(FULL, EMPTY, Message("Make room."))) == "The disk is full. Make room."
    assert join(EMPTY, FULL) is FULL
    assert join() == EMPTY
    assert not is_translated(join(FULL, FULL, separator="; ").template)
    assert str(and_list([Message("a"), Message("b"), Message("c")])) == "a and b and c"
    assert and_list([]) == EMPTY


def test_words_of_others_are_no_template() -> None:
    assert str(verbatim("qemu: {bad} option")) == "qemu: {bad} option"
    assert verbatim("") == EMPTY
    assert verbatim(FULL) is FULL


def test_plain_texts_can_be_shortened_wherever_they_are() -> None:
    message = Message("{lab}: {error} {state}", lab="/x/a", error=[verbatim("/x/b")], state=LabState.DRAFT)

    assert str(message.with_texts(lambda text: text.removeprefix("/x/"))) == "a: b Draft"


def test_a_template_tells_its_values_and_their_formats() -> None:
    assert holes("{lab} has {size:,} bytes {{here}}") == {"lab": "", "size": ","}


def test_an_error_says_its_message_and_its_hint() -> None:
    error = Conflict(FULL, hint=Message("Make room."))

    assert str(error) == str(error.whole) == "The disk is full. Make room."
    assert Conflict(FULL).whole is FULL


def test_an_error_crosses_processes_with_its_messages() -> None:
    back = pickle.loads(pickle.dumps(Conflict(NESTED, hint=FULL, code="Odd", target="name")))

    assert (back.message.values, back.hint.template, back.code, back.target) == (
        NESTED.values,
        FULL.template,
        "Odd",
        "name",
    )

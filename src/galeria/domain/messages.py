"""What Galeria says to people: a sentence is an identifier and named values, and every language is rendered from those.

As in gettext, the identifier is the English template, with the names of its values in braces: "The lab '{lab}' is {state}."
A `Message` is a `str`, its English text, so that logs, the API and the command line write it as it is; the portal renders
`template` and `values` in the page's language instead (interfaces/web/kit/message_texts.py).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import Any, Self, TypeAlias

Value: TypeAlias = "str | int | float | Sequence[Value]"
"""What stands in a message: a text, a number, a member of a StrEnum, another message, or several of these.

A plain text is somebody's name and is never translated; members and messages are, and so are those in a sequence.
"""

LISTED = ", "  # between the values of a sequence
_SOLE = "text"  # the value of a message that is nobody's template
_VERBATIM = "{" + _SOLE + "}"


class Message(str):
    """A sentence, or words of one, that people read in their own language. Never changes.

    Raises ValueError where `values` are not exactly those that the template names.
    """

    __slots__ = ("_template", "_values")
    _template: str
    _values: Mapping[str, Value]

    def __new__(cls, template: str, /, **values: Value) -> Self:
        wanted = holes(template)
        if wanted.keys() != values.keys():
            raise ValueError(f"The message {template!r} needs the values {sorted(wanted)}, not {sorted(values)}.")
        kept = {name: _kept(value) for name, value in values.items()}
        message = super().__new__(cls, fill(template, kept, in_english))
        object.__setattr__(message, "_template", template)
        object.__setattr__(message, "_values", MappingProxyType(kept))
        return message

    @property
    def template(self) -> str:
        """The identifier: English, with the names of the values in braces, and a brace of its own written twice."""
        return self._template

    @property
    def values(self) -> Mapping[str, Value]:
        """The values that fill the template, by name."""
        return self._values

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A message never changes: {name} cannot be set.")

    def __reduce__(self) -> tuple[Callable[..., "Message"], tuple[str, dict[str, Value]]]:
        return _restored, (self.template, dict(self.values))

    def __copy__(self) -> "Message":
        return self

    def __deepcopy__(self, memo: object) -> "Message":
        return self

    def with_texts(self, change: Callable[[str], str]) -> "Message":
        """Returns the message with every plain text among its values changed, such as long ids for short names."""
        return Message(self.template, **{name: _changed(value, change) for name, value in self.values.items()})

    def to_json(self) -> str:
        """Returns a JSON object with `message` and, where there are any, `values`; "" for an empty message."""
        return json.dumps(_to_object(self), ensure_ascii=False) if self else ""

    @classmethod
    def from_json(cls, text: str) -> "Message":
        """What `to_json` wrote; any other text, such as a sentence stored before there were messages, is read verbatim.

        A member of a StrEnum comes back as a `Word` with the same text.
        """
        if text.startswith('{"message": '):
            try:
                return _from_object(json.loads(text))
            except (ValueError, TypeError, KeyError, AttributeError):
                pass  # a text that only looks like one
        return verbatim(text)


class Word(str):
    """The text of a StrEnum's member that was stored: it is translated as the member itself is."""

    __slots__ = ()


def verbatim(text: str) -> Message:
    """Words that are nobody's template and are never translated, such as those of an outside program."""
    if isinstance(text, Message):
        return text
    return Message(_VERBATIM, **{_SOLE: str(text)}) if text else EMPTY


def join(*messages: Message, separator: str = " ") -> Message:
    """Messages behind one another; empty ones are left out."""
    parts = [each for each in messages if each]
    if len(parts) <= 1:
        return parts[0] if parts else EMPTY
    names = [f"part{number}" for number in range(1, len(parts) + 1)]
    return Message(separator.join(f"{{{name}}}" for name in names), **dict(zip(names, parts, strict=True)))


def and_list(messages: Sequence[Message]) -> Message:
    """Messages with "and" between them; EMPTY for none."""
    joined = messages[0] if messages else EMPTY
    for each in messages[1:]:
        joined = Message("{first} and {last}", first=joined, last=each)
    return joined


def is_translated(template: str) -> bool:
    """Whether a template has words of a language; one that has only values and signs is the same in all."""
    return any(map(str.isalpha, "".join(text for text, *_ in _pieces(template))))


def holes(template: str) -> Mapping[str, str]:
    """The names of a template's values, each with its format, such as ",.1f"; "" for those that are written as they are."""
    return {name: spec for _, name, spec in _pieces(template) if name is not None}


def fill(template: str, values: Mapping[str, Value], say: Callable[[Value], str]) -> str:
    """A template with its values written out by `say`; those with a format of their own, such as `{size:,}`, by that."""
    made = []
    for text, name, spec in _pieces(template):
        made.append(text)
        if name is not None:
            made.append(format(values[name], spec) if spec else say(values[name]))
    return "".join(made)


def in_english(value: Value) -> str:
    """A value as English sentences write it."""
    if isinstance(value, str | int | float):
        return str(value)
    return LISTED.join(map(in_english, value))


@cache  # as many as the code has templates, and one for each number of messages behind one another
def _pieces(template: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((text, name, spec or "") for text, name, spec, _ in Formatter().parse(template))


def _kept(value: Value) -> Value:
    """A sequence as a tuple, so that nobody changes it later. Anything else, out of somebody's JSON say, as its text."""
    if isinstance(value, list | tuple):
        return tuple(map(_kept, value))
    return value if isinstance(value, str | int | float) else str(value)


def _changed(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, Message):
        return value.with_texts(change)
    if isinstance(value, StrEnum | Word | int | float):
        return value
    return change(value) if isinstance(value, str) else tuple(_changed(each, change) for each in value)


def _restored(template: str, values: dict[str, Value]) -> Message:
    return Message(template, **values)


def _to_object(value: Value) -> Any:
    if isinstance(value, Message):
        values = {name: _to_object(each) for name, each in value.values.items()}
        return {"message": value.template, **({"values": values} if values else {})}
    if isinstance(value, StrEnum | Word):
        return {"word": str(value)}
    return value if isinstance(value, str | int | float) else [_to_object(each) for each in value]


def _from_object(found: Any) -> Message:
    return Message(found["message"], **{name: _value(each) for name, each in found.get("values", {}).items()})


def _value(found: Any) -> Value:
    if isinstance(found, dict):
        return Word(found["word"]) if "word" in found else _from_object(found)
    if isinstance(found, list):
        return tuple(map(_value, found))
    if isinstance(found, str | int | float):
        return found
    raise ValueError(f"A message holds no {type(found).__name__}.")


EMPTY = Message("")
"""Nothing to say: no hint, no failure."""

"""Messages, states and kinds in the language of a page, each looked up by its identifier in `messages.po`."""

import re
from collections.abc import Mapping
from enum import StrEnum

from galeria.domain.errors import GaleriaError
from galeria.domain.images.soft_delete import Retention
from galeria.domain.images.storage import DiskState
from galeria.domain.labs.roster import InvitationState, RegistrationState
from galeria.domain.messages import LISTED, Message, Value, Word, fill
from galeria.domain.operations import OperationKind
from galeria.domain.states import MachineState, OperationStatus
from galeria.interfaces.web.kit.catalogues import WORD, Catalogue

_CAPITAL_WITHIN = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_PLACES = {"region", "regions", "allowed_regions", "location", "home", "elsewhere", "wanted"}
"""The names that messages give to values that are regions."""
_STATES = (OperationStatus, MachineState, RegistrationState, InvitationState, DiskState, Retention)


def dictionary_form(word: str) -> str:
    """How `messages.po` has a state or kind: export_template and "export template" as "Export template"."""
    text = str(word)
    return text.replace("_", " ").capitalize() if "_" in text or " " in text else text


# How English pages write a state or kind that is one word for programs: NotStarted is "Not started".
_SPELLED: dict[str, str] = {
    each: _CAPITAL_WITHIN.sub(" ", each).capitalize()
    for states in _STATES
    for each in states
    if _CAPITAL_WITHIN.search(each)
}
_SPELLED |= {each: dictionary_form(each) for each in OperationKind}


class MessageTexts:
    """One language. What has no translation is said in English. `regions` are the names that people know, by the short ones."""

    def __init__(self, catalogue: Catalogue, regions: Mapping[str, str] | None = None) -> None:
        self._regions = regions or {}
        self._messages = {text: said for (context, text), said in catalogue.messages.items() if context != WORD}
        self._words = {text: said for (context, text), said in catalogue.messages.items() if context == WORD}

    def say(self, said: object) -> str:
        """A message or an error in full; a state or kind with a capital, as it stands alone; any other text as it is."""
        if isinstance(said, GaleriaError):
            return self._message(said.whole)
        if isinstance(said, Message):
            return self._message(said)
        if isinstance(said, StrEnum | Word):
            return self._words.get(dictionary_form(said)) or _SPELLED.get(said, str(said))
        return str(said)

    def _message(self, message: Message) -> str:
        values = {name: self._placed(each) if name in _PLACES else each for name, each in message.values.items()}
        return fill(self._messages.get(message.template, message.template), values, self._value)

    def _placed(self, value: Value) -> Value:
        if isinstance(value, Message | StrEnum | Word | int | float):
            return value
        return self._regions.get(value, value) if isinstance(value, str) else [self._placed(each) for each in value]

    def _value(self, value: Value) -> str:
        if isinstance(value, Message):
            return self._message(value)
        if isinstance(value, StrEnum | Word):
            return self._word_within(value)
        if isinstance(value, str | int | float):
            return str(value)
        return LISTED.join(map(self._value, value))

    def _word_within(self, word: str) -> str:
        """Without a capital, but for a name that is the same in both languages."""
        text = str(word)
        translated = self._words.get(dictionary_form(text))
        if not translated:
            return text
        return translated if translated == text else translated[:1].lower() + translated[1:]

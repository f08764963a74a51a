"""Translate sentences of domain, actions and workflows into the language of a page.

Those are English with values in them: "The lab 'Algebra' is Failed." A finished sentence is recognised by the template it
was made from, and translated with the same values. Several sentences in a row, and sentences within sentences, are
recognised too. Unknown texts stay English, such as the output of other programs.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from babel.lists import format_list

from galeria.domain.images.soft_delete import Retention
from galeria.domain.images.storage import DiskState
from galeria.domain.labs.roster import InvitationState, RegistrationState
from galeria.domain.states import MachineState, OperationStatus
from galeria.interfaces.web.kit.catalogues import WORD, Catalogue
from galeria.interfaces.web.kit.patterns import Pattern, Patterns

KEPT = 4096  # sentences whose translation is cached
LONGEST = 4000  # characters; longer texts are logs and no sentences
SEAMS = 24  # places at which a text is cut into sentences, at most

# A sentence may begin after another, and after output of other programs that ends without a full stop.
_SEAM = re.compile(r"(?<=[.?!:])\s+|\s+(?=[A-Z'{])")
_SEPARATORS = ("; ", ", ")
_AND = " and "
_CAPITAL_WITHIN = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_LABELED = re.compile(r"([\w-]+): (.+)", re.DOTALL)

_STATES = (OperationStatus, MachineState, RegistrationState, InvitationState, DiskState, Retention)
# How English pages write a state that is one word for programs: NotStarted is "Not started".
_SPELLED = {
    str(each): _CAPITAL_WITHIN.sub(" ", each).capitalize()
    for states in _STATES
    for each in states
    if _CAPITAL_WITHIN.search(each)
}


@dataclass(frozen=True)
class Reading:
    """A reading of a text. `known` characters of the original were recognised, with `holes` values in them.

    The better of two readings is the one with more known characters; of equal ones, the one with fewer holes.
    """

    text: str
    known: int = 0
    holes: int = 0


class Sentences:
    def __init__(self, catalogue: Catalogue) -> None:
        messages = catalogue.messages
        self._words = {text: said for (context, text), said in messages.items() if context == WORD}
        own = {text: said for (context, text), said in messages.items() if context != WORD}
        self._plain = {text: said for text, said in own.items() if "{" not in text}
        self._patterns = Patterns(Pattern.of(text, said) for text, said in own.items() if "{" in text)
        self._is_needed = bool(messages)
        self._locale = catalogue.locale
        self._page_text = catalogue.gettext
        self._read: Callable[[str], Reading] = lru_cache(maxsize=KEPT)(self._read_text)
        self._sentence: Callable[[str], Reading] = lru_cache(maxsize=KEPT)(self._best)

    def say(self, text: object) -> str:
        """Translate as much of the text as is known. A state or kind alone begins with a capital letter."""
        english = str(text)
        if not self._is_needed or len(english) > LONGEST:
            return _SPELLED.get(english, english)
        word = self._words.get(english) or self._plain.get(english)
        if word:
            return word
        try:
            said = self._read(english)
        except RecursionError:
            return english  # too deeply nested to be one of our sentences
        return said.text if said.known else self._page_text(english)

    def _read_text(self, text: str) -> Reading:
        whole = self._sentence(text)
        if whole.known == len(text):
            return whole
        return max(whole, self._several(text), key=_rank)

    def _whole(self, text: str) -> Iterator[Reading]:
        """Read the text as one sentence."""
        if text in self._plain:
            yield Reading(self._plain[text], len(text))
            return
        for pattern in self._patterns.candidates(text):
            values = pattern.values(text)
            if values is not None:
                said = {n: Reading(each) if n in pattern.names else self._value(each) for n, each in values.items()}
                known = pattern.written + sum(each.known for each in said.values())
                holes = len(said) + sum(each.holes for each in said.values())
                yield Reading(pattern.say({n: each.text for n, each in said.items()}), known, holes)

    def _several(self, text: str) -> Reading:
        """Read the text as several sentences: at each possible border, the best reading of what comes before it."""
        found = list(_SEAM.finditer(text))[:SEAMS]
        seams = [0, *(match.end() for match in found)]
        ends = [*(match.start() for match in found), len(text)]
        best: list[Reading] = [Reading("")]
        for last, end in enumerate(ends):
            ways = []
            for first in range(last + 1):
                if first == 0 and end == len(text):
                    continue  # that is the whole text
                gap = text[ends[first - 1] : seams[first]] if first else ""
                said = self._sentence(text[seams[first] : end])
                before = best[first]
                ways.append(
                    Reading(before.text + gap + said.text, before.known + said.known, before.holes + said.holes)
                )
            best.append(max(ways, key=_rank) if ways else Reading(text))
        return best[-1]

    def _best(self, text: str) -> Reading:
        return max(self._whole(text), key=_rank, default=Reading(text))

    def _value(self, text: str) -> Reading:
        """Read the value of a hole: a sentence, a word, a list of them, or a text that is not translated."""
        if "\n" in text or not any(map(str.isalpha, text)):
            return Reading(text)  # output of another program, or a number
        word = self._words.get(text)
        if word is None and ("_" in text or " " in text):  # start_machine, start machine: Start machine
            word = self._words.get(text.replace("_", " ").capitalize())
        if word:
            return Reading(word if word == text else word[:1].lower() + word[1:], len(text))
        said = self._read(text)
        if said.known == len(text):
            return said
        return max(said, self._list(text), key=_rank)

    def _list(self, text: str) -> Reading:
        for separator in _SEPARATORS:
            if separator in text:
                parts = [self._value(each) for each in text.split(separator)]
                known = sum(each.known for each in parts)
                return Reading(separator.join(each.text for each in parts), known) if known else Reading(text)
        if _AND in text:
            parts = [self._value(each) for each in text.split(_AND)]
            return Reading(
                format_list([each.text for each in parts], locale=self._locale), sum(each.known for each in parts)
            )
        labeled = _LABELED.fullmatch(text)
        if labeled:  # brazilsouth: The disk is full.
            said = self._value(labeled[2])
            return Reading(f"{labeled[1]}: {said.text}", said.known)
        return Reading(text)


def _rank(said: Reading) -> tuple[int, int]:
    return said.known, -said.holes

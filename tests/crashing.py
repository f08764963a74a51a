"""Crash a workflow before and after every step, resume it, look at what is left. No durable engine is needed.

`Steps` remembers finished steps as a durable engine does: results and errors are given back without running again.
"""

import pickle
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from galeria.domain.errors import GaleriaError
from galeria.ports.work import Step

P = ParamSpec("P")
R = TypeVar("R")


class Crash(BaseException):
    """The power goes off: no code can swallow it."""


class Steps:
    """A `Step` with a log. `crash_at` counts steps from 0."""

    def __init__(self) -> None:
        self.log: list[bytes] = []
        self.runs: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self._position = 0
        self._crash_at: tuple[int, str] | None = None

    def resumed(self, crash_at: tuple[int, str] | None = None) -> "Steps":
        self._position, self._crash_at = 0, crash_at
        return self

    def __call__(self, name: str, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        position, self._position = self._position, self._position + 1
        if position < len(self.log):
            return self._remembered(position)
        if self._crash_at == (position, "before"):
            raise Crash(name)
        self.runs[name] += 1
        outcome: object
        try:
            outcome = do(*args, **kwargs)
        except GaleriaError as error:
            outcome = error
        if self._crash_at == (position, "after"):
            raise Crash(name)
        # What cannot be pickled could not be remembered by a durable engine either.
        self.log.append(pickle.dumps(outcome))
        self.finished[name] += 1
        return self._remembered(position)

    def _remembered(self, position: int) -> R:  # type: ignore[type-var]
        outcome = pickle.loads(self.log[position])
        if isinstance(outcome, GaleriaError):
            raise outcome
        return outcome  # type: ignore[no-any-return]


def crash_everywhere(
    make: Callable[[], tuple[Callable[[Step], None], Callable[[], None]]],
) -> int:
    """`make` gives a new installation each time: how to run the workflow there, and how to check its end.

    The workflow runs once undisturbed, then crashed before and after each of its steps and resumed. Returns the number
    of crashes.
    """
    tell, look = make()
    undisturbed = Steps()
    tell(undisturbed)
    look()
    crashes = 0
    for position in range(len(undisturbed.log)):
        for moment in ("before", "after"):
            tell, look = make()
            _crash_once(tell, (position, moment), names=undisturbed)
            look()
            crashes += 1
    return crashes


def _crash_once(tell: Callable[[Step], None], at: tuple[int, str], *, names: Steps) -> None:
    steps = Steps()
    try:
        tell(steps.resumed(at))
    except Crash:
        tell(steps.resumed())
    else:
        raise AssertionError(f"the workflow ended before its crash at {at}")
    assert steps.finished == names.finished, f"crash at {at}: a finished step ran again, or one did not run"

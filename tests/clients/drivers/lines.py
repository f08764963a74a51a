"""A conversation over standard input and output: one JSON object per line each way. What else is printed is kept away."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def converse(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Until standard input ends."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        _say(answers, {"ready": True})
        for line in sys.stdin:
            _say(answers, answer(json.loads(line)))


def _say(answers: Any, what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()

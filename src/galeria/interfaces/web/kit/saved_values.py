"""Forms that change what is saved know what they were filled with, so that two tabs do not undo each other's work silently."""

import hashlib
import json

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.interfaces.web.kit.forms import Form

FIELD = "saved"
_LENGTH = 20


def mark_of(*values: object) -> str:
    """Return a short mark of the values that a form shows. Equal values have equal marks."""
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()[:_LENGTH]


def require_same(form: Form, *values: object) -> None:
    """Raise Conflict where the values are no longer those that the form was filled with.

    The form is then shown with what was typed and the new mark: saving it again replaces them knowingly.
    """
    if form.text(FIELD, mark_of(*values)) != mark_of(*values):
        raise Conflict(
            Message("Somebody saved other values while this form was open. Yours are not saved yet."),
            hint=Message("Open the page in another tab to compare; saving here once more replaces those values."),
        )

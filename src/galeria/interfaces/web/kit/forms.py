"""Forms: the values of their fields, and the errors found in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from fastapi import Request as HttpRequest
from starlette.exceptions import HTTPException

from galeria.domain.durations import HOUR, show_duration
from galeria.domain.errors import Forbidden, GaleriaError, Invalid, TooLarge
from galeria.domain.messages import Message

LARGEST = 256 * 1024  # bytes; disks are sent to /uploads
LARGEST_WITH_FILE = 4 * 1024 * 1024 + LARGEST
MOST_FIELDS = 2000
MOST_DIGITS = 8  # of a number of hours: what is longer goes on as it was typed, and the action refuses it


@dataclass(kw_only=True)
class Form:
    """A submitted form. `errors` are GaleriaErrors by field name, "" for those of the whole form.

    `files` are the contents of files by field name, in forms that take one.
    """

    fields: Mapping[str, list[str]]
    csrf: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    errors: dict[str, GaleriaError] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "Form":
        return cls(fields={})

    def text(self, name: str, default: str = "") -> str:
        """Return a field without spaces at both ends."""
        return self.raw(name, default).strip()

    def raw(self, name: str, default: str = "") -> str:
        """Return a field as it was typed, such as a password."""
        values = self.fields.get(name)
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        return self.fields.get(name, [])

    def has(self, name: str) -> bool:
        """Return whether a box is ticked or a button was pressed."""
        return name in self.fields

    def number(self, name: str, default: int = 0) -> int:
        """Return a field as a whole number. Raises Invalid for other texts."""
        text = self.text(name)
        if not text:
            return default
        if not text.isdecimal() or len(text) > 15:
            raise Invalid(
                Message("'{text}' is not a whole number.", text=text), hint=Message("Type digits only."), target=name
            )
        return int(text)

    @contextmanager
    def checking(self, *targets: str, **renamed: str) -> Iterator[None]:
        """Record an error raised in the block beside the field that it is about.

        Show the form again when `errors` is not empty. An error's target names the field directly, or through `renamed`
        (target → field); other errors are shown at the top. Forbidden is raised on, because no input would change it.
        """
        try:
            yield
        except Forbidden:
            raise
        except GaleriaError as error:
            name = renamed.get(error.target or "", error.target or "")
            self.errors[name if name in targets or name in renamed.values() else ""] = error


async def read_form(http: HttpRequest, *, takes_file: bool = False) -> Form:
    """Read the form, with one file in it where it `takes_file`. Raises TooLarge, Invalid."""
    announced, most = http.headers.get("content-length", ""), LARGEST_WITH_FILE if takes_file else LARGEST
    if not announced.isdecimal() or int(announced[:20]) > most:
        raise TooLarge(
            Message("The form is too large."), hint=Message("Send less text; files are sent on the import page.")
        )
    try:
        sent = await http.form(max_files=int(takes_file), max_fields=MOST_FIELDS)
    except HTTPException as error:
        raise Invalid(
            Message("The form could not be read."), hint=Message("Open the page again and repeat what you did.")
        ) from error
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value.replace("\0", ""))
        else:
            files[name] = await value.read()
    await sent.close()
    csrf = fields.pop("csrf", [""])[0]
    return Form(fields=fields, csrf=csrf, files=files)


def hours_field(seconds: int) -> str:
    """Return what stands in a field for hours: a number of whole hours, anything else as an ISO 8601 duration.

    >>> hours_field(36_000), hours_field(5400)
    ('10', 'PT1H30M')
    """
    hours, rest = divmod(seconds, HOUR)
    return show_duration(seconds) if rest else str(hours)


def typed_hours(text: str) -> str:
    """Return what was typed in such a field as a duration; whoever reads that says what is wrong with it.

    >>> typed_hours("10"), typed_hours("PT1H30M"), typed_hours("ten")
    ('PT10H', 'PT1H30M', 'ten')
    """
    return show_duration(int(text) * HOUR) if text.isdecimal() and len(text) <= MOST_DIGITS else text

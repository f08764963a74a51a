"""What a terminal's page and the server say to each other in text messages; bytes are what is typed and shown."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from galeria.domain.reach.terminals import TerminalSize

_Side = Annotated[int, Field(ge=2, le=1000)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Resized(_Said):
    """The terminal has another size now."""

    columns: _Side
    rows: _Side

    @property
    def size(self) -> TerminalSize:
        return TerminalSize(self.columns, self.rows)


class SignIn(Resized):
    """The first message of somebody who signs in. `accepted` is the fingerprint of a new key that the person takes."""

    user: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[SecretStr, Field(max_length=1000)]
    accepted: Annotated[str, Field(max_length=100)] = ""


class Resume(Resized):
    """The first message of a page that lost its line: the secret of its session, and how many bytes it has seen of it."""

    resume: Annotated[SecretStr, Field(max_length=100)]
    seen: Annotated[int, Field(ge=0)]


def read_first(text: str) -> SignIn | Resume:
    """Return the first message. Raises ValueError, without what was typed."""
    for kind in (SignIn, Resume):
        try:
            return kind.model_validate_json(text)
        except ValidationError:
            continue
    raise ValueError("no first message of a terminal")


def read_size(text: str) -> TerminalSize:
    """Return the size of a later message. Raises ValueError."""
    try:
        return Resized.model_validate_json(text).size
    except ValidationError as error:
        raise ValueError("no size of a terminal") from error

"""All errors that people meet are one tree: each carries a sentence for people and a hint that says what to do next.

    GaleriaError
    ├── Invalid            the request is wrong; nothing was changed                     (400)
    ├── Unauthenticated    who is asking is not known                                    (401)
    ├── Forbidden          who is asking may not do this; names action and scope         (403)
    ├── NotFound           no such thing, or not one that this person may see            (404)
    ├── Conflict           the thing is in a state that does not allow it                (409)
    │   └── Collision          somebody else was quicker; the same request may succeed
    │                          when it is made again                                     (409)
    ├── Canceled           the person who asked for it said stop                         (409)
    ├── Precondition       the caller's copy is out of date (If-Match)                   (412)
    ├── TooManyRequests    more at a time, or in a time, than one person or everybody may    (429)
    ├── TooLarge           more bytes than allowed or announced                          (413)
    └── Unavailable        a disk is full, or a store, host or program failed;
        │                  trying again may succeed                                      (503)
        ├── OutOfSpace         the disk of a store, cache or host is full
        ├── StoreUnavailable   an object store does not answer or lost something
        ├── Corrupt            stored bytes do not match their name
        ├── MachineFailed      a virtual machine did not do what it should
        └── ToolFailed         an outside program failed; the command to replay is in the log

Status codes are not known here: each interface has one table.
"""

from typing import TypeVar

from galeria.domain.messages import EMPTY, Message, join

Refusal = TypeVar("Refusal", bound="GaleriaError")


class GaleriaError(Exception):
    """The base of all errors shown to people.

    `message` says what happened, `hint` what to do; `code` is stable for programs, and `target` names the part of the
    request.
    """

    code = "InternalError"

    def __init__(
        self, message: Message, *, hint: Message = EMPTY, code: str | None = None, target: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).code
        self.target = target
        # What no role allowed, for the audit log, where this is why: Forbidden, or NotFound of what may not be known.
        self.refused_action = ""
        self.refused_scope = ""

    @property
    def whole(self) -> Message:
        """The message and its hint."""
        return join(self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Invalid(GaleriaError):
    """The request is wrong; nothing was changed."""

    code = "InvalidParameter"


class Unauthenticated(GaleriaError):
    """The caller's identity is not known: a token or password is missing, wrong or expired."""

    code = "InvalidAuthenticationToken"


class Forbidden(GaleriaError):
    """The caller is known and lacks the right; the message names the action and the scope."""

    code = "AuthorizationFailed"


class NotFound(GaleriaError):
    """The thing does not exist, or the caller may not see it."""

    code = "ResourceNotFound"


class Conflict(GaleriaError):
    """The thing is in a state that does not allow the request."""

    code = "Conflict"


class Collision(Conflict):
    """Another transaction was quicker: it changed what this one has read, or took what this one wanted to take."""


class Canceled(GaleriaError):
    """The operation ended because somebody canceled it."""

    code = "OperationCanceled"


class Precondition(GaleriaError):
    """The caller's copy is out of date: its `If-Match` or `If-None-Match` does not hold (RFC 9110 §13.1)."""

    code = "PreconditionFailed"


class TooLarge(GaleriaError):
    """More bytes arrived than are allowed or were announced."""

    code = "RequestEntityTooLarge"


class TooManyRequests(GaleriaError):
    """More was asked for at a time, or in a time, than is allowed; asking again in `seconds` may succeed."""

    code = "TooManyRequests"

    def __init__(self, message: Message, *, hint: Message, seconds: int, code: str | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.seconds = seconds


class Unavailable(GaleriaError):
    """A disk, store, host or program failed; trying again may succeed."""

    code = "ServiceUnavailable"


class OnAnotherComputer(Unavailable):
    """What is asked for is on another computer of the installation, which this server does not reach."""

    code = "OnAnotherComputer"


class OutOfSpace(Unavailable):
    """The disk of a store, cache or host is full."""

    code = "OutOfSpace"


class StoreUnavailable(Unavailable):
    """An object store does not answer, or lost an object."""

    code = "StoreUnavailable"


class Corrupt(Unavailable):
    """Stored bytes do not match the hash in their name."""

    code = "CorruptData"


class MachineFailed(Unavailable):
    """A virtual machine did not do what it should, such as start or answer in time."""

    code = "MachineFailed"


class RootDiskNotFound(MachineFailed):
    """A guest was started and has no driver for the bus that its disk is on."""


class ToolFailed(Unavailable):
    """An outside program failed; the command to repeat it stands in the log."""

    code = "ToolFailed"


def refused(error: Refusal, action: str, scope: str) -> Refusal:
    """Returns the error with what no role of the caller allowed, for the audit log."""
    error.refused_action, error.refused_scope = action, scope
    return error


def missing(word: Message, name: str) -> NotFound:
    """Returns the error for a thing that is not there, or that the caller may not know of: both are said alike.

    `word` is the kind of thing, such as Message("lab").
    """
    return NotFound(
        Message("The {word} '{name}' was not found.", word=word, name=name),
        hint=Message(
            "Check its name, or list what there is; somebody may have deleted it, or you need a role to see it, which an "
            "Owner can give you."
        ),
    )

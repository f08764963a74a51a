"""The one error tree. Every leaf carries a sentence for people and a hint that says what to do next.

    GaleriaError
    ├── Invalid            the request is wrong; nothing was changed                     (400)
    ├── Unauthenticated    who is asking is not known                                    (401)
    ├── Forbidden          who is asking may not do this; names action and scope         (403)
    ├── NotFound           no such thing, or not one that this person may see            (404)
    ├── Conflict           the thing is in a state that does not allow it                (409)
    ├── Canceled           the person who asked for it said stop                         (409)
    ├── Precondition       the caller's copy is out of date (If-Match)                   (412)
    ├── TooLarge           more bytes than allowed or announced                          (413)
    └── Unavailable        the world failed: disk full, store or host out of reach;
        │                  trying again may succeed                                      (503)
        ├── OutOfSpace         the disk of a store, cache or host is full
        ├── StoreUnavailable   an object store does not answer or lost something
        ├── Corrupt            stored bytes do not match their name
        ├── MachineFailed      a virtual machine did not do what it should
        └── ToolFailed         an outside program failed; the command to replay is in the log

Status codes are not known here: each face has one table.
"""

from galeria.domain.messages import EMPTY, Message, join


class GaleriaError(Exception):
    """Something that a person is told: `message` says what happened, `hint` what to do, `code` is stable for programs."""

    code = "InternalError"

    def __init__(
        self, message: Message, *, hint: Message = EMPTY, code: str | None = None, target: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).code
        self.target = target

    @property
    def whole(self) -> Message:
        """The message and its hint."""
        return join(self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Invalid(GaleriaError):
    code = "InvalidParameter"


class Unauthenticated(GaleriaError):
    code = "InvalidAuthenticationToken"


class Forbidden(GaleriaError):
    code = "AuthorizationFailed"


class NotFound(GaleriaError):
    code = "ResourceNotFound"


class Conflict(GaleriaError):
    code = "Conflict"


class Canceled(GaleriaError):
    code = "OperationCanceled"


class Precondition(GaleriaError):
    code = "PreconditionFailed"


class TooLarge(GaleriaError):
    code = "RequestEntityTooLarge"


class Unavailable(GaleriaError):
    code = "ServiceUnavailable"


class OutOfSpace(Unavailable):
    code = "OutOfSpace"


class StoreUnavailable(Unavailable):
    code = "StoreUnavailable"


class Corrupt(Unavailable):
    code = "CorruptData"


class MachineFailed(Unavailable):
    code = "MachineFailed"


class ToolFailed(Unavailable):
    code = "ToolFailed"

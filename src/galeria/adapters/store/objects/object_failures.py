"""What an object store means by an error: the code in its answer, and what a person can do about it.

S3 and its kin, and Azure, answer with XML that holds a code; obstore passes it on within its own text. An answer to HEAD has no
body, so that only the status is known then.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from galeria.domain.messages import Message

_CODE = re.compile(r"<Code>\s*(\w+)\s*</Code>", re.IGNORECASE)
_SAID = re.compile(r"<Message>\s*(.*?)\s*</Message>", re.IGNORECASE | re.DOTALL)
_REFUSED = re.compile(r"status code: 40[13]\b")
_MOST_SAID = 300  # characters of the store's own sentence


class ObjectFailure(StrEnum):
    """A kind of failure that a person mends in its own way."""

    NO_BUCKET = "no bucket"
    REFUSED = "refused"
    EXPIRED = "expired"
    CLOCK = "clock"
    REGION = "region"
    BUSY = "busy"
    NO_TLS = "no TLS"
    OTHER = "other"


_KINDS = {
    ObjectFailure.NO_BUCKET: ("NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "ResourceNotFound"),
    ObjectFailure.REFUSED: (
        "AccessDenied",
        "AccountProblem",
        "AuthenticationFailed",
        "AuthorizationFailure",
        "AuthorizationPermissionMismatch",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
    ),
    ObjectFailure.EXPIRED: ("ExpiredToken", "InvalidToken", "TokenRefreshRequired"),
    ObjectFailure.CLOCK: ("RequestTimeTooSkewed", "RequestExpired"),
    ObjectFailure.REGION: ("AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"),
    ObjectFailure.BUSY: ("RequestLimitExceeded", "ServerBusy", "ServiceUnavailable", "SlowDown", "TooManyRequests"),
}
_BY_CODE = {code: kind for kind, codes in _KINDS.items() for code in codes}


def kind_of(error: Exception) -> ObjectFailure:
    """Return what kind of failure the store's answer tells of."""
    text = str(error)
    if (found := _CODE.search(text)) and (kind := _BY_CODE.get(found[1])):
        return kind
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or _REFUSED.search(text):
        return ObjectFailure.REFUSED
    if isinstance(error, BaseError) and "builder error" in text and "http" in text.lower():
        return ObjectFailure.NO_TLS
    return ObjectFailure.OTHER


def reason_of(error: Exception) -> str:
    """Return the store's code and sentence where it gave them, else the first line of the error.

    obstore appends pages of Rust's debug output after the first line, and some stores a line break within their answer.
    """
    text = str(error)
    if not (code := _CODE.search(text)):
        return (text.splitlines() or [type(error).__name__])[0]
    said = _SAID.search(text)
    sentence = " ".join(said[1].split())[:_MOST_SAID] if said else ""
    return f"{code[1]} ({sentence})" if sentence else code[1]


def hint_of(kind: ObjectFailure, region: str) -> Message:
    """Return what to do about it."""
    return _HINTS[kind](region)


_HINTS: Mapping[ObjectFailure, Callable[[str], Message]] = {
    ObjectFailure.NO_BUCKET: lambda region: Message(
        "Make the bucket, or correct 'bucket_url' of region {region} in the settings, then retry. "
        "No image is taken for lost meanwhile.",
        region=region,
    ),
    ObjectFailure.REFUSED: lambda region: Message(
        "Check the account and the secret of region {region}, and that it may read, write, list and delete there, then retry.",
        region=region,
    ),
    ObjectFailure.EXPIRED: lambda region: Message(
        "Renew the credentials of region {region}, restart the server, then retry.", region=region
    ),
    ObjectFailure.CLOCK: lambda _: Message("Set the clock of this computer right, for example by NTP, then retry."),
    ObjectFailure.REGION: lambda region: Message(
        "Set 'signing_region' of region {region} to the bucket's own, then retry.", region=region
    ),
    ObjectFailure.BUSY: lambda _: Message(
        "The store takes no more requests for now. Retry in some minutes: what was stored so far is kept."
    ),
    ObjectFailure.NO_TLS: lambda region: Message(
        "Let the endpoint of region {region} be https://, or set allow_http = true for a network of your own.",
        region=region,
    ),
    ObjectFailure.OTHER: lambda region: Message(
        "Check that the directory or bucket of region {region} can be reached and written, then retry.", region=region
    ),
}

"""Translate errors of file systems and object stores into errors of the domain."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from galeria.adapters.store.objects.object_failures import hint_of, kind_of, reason_of
from galeria.domain.errors import OutOfSpace, StoreUnavailable
from galeria.domain.messages import Message

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = ("No space left on device", "Disk quota exceeded", "StorageFull", "QuotaExceeded")


@contextmanager
def translated_errors(region: str, doing: Message) -> Iterator[None]:
    """Translate errors of the file system and of object stores into OutOfSpace and StoreUnavailable.

    `doing` completes the sentence "The store of region X failed while …".
    """
    try:
        yield
    except (OSError, BaseError) as error:
        if _is_full(error):
            raise OutOfSpace(
                Message("The store of region {region} is full: it failed while {doing}.", region=region, doing=doing),
                hint=Message(
                    "Free or add space for region {region} (deleting image versions and collecting helps), "
                    "then retry: what was stored so far is kept and not written again.",
                    region=region,
                ),
                target=region,
            ) from error
        raise StoreUnavailable(
            Message(
                "The store of region {region} failed while {doing}: {reason}",
                region=region,
                doing=doing,
                reason=reason_of(error),
            ),
            hint=hint_of(kind_of(error), region),
            target=region,
        ) from error


def _is_full(error: OSError | BaseError) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(words in str(error) for words in _FULL_WORDS)

"""Why a machine did not come up, as people are told it."""

from galeria.domain.errors import MachineFailed, RootDiskNotFound
from galeria.domain.labs.boot_diagnosis import NO_ROOT_DISK, WAITS_FOR_LOGIN, Diagnosis
from galeria.domain.messages import EMPTY, Message, join


def start_failure(
    what: Message, found: Diagnosis | None, *, hint: Message = EMPTY, code: str | None = None
) -> MachineFailed:
    """Return the error with what the console says besides. Its cure is the better one, but for a mere login."""
    if found is None:
        usual = Message("The page of this operation shows the end of the machine's console, and its screen.")
        return MachineFailed(what, hint=hint or usual, code=code)
    is_up = found is WAITS_FOR_LOGIN and bool(hint)
    kind = RootDiskNotFound if found is NO_ROOT_DISK else MachineFailed
    return kind(join(what, found.message), hint=hint if is_up else found.hint, code=code)

"""Wrong passwords of machines, counted by person, address and machine together, and recorded in the activity log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from anyio import to_thread

from galeria.actions.core.audit import record_audit
from galeria.actions.core.caller import Caller
from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.labs.terminals import ANOTHER_KEY, BLOCKED, OPEN, WRONG_TRY, Terminal
from galeria.domain.audit import FAILED
from galeria.domain.errors import GaleriaError, TooManyRequests
from galeria.domain.messages import Message
from galeria.domain.reach.terminals import HostKeyChanged, SignInRefused
from galeria.ports.work import WrongTries

WRONG = 5  # within five minutes; then each one blocks for twice as long as the last, from 10 seconds on


class TerminalTries:
    """Lets one sign-in at a time be tried for each person, address and machine, and slows down who is wrong again and again.

    One that succeeds forgets none that failed: it may be to another account. What was typed is in no entry.
    """

    def __init__(self, requests: RequestFactory, tries: WrongTries) -> None:
        self._requests, self._tries = requests, tries
        self._under_way: set[str] = set()

    @asynccontextmanager
    async def trying(self, caller: Caller, terminal: Terminal) -> AsyncIterator[None]:
        """Watch over one try, which counts where it raises SignInRefused. Raises TooManyRequests before it."""
        key = f"terminal {caller.principal.id}@{caller.address}/{terminal.machine_id}"
        if key in self._under_way:  # else many tries that are sent at once would all be checked
            raise _too_many(1)
        self._under_way.add(key)
        try:
            if seconds := await to_thread.run_sync(self._tries.blocked_seconds, key):
                raise _too_many(seconds)
            yield
        except SignInRefused:
            await to_thread.run_sync(partial(self._tries.count, key, limit=WRONG))
            raise
        finally:
            self._under_way.discard(key)

    def record(self, caller: Caller, terminal: Terminal, error: GaleriaError) -> None:
        """Record a try that was refused; it runs in a thread. Blocked ones, which may be many, are counted."""
        if isinstance(error, SignInRefused | HostKeyChanged):
            detail = WRONG_TRY if isinstance(error, SignInRefused) else ANOTHER_KEY
            with self._requests.anonymous_writing() as request:
                record_audit(request, caller, OPEN, terminal.scope, FAILED, detail=detail)
        elif isinstance(error, TooManyRequests):
            self._requests.record_refusal(caller, OPEN, terminal.scope, BLOCKED, address=caller.address)


def _too_many(seconds: int) -> TooManyRequests:
    return TooManyRequests(
        Message("There were too many wrong tries, so that nothing is passed on to the machine for a while."),
        hint=Message("Try again in {seconds} seconds.", seconds=seconds),
        seconds=seconds,
    )

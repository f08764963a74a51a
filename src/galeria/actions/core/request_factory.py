"""Opening requests: each is one transaction."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from galeria.actions.core.audit import INSTALLATION, record_audit, record_own_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.refusals import RefusalCounter, with_count
from galeria.actions.core.request import Request, with_caller
from galeria.domain.audit import FAILED
from galeria.domain.errors import Collision, Forbidden, GaleriaError, NotFound
from galeria.domain.foreign_text import foreign_text
from galeria.domain.messages import Message
from galeria.domain.settings import Settings
from galeria.ports.database import Database, UnitOfWork
from galeria.ports.files import DiskRoom
from galeria.ports.work import Clock, IdGenerator

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R", bound=BaseRequest)
TRIES = 50  # of work that others were quicker than: each of them is another process's, or other work's
# Seconds between two turns. SQLite's waiters look again every 1 to 100 ms, and would find it locked for as long as turns last.
BREATH = 0.005
OTHER_REFUSALS = "Microsoft.Galeria/requests/action"
"""The action of an entry about a refusal that names none."""
NO_ROLE = Message("refused: no role allows it")
MORE = Message("more refusals than are recorded one by one")


@dataclass(frozen=True, kw_only=True)
class RequestFactory:
    """Opens transactions for actions, with a caller and without, and records what callers are refused.

    May be used by several threads.
    """

    database: Database
    clock: Clock
    id_generator: IdGenerator
    settings: Settings
    disk_room: DiskRoom
    refusals: RefusalCounter = field(default_factory=RefusalCounter)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def writing(self, caller: Caller) -> Iterator[Request]:
        """One transaction for one request: committed when the block ends well, rolled back otherwise."""
        with self._recording(caller), self.anonymous_writing() as request:
            yield with_caller(request, caller)

    def in_turn(self, caller: Caller, work: Callable[[Request], T]) -> T:
        """Does the work in a transaction as `writing` does, and again where somebody was quicker.

        For work for which many come at the same moment, each to take one of the same things: in this process one goes after
        the other, and so none of them undoes the others' work. Must not be called within a transaction. Raises what the work
        raises.
        """
        return self._in_turn(lambda: self.writing(caller), work)

    def anonymous_in_turn(self, work: Callable[[BaseRequest], T]) -> T:
        """Does the work as `in_turn` does, for a request of nobody in particular."""
        return self._in_turn(self.anonymous_writing, work)

    def _in_turn(self, opened: Callable[[], AbstractContextManager[R]], work: Callable[[R], T]) -> T:
        with self._turn:
            try:
                for _ in range(TRIES - 1):
                    try:
                        return _done(opened, work)
                    except Collision:
                        continue
                return _done(opened, work)
            finally:
                time.sleep(BREATH)

    @contextmanager
    def reading(self, caller: Caller) -> Iterator[Request]:
        """One moment of the database for a request that changes nothing; waits for nobody who writes."""
        with self._recording(caller), self.anonymous_reading() as request:
            yield with_caller(request, caller)

    @contextmanager
    def anonymous_writing(self) -> Iterator[BaseRequest]:
        """Opens a transaction as `writing` does, for a request of nobody in particular."""
        with self.database() as uow:
            yield self._request(uow)
            uow.commit()

    @contextmanager
    def anonymous_reading(self) -> Iterator[BaseRequest]:
        """Opens a read-only transaction as `reading` does, for a request of nobody in particular."""
        with self.database(reading=True) as uow:
            yield self._request(uow)

    def record_refusal(
        self, caller: Caller | None, action: str, scope: str, detail: Message, *, about: str = "", address: str = ""
    ) -> None:
        """Adds an entry about a refusal to the audit log, in a transaction of its own; a frequent one is counted instead.

        What is an entry stands in the program's log as well.

        Without a caller it is about somebody at the `address` who is not known, and `about` tells apart what is counted by
        itself, such as names. It must not be called within a writing
        transaction. A failure is logged: the refusal itself stands.
        """
        who = caller.principal.id if caller else about
        try:
            counted = self.refusals.count((who, action, scope, address), self.clock.now())
            if counted is None:
                return
            kind, number = counted
            if caller:
                told = foreign_text(f"{action} on {scope or 'everything'}: {detail}")
                log.warning("refused to %s from %s: %s", caller.principal.name, address or "here", told)
            with self.anonymous_writing() as request:
                whole = scope or f"/subscriptions/{request.uow.subscriptions()[0].id}"
                if not any(kind):
                    record_own_audit(request, OTHER_REFUSALS, whole, FAILED, detail=with_count(MORE, number))
                elif caller:
                    record_audit(request, caller, action, whole, FAILED, detail=with_count(detail, number))
                else:
                    record_own_audit(request, action, whole, FAILED, address=address, detail=with_count(detail, number))
        except GaleriaError:
            log.exception("a refusal could not be recorded: %s on %s for %s", action, scope, who or INSTALLATION)

    @contextmanager
    def _recording(self, caller: Caller) -> Iterator[None]:
        try:
            yield
        except (Forbidden, NotFound) as error:
            if isinstance(error, NotFound) and not error.refused_action:
                raise
            action, scope = error.refused_action or OTHER_REFUSALS, error.refused_scope
            detail = NO_ROLE if error.refused_action else error.message
            self.record_refusal(caller, action, scope, detail, address=caller.address)
            raise

    def _request(self, uow: UnitOfWork) -> BaseRequest:
        return BaseRequest(
            uow=uow,
            clock=self.clock,
            id_generator=self.id_generator,
            settings=self.settings,
            disk_room=self.disk_room,
        )


def _done(opened: Callable[[], AbstractContextManager[R]], work: Callable[[R], T]) -> T:
    with opened() as request:
        return work(request)

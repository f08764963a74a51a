"""Repositories of messages to students, of raised hands, and of who watches students' machines."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, batches
from galeria.adapters.db.tables import help_tables
from galeria.domain.classes.class_help import ClassMessage, MachineWatcher, RaisedHand
from galeria.domain.messages import Message

_MESSAGES = help_tables.class_messages.c
_HANDS = help_tables.raised_hands.c
_WATCHERS = help_tables.machine_watchers.c


class SqlClassMessageRepository(SqlRepository[ClassMessage]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, ClassMessage, help_tables.class_messages, Message("message"))

    def of_lab(self, lab_id: str, *, since: datetime) -> list[ClassMessage]:
        order = (_MESSAGES.sent_at.desc(), _MESSAGES.id)
        return self._where(_MESSAGES.lab_id == lab_id, _MESSAGES.sent_at >= since, order=order)

    def open_of(self, user_id: str, *, since: datetime) -> list[ClassMessage]:
        conditions = (_MESSAGES.user_id == user_id, _MESSAGES.seen_at.is_(None), _MESSAGES.sent_at >= since)
        return self._where(*conditions, order=(_MESSAGES.sent_at, _MESSAGES.id))

    def not_shown(self, *, since: datetime) -> list[ClassMessage]:
        conditions = (_MESSAGES.shown_at.is_(None), _MESSAGES.sent_at >= since)
        return self._where(*conditions, order=(_MESSAGES.sent_at, _MESSAGES.id))

    def forget(self, *, sent_before: datetime) -> None:
        self._session.execute(sa.delete(help_tables.class_messages).where(_MESSAGES.sent_at < sent_before))


class SqlRaisedHandRepository(SqlRepository[RaisedHand]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, RaisedHand, help_tables.raised_hands, Message("raised hand"))

    def of_lab(self, lab_id: str) -> list[RaisedHand]:
        conditions = (_HANDS.lab_id == lab_id, _HANDS.answered_at.is_(None))
        return self._where(*conditions, order=(_HANDS.raised_at, _HANDS.user_id))


class SqlWatcherRepository(SqlRepository[MachineWatcher]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, MachineWatcher, help_tables.machine_watchers, Message("watcher"))

    def of_machines(self, machine_ids: Collection[str]) -> list[MachineWatcher]:
        order = (_WATCHERS.name, _WATCHERS.id)
        return [
            each
            for some in batches(sorted(machine_ids))
            for each in self._where(_WATCHERS.machine_id.in_(some), order=order)
        ]

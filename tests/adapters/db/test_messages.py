"""Messages are stored with their values; sentences that were stored before there were messages are kept."""

import sqlalchemy as sa

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.audit import AuditEvent, AuditSearch
from galeria.domain.messages import EMPTY, Message, Word, verbatim
from galeria.domain.states import LabState

from . import samples

STATED = Message("The lab '{lab}' is {state}.", lab="Álgebra", state=LabState.DRAFT)


def kept(db: SqlDatabase, event: AuditEvent) -> Message:
    with db() as unit:
        unit.audit.add(event)
        unit.commit()
    return read(db)


def read(db: SqlDatabase) -> Message:
    with db(reading=True) as unit:
        (found,) = unit.audit.search((samples.GROUP.lower(),), AuditSearch(), offset=0, limit=9)
    return found.detail


def test_a_message_comes_back_with_its_values(db: SqlDatabase) -> None:
    detail = kept(db, samples.event(samples.GROUP.lower(), detail=STATED))

    assert (detail, detail.template) == (STATED, STATED.template)
    assert detail.values == {"lab": "Álgebra", "state": Word("Draft")}


def test_no_message_comes_back_as_none(db: SqlDatabase) -> None:
    assert kept(db, samples.event(samples.GROUP.lower(), detail=EMPTY)) == EMPTY


def test_an_old_sentence_comes_back_verbatim(db: SqlDatabase, engine: sa.Engine) -> None:
    kept(db, samples.event(samples.GROUP.lower(), detail=STATED))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_events SET detail = 'The lab ''a'' is Draft.'")

    found = read(db)

    assert found == "The lab 'a' is Draft."
    assert found.template == verbatim("x").template

"""Start and stop machines when schedules say so. What was due while the service was down is done as far as it still holds."""

import logging
from datetime import timedelta

from galeria.actions.classes.class_times import do_due_work
from galeria.domain.classes.class_help import KEPT_FOR
from galeria.domain.classes.due import LOOK_BACK, due_work
from galeria.domain.classes.occurrences import OccurrenceRecord
from galeria.domain.classes.settings import start_lead
from galeria.domain.errors import GaleriaError
from galeria.domain.labs.schedules import Schedule
from galeria.ports.database import UnitOfWork
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)

KEPT = LOOK_BACK + timedelta(days=2)  # longer than anything is looked back for, so that nothing is done twice


def keep_class_times(context: WorkflowContext) -> None:
    """Begin what is due, in one transaction for each lab. Operations that this begins are started by another job.

    A lab that cannot be looked at holds up no other.
    """
    with context.database(reading=True) as uow:
        due = _due_labs(context, uow)
    for id in due:
        try:
            with context.database() as uow:
                lab = uow.labs.find(id)
                if lab:
                    do_due_work(context.request(uow), lab, context.clock.now())
                uow.commit()
        except GaleriaError:
            log.exception("the schedules of lab %s could not be followed", id)


def forget_class_times(context: WorkflowContext) -> None:
    """Remove what is remembered of classes that were over long ago, and messages of long ago."""
    with context.database() as uow:
        uow.occurrence_records.forget(stopped_before=context.clock.now() - KEPT)
        uow.class_messages.forget(sent_before=context.clock.now() - KEPT_FOR)
        uow.commit()


def _due_labs(context: WorkflowContext, uow: UnitOfWork) -> list[str]:
    """Return the labs whose schedules ask for anything now, without holding up anybody who writes."""
    now = context.clock.now()
    schedules: dict[str, list[Schedule]] = {}
    for schedule in uow.schedules.all():
        schedules.setdefault(schedule.lab_id, []).append(schedule)
    lab_ids = {*schedules, *(each.lab_id for each in uow.occurrence_records.running())}
    records: dict[str, list[OccurrenceRecord]] = {}
    for record in uow.occurrence_records.of_labs(lab_ids):
        records.setdefault(record.lab_id, []).append(record)
    return [
        lab.id
        for lab in uow.labs.of_ids(lab_ids)
        if due_work(schedules.get(lab.id, ()), records.get(lab.id, ()), now, start_lead(lab.profiles))
    ]

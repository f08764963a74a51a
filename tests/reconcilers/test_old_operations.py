"""Operations that ended long ago go, in short transactions; what somebody may still look at or retry stays."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from galeria.actions.labs.labs import delete_lab
from galeria.actions.versions.operations import get_operation, retry_operation
from galeria.bootstrap import periodic_jobs
from galeria.bootstrap.periodic_jobs import Alone, PeriodicJob, Reconciler, removal_jobs
from galeria.domain.errors import NotFound
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus
from galeria.ports.database import Database, UnitOfWork
from galeria.reconcilers import operations
from galeria.reconcilers.operations import remove_old_operations
from galeria.workflows.context import WorkflowContext
from tests.crashing import Crash
from tests.later_clock import Later
from tests.local_installation import LocalInstallation, lab_id
from tests.prepared_installations import MakeInstallation, with_running_lab

DAYS = 90


@dataclass
class History:
    """What a durable engine remembers: so many pieces of work."""

    pieces: int = 0
    asked: list[datetime] = field(default_factory=list)

    def forget_ended(self, *, begun_before: datetime, limit: int) -> int:
        self.asked.append(begun_before)
        forgotten = min(limit, self.pieces)
        self.pieces -= forgotten
        return forgotten


@dataclass(frozen=True)
class Noticed:
    """A database; each unit of work that writes is noticed before it begins."""

    database: Database
    notice: Callable[[], None]

    def __call__(self, *, reading: bool = False) -> UnitOfWork:
        if not reading:
            self.notice()
        return self.database(reading=reading)


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def all_operations(installation: LocalInstallation) -> list[Operation]:
    """The newest first."""
    with installation.context.database(reading=True) as uow:
        return uow.operations.recent(limit=1000)


def ids(installation: LocalInstallation) -> set[str]:
    return {each.id for each in all_operations(installation)}


def later(installation: LocalInstallation, days: float) -> WorkflowContext:
    return replace(installation.context, clock=Later(timedelta(days=days), installation.context))


def remove(context: WorkflowContext, history: History | None = None) -> None:
    remove_old_operations(context, history or History(), rest=lambda _seconds: None)


def power_cycles(installation: LocalInstallation, count: int) -> list[Operation]:
    """The template is stopped and started so often; returns these operations, oldest first."""
    done = []
    for _ in range(count):
        done.append(installation.run(installation.begin_stop("algebra")))
        done.append(installation.run(installation.begin_start("algebra")))
    return done


def test_the_newest_of_each_kind_stays_while_its_subject_is_there(running: LocalInstallation) -> None:
    before = all_operations(running)
    done = power_cycles(running, 3)
    remove(later(running, DAYS - 1))
    assert len(all_operations(running)) == len(before) + len(done), "nothing is old enough"
    remove(later(running, DAYS + 1))
    start = next(each for each in before if each.subject == done[0].subject)
    # The import of the image, and the creation of the lab, are the newest on what is still there.
    kept = {each.id for each in before if each.id != start.id} | {each.id for each in done[-2:]}
    assert ids(running) == kept
    with running.context.database(reading=True) as uow:
        assert uow.operations.steps(done[-1].id)
        assert uow.operations.steps(done[0].id) == []
        assert uow.operations.newest_on([done[0].subject])[done[0].subject].id == done[-1].id


def test_a_removed_operation_is_unknown_and_its_traces_in_the_activity_log_stay(running: LocalInstallation) -> None:
    done = power_cycles(running, 2)
    with running.context.database(reading=True) as uow:
        events = [each.id for each in uow.audit.recent(limit=1000)]
    remove(later(running, DAYS + 1))
    with running.request() as request, pytest.raises(NotFound):
        get_operation(request, done[0].id)
    with running.context.database(reading=True) as uow:
        assert [each.id for each in uow.audit.recent(limit=1000)] == events


def test_all_goes_with_its_subject(running: LocalInstallation) -> None:
    power_cycles(running, 1)
    lab_and_machine = {running.machine("algebra").id, running.machine("algebra").lab_id}
    with running.request("educator") as request:
        deletion = delete_lab(request, lab_id("algebra"))
    running.run(deletion)
    assert lab_and_machine < {each.subject for each in all_operations(running)}
    remove(later(running, DAYS + 1))
    assert not lab_and_machine & {each.subject for each in all_operations(running)}


def test_what_has_not_ended_stays_however_old_it_is(running: LocalInstallation) -> None:
    waiting = running.begin_stop("algebra")
    remove(later(running, 10 * DAYS))
    assert running.run(waiting).status is OperationStatus.SUCCEEDED


def test_the_last_failure_may_be_retried_years_later(running: LocalInstallation) -> None:
    failed = running.run(running.begin_import("third", b"no disk"))
    assert failed.status is OperationStatus.FAILED
    remove(later(running, 10 * DAYS))
    with running.request() as request:
        assert retry_operation(request, failed.id).attempt == 2
    assert running.run(failed).attempt == 2


def test_one_that_is_retried_meanwhile_stays(running: LocalInstallation) -> None:
    """Between the look at the oldest operations and their removal."""
    done = power_cycles(running, 2)
    context = later(running, DAYS + 1)

    def retry() -> None:
        with running.context.database() as uow:
            operation = uow.operations.get(done[0].id)
            operation.status, operation.ended_at = OperationStatus.NOT_STARTED, None
            uow.commit()

    remove(replace(context, database=Noticed(context.database, retry)))
    assert ids(running) & {each.id for each in done} == {done[0].id, *(each.id for each in done[-2:])}


def test_nothing_is_removed_where_everything_is_kept_for_ever(running: LocalInstallation) -> None:
    power_cycles(running, 2)
    before = ids(running)
    settings = running.context.settings
    kept = replace(settings, background=replace(settings.background, operation_days=0))
    history = History(pieces=3)
    remove(replace(later(running, 100 * DAYS), settings=kept), history)
    assert (ids(running), history.pieces) == (before, 3)


def test_many_go_in_several_short_transactions_with_rests(
    running: LocalInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE", 3)
    done = power_cycles(running, 4)
    context, history = later(running, DAYS + 1), History(pieces=7)
    rests: list[float] = []
    writings: list[None] = []
    noticed = Noticed(context.database, lambda: writings.append(None))
    remove_old_operations(replace(context, database=noticed), history, rest=rests.append)
    assert ids(running) & {each.id for each in done} == {each.id for each in done[-2:]}
    assert (history.pieces, len(history.asked)) == (0, 4)
    assert len(writings) > 1
    assert len(rests) >= len(history.asked) + len(writings)
    assert min(rests) > 0


def test_after_a_crash_the_next_run_removes_the_rest(
    running: LocalInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    done = power_cycles(running, 4)
    context, history = later(running, DAYS + 1), History(pieces=5)

    def crash() -> None:
        if len(ids(running) & {each.id for each in done}) < len(done):
            raise Crash

    with pytest.raises(Crash):
        remove(replace(context, database=Noticed(context.database, crash)), history)
    left = ids(running) & {each.id for each in done}
    assert 2 < len(left) < len(done)
    assert history.pieces == 0
    remove(context, history)
    assert ids(running) & {each.id for each in done} == {each.id for each in done[-2:]}


def test_what_the_deletion_of_a_group_may_wait_for_stays(running: LocalInstallation) -> None:
    done = power_cycles(running, 3)
    own = {"id": running.context.id_generator.new_guid(), "kind": OperationKind.DELETE_GROUP, "subject": "a group"}
    waiting = replace(done[2], status=OperationStatus.IN_PROGRESS, ended_at=None, **own)  # type: ignore[arg-type]
    with running.context.database() as uow:
        uow.operations.add(waiting)
        uow.commit()
    history = History()
    remove(later(running, DAYS + 1), history)
    assert history.asked == [waiting.created_at]
    assert {waiting.id, *(each.id for each in done[2:])} <= ids(running)
    assert not {each.id for each in done[:2]} & ids(running)


def test_it_is_done_daily_by_one_of_all_processes(running: LocalInstallation) -> None:
    (job,) = removal_jobs(running.context, History())
    assert (job.every, job.alone) == (24 * 3600, Alone.EVERYWHERE)


def test_what_is_done_daily_is_done_where_the_computer_restarts_every_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic_jobs, "LONGEST_START", 0.01)
    done = threading.Event()
    reconciler = Reconciler((PeriodicJob(every=24 * 3600, do=done.set),))
    reconciler.start()
    try:
        assert done.wait(20)
    finally:
        reconciler.stop()

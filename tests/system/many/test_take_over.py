"""Processes that are killed or stopped in the middle of work: others go on with it, nothing is lost and nothing done twice."""

import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.imports import ImportResult
from tests.system.many.computers import Computers, Process, random_disk
from tests.system.many.step_log import Run, note_steps, runs
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, begin_disks, open_gallery
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

TAKEN_OVER = 30.0  # seconds
BLINK = timedelta(seconds=0.5)  # between the note of the time and the signal
IMPORTS, MIB = 2, 96  # for each one that is gone
EX_TEMPFAIL = 75


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_others_go_on_with_the_work_of_one_that_is_gone(
    computers: Computers, tmp_path: Path, how: signal.Signals
) -> None:
    _, endpoint = computers.serve("first", "--no-worker")
    note_steps(computers.database)
    galeria = computers.galeria(endpoint)
    open_gallery(galeria)
    begun: list[ImportResult] = []
    workers = [computers.work("second"), computers.work("third")]
    gone: dict[int, datetime] = {}
    for _ in range(2):
        begun += [_import(galeria, tmp_path, len(begun) + number) for number in range(IMPORTS)]
        victim = _at_work(computers, workers)
        gone[victim.pid] = _now(computers.database)
        victim.send(how)
        workers.remove(victim)
        workers.append(computers.work("fourth"))
    until(lambda: _all_ended(computers, galeria, begun, workers), "the work ends", seconds=400)
    for each in begun:
        galeria.wait(each.begun, seconds=1)
        version = galeria.versions.get(GALLERY, each.image, each.version)
        replicas = version["properties"]["galeria"]["replicas"]
        assert {(each["region"], each["state"]) for each in replicas} == {
            (SOUTH, "Completed"),
            (SOUTHEAST, "Completed"),
        }

    seen = runs(computers.database)
    _expect_never_two_at_once(seen, gone)
    late = [_take_over_seconds(seen, gone, cut) for cut in seen if cut.ended is None and cut.pid in gone]
    assert late, "nobody was cut off in the middle of a step"
    assert max(late) < TAKEN_OVER, late
    if how is signal.SIGSTOP:
        _expect_woken_ones_end(computers, gone)


def _import(galeria: Galeria, folder: Path, number: int) -> ImportResult:
    return begin_disks(galeria, f"disk{number}", random_disk(folder / f"{number}.raw", MIB), regions=(SOUTH, SOUTHEAST))


def _all_ended(computers: Computers, galeria: Galeria, begun: list[ImportResult], workers: list[Process]) -> bool:
    """Whether all has ended. A worker that had no time to show that it lives ends itself, and is started again."""
    for each in [each for each in workers if each.exit_code is not None]:
        assert each.exit_code == EX_TEMPFAIL, each.log
        workers.remove(each)
        workers.append(computers.work("fifth"))
    operations = [each.begun.operation for each in begun if each.begun.operation]
    return all(galeria.operations.get(each).is_settled for each in operations)


def _at_work(computers: Computers, workers: list[Process]) -> Process:
    """A worker in the middle of a step."""
    found: list[Process] = []

    def look() -> bool:
        unfinished = {each.pid for each in runs(computers.database) if each.ended is None}
        found.extend(each for each in workers if each.pid in unfinished)
        return bool(found)

    until(look, "a worker is at work", seconds=60)
    return found[0]


def _now(database: sa.Engine) -> datetime:
    with database.connect() as connection:
        now: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return now


def _expect_never_two_at_once(seen: list[Run], gone: dict[int, datetime]) -> None:
    for number, run in enumerate(seen):
        for later in seen[number + 1 :]:
            if (later.operation, later.step) == (run.operation, run.step):
                end = run.ended or gone[run.pid]  # nobody else leaves a run without its end
                assert later.began > end, (run, later)
    late = [run for run in seen if run.pid in gone and max(run.began, run.ended or run.began) > gone[run.pid] + BLINK]
    assert late == [], "a process that was stopped still wrote"


def _take_over_seconds(seen: list[Run], gone: dict[int, datetime], cut: Run) -> float:
    again = next(
        run for run in seen if (run.operation, run.step) == (cut.operation, cut.step) and run.began > cut.began
    )
    # Whoever has taken it over may be gone as well before it began.
    last = max(moment for moment in gone.values() if moment < again.began)
    return (again.began - last).total_seconds()


def _expect_woken_ones_end(computers: Computers, gone: dict[int, datetime]) -> None:
    stopped = [each for each in computers.processes if each.pid in gone]
    for each in stopped:
        each.send(signal.SIGCONT)
    assert [each.wait() for each in stopped] == [EX_TEMPFAIL] * len(stopped)


def test_periodic_jobs_are_done_by_one_at_a_time_and_taken_over(computers: Computers) -> None:
    first, _ = computers.serve("first")
    until(lambda: _pid_of_job(computers.database, "job:class times") == first.pid, "the first one follows the classes")
    second = computers.work("second")
    until(
        lambda: _pid_of_job(computers.database, "job:power of all regions at %/second/data"),
        "its machines are looked at",
    )
    assert _pid_of_job(computers.database, "job:class times") == first.pid
    first.send(signal.SIGKILL)
    until(
        lambda: _pid_of_job(computers.database, "job:class times") == second.pid,
        "the second one follows the classes",
        seconds=TAKEN_OVER,
    )


def _pid_of_job(database: sa.Engine, name: str) -> int | None:
    """The process that does the job, the only one."""
    asked = "SELECT pid FROM leases JOIN processes ON processes.id = process_id WHERE name LIKE :name"
    with database.connect() as connection:
        return connection.execute(sa.text(asked), {"name": name}).scalar_one_or_none()

"""Measure in PostgreSQL what it takes to remove old operations with what the durable engine remembers of them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from bench.scale.figures import Figure
from galeria.adapters.db.processes import ProcessKind
from galeria.adapters.db.tables.core_tables import operation_steps, operations, resource_groups, subscriptions
from galeria.adapters.durable import DbosStarter
from galeria.bootstrap.container import Container, open_container
from galeria.domain.operations import OperationKind, StepStatus
from galeria.domain.states import OperationStatus, ProvisioningState
from galeria.ports.work import OldOperation
from galeria.reconcilers.operations import AT_ONCE

SUBJECTS = 2_000
ROUNDS = 6  # on each subject: a start and a stop, of which the last ones are kept
STEPS = 8  # of an operation; of a workflow's finished steps as many
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = BEGAN + timedelta(days=400)
T = TypeVar("T")
KINDS = (OperationKind.START_MACHINE, OperationKind.STOP_MACHINE)


def measure(url: str, folder: Path, *, subjects: int = SUBJECTS) -> list[Figure]:
    """Fill an empty database, and remove what is old there."""
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "galeria.toml").write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    container = open_container(data, fake=True, kind=ProcessKind.WORKER)
    starter = DbosStarter(database_url=container.durable_url, context=container.context, process=container.process)
    try:
        starter.launch()
        with container.sql.begin() as connection:
            ids = _fill_operations(connection, subjects)
            _fill_history(connection, ids)
            connection.execute(sa.text("ANALYZE"))
        return [*_remove_history(starter, len(ids)), *_remove_operations(container, len(ids))]
    finally:
        starter.close()
        container.close()


def _remove_history(starter: DbosStarter, count: int) -> list[Figure]:
    seconds, forgotten = _timed(lambda: starter.forget_ended(begun_before=LATER, limit=AT_ONCE))
    taken = [seconds]
    total = forgotten
    while forgotten:
        seconds, forgotten = _timed(lambda: starter.forget_ended(begun_before=LATER, limit=AT_ONCE))
        taken, total = [*taken, seconds], total + forgotten
    assert total == count
    return [Figure(f"{AT_ONCE} workflows with {STEPS} steps each are forgotten", _told(taken))]


def _remove_operations(container: Container, count: int) -> list[Figure]:
    looks: list[float] = []
    removals: list[float] = []
    last: OldOperation | None = None
    removed = 0
    while True:
        with container.database(reading=True) as uow:
            seconds, found = _timed(partial(uow.operations.begun_before, LATER, after=last, limit=AT_ONCE))
        if not found:
            break
        looks.append(seconds)
        ids = [each.id for each in found if each.is_removable]
        last = found[-1]
        if ids:
            seconds, gone = _timed(partial(_removed, container, ids))
            removals, removed = [*removals, seconds], removed + gone
    assert 0 < removed < count
    return [
        Figure(f"a look at {AT_ONCE} operations", _told(looks)),
        Figure(f"{AT_ONCE} operations with {STEPS} steps each are removed, with the writers' lock", _told(removals)),
        Figure("removed operations, and those that stayed", f"{removed}, {count - removed}"),
    ]


def _removed(container: Container, ids: list[str]) -> int:
    with container.database() as uow:
        count = uow.operations.remove_ended(ids, before=LATER)
        uow.commit()
    return count


def _timed(do: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = do()
    return time.perf_counter() - began, done


def _told(taken: list[float]) -> str:
    ordered = sorted(each * 1000 for each in taken)
    return f"{sum(ordered) / len(ordered):.1f} ms, half of them {ordered[len(ordered) // 2]:.1f}, the longest {ordered[-1]:.1f}"


def _fill_operations(connection: sa.Connection, subjects: int) -> list[str]:
    """Return the ids of the operations, each of which has ended."""
    place = "/subscriptions/s/resourceGroups/g"
    connection.execute(sa.insert(subscriptions), {"id": "s", "display_name": "s"})
    stamps = {"created_at": BEGAN, "created_by": "", "modified_at": BEGAN, "modified_by": ""}
    group = {
        "location": "brazilsouth",
        "tags": {},
        "state": ProvisioningState.SUCCEEDED,
        "subscription_id": "s",
        **stamps,
    }
    names = [f"subject-{number}" for number in range(subjects)]
    groups = [{"id": name, "resource_id": place + name, "key": place + name, **group} for name in names]
    connection.execute(sa.insert(resource_groups), groups)
    rows: list[dict[str, Any]] = []
    own = {"status": OperationStatus.SUCCEEDED, "attempt": 1, "subscription_id": "s", "location": "brazilsouth"}
    own |= {"started_by": "p", "stored_inputs": {}, "outputs": {}, "cancel_requested": False, "error_code": ""}
    for day, name, kind in product(range(ROUNDS), names, KINDS):
        at = BEGAN + timedelta(days=day, seconds=len(rows))
        row = {"id": f"{name} {kind} {day}", "kind": kind, "subject": name, "resource_id": place, "resource_key": place}
        rows.append({**own, **row, "error_message": "", "error_hint": "", "created_at": at, "ended_at": at})
    connection.execute(sa.insert(operations), rows)
    step = {"region": "", "status": StepStatus.SUCCEEDED, "runs": 1, "bytes_done": 0, "bytes_total": 0}
    step |= {"started_at": BEGAN, "ended_at": BEGAN, "updated_at": BEGAN}
    ids = [row["id"] for row in rows]
    steps = [
        {**step, "operation_id": id, "position": at, "name": f"Step {at}"} for id, at in product(ids, range(STEPS))
    ]
    connection.execute(sa.insert(operation_steps), steps)
    return ids


def _fill_history(connection: sa.Connection, ids: list[str]) -> None:
    """As if the durable engine had done each of them."""
    own = {"at": int(BEGAN.timestamp() * 1000)}
    status = sa.text(
        "INSERT INTO dbos.workflow_status (workflow_uuid, status, name, created_at, updated_at, priority)"
        " VALUES (:id, 'SUCCESS', 'run_operation', :at, :at, 0)"
    )
    connection.execute(status, [{"id": f"{id}:1", **own} for id in ids])
    outputs = sa.text(
        "INSERT INTO dbos.operation_outputs (workflow_uuid, function_id, function_name, output)"
        " VALUES (:id, :at, 'Start the machine', 'gASVBAAAAAAAAABOLg==')"
    )
    connection.execute(outputs, [{"id": f"{id}:1", "at": at} for id, at in product(ids, range(STEPS))])

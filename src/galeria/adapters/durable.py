"""Run operations as durable DBOS workflows. No other module imports DBOS.

A workflow is a row with the results of its finished steps. After a crash it runs again from the beginning, and finished
steps return their recorded results without running. Its id is made from the operation's id and attempt, so that starting it
twice runs it once.

Where several processes share a database, an operation waits in the queue of its region, and a process takes from the
queues of the regions that it serves. DBOS takes nobody else's work over by itself: `take_over` puts back what a process
that is no more has begun.
"""

import logging
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from datetime import datetime
from typing import ParamSpec, TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID

from galeria.adapters.db.engine import LONGEST_SILENCE, connecting
from galeria.adapters.db.processes import RegisteredProcess
from galeria.adapters.step_gate import StepGate
from galeria.domain.errors import GaleriaError, Unavailable
from galeria.domain.messages import Message, verbatim
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus, is_settled
from galeria.log_context import logged_as
from galeria.workflows.classes.start_queue import admit
from galeria.workflows.context import WorkflowContext
from galeria.workflows.publish_version import replicate_here
from galeria.workflows.regions.replicate_elsewhere import end_broken_replica
from galeria.workflows.run_operation import fail, run_operation

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

# DBOS resumes only workflows of the same application version. These may always be resumed: steps are found by name and
# order, and a release that changes a workflow keeps the old one until no operation runs it any more.
STORIES_VERSION = "1"

# How often a workflow is resumed after crashes. Giving up would leave its operation unfinished for ever; a workflow that
# kills its process each time shows in the log long before.
RECOVERIES = 1_000_000

LOOK_AGAIN = 20.0  # seconds until an operation that was handed over is looked after again

POLL_SECONDS = 0.5  # between two looks into a queue

ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


class DbosStep:
    """Implements the Step port on DBOS. A step counts as under way until DBOS has recorded its result."""

    def __init__(self, gate: StepGate) -> None:
        self._gate = gate

    def __call__(self, name: str, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._gate.passing(name):
            return DBOS.run_step({"name": name}, do, *args, **kwargs)


class DbosStarter:
    """Runs operations in this process.

    DBOS allows one instance per process; call `launch` before use and `close` at the end. With `process`, others work on the
    same database.
    """

    def __init__(
        self,
        *,
        database_url: str,
        context: WorkflowContext,
        workers: int = 16,
        process: RegisteredProcess | None = None,
    ) -> None:
        self._context = replace(context, elsewhere=self) if process else context
        self._process, self._workers = process, workers
        # When to look again after operations that were handed over: asking about hundreds each second takes its time.
        self._looked_after: dict[str, float] = {}
        self._works = False
        self._gate = StepGate()
        self._config: DBOSConfig = {
            "name": "galeria",
            "system_database_url": _impatient(database_url) if process else database_url,
            "application_version": STORIES_VERSION,
            # One that was used before would be taken for the same process, started anew, and its work put back.
            "executor_id": process.id if process else "local",
            "max_executor_threads": workers,
            "log_level": "WARNING",
            "enable_otlp": False,
        }

    def launch(self) -> None:
        """Begin to work. What a killed process left unfinished continues at once, or is taken over."""
        DBOS(config=self._config)

        def run(operation_id: str) -> None:  # DBOS registers functions, not methods.
            self._run_to_end(operation_id)

        def replicate(operation_id: str, version_id: str, region: str) -> None:
            self._replicate_to_end(operation_id, version_id, region)

        self._workflow = DBOS.workflow(name="run_operation", max_recovery_attempts=RECOVERIES)(run)
        self._replication = DBOS.workflow(name="replicate", max_recovery_attempts=RECOVERIES)(replicate)
        regions = [each.name for each in self._context.settings.regions.all]
        if self._process:
            DBOS.listen_queues([_queue(each) for each in regions if self._context.serves(each)])
        DBOS.launch()
        if self._process:
            for each in regions:
                DBOS.register_queue(_queue(each), worker_concurrency=self._workers, polling_interval_sec=POLL_SECONDS)
        self._works = True

    def require_working(self) -> None:
        """Raise Unavailable where no operation can be worked on."""
        if not self._works:
            raise Unavailable(
                Message("Nothing works on operations here."),
                hint=Message("Start the server anew; its log says why the work did not begin or has ended."),
            )
        DBOS.get_workflow_status("")

    @property
    def steps_under_way(self) -> int:
        """How many steps this process works on now."""
        return self._gate.under_way

    def begin_no_more(self) -> None:
        """Begin no further step, and no operation. What waits goes on at the next launch, in another process."""
        self._gate.close()

    def finish_steps(self, seconds: float) -> tuple[str, ...]:
        """Begin no further step, wait for those under way, and return the names of those that are not done by then."""
        self._gate.close()
        return self._gate.wait_empty(seconds)

    def replicate(self, operation_id: str, version_id: str, region: str) -> None:
        with self._context.database(reading=True) as uow:
            attempt = uow.operations.get(operation_id).attempt

        def enqueue() -> None:
            with SetWorkflowID(f"{operation_id}:{attempt}:{region}"):
                DBOS.enqueue_workflow(_queue(region), self._replication, operation_id, version_id, region)

        Context().run(enqueue)  # an empty one: DBOS begins no other workflow within a step

    def is_anybody_at_work(self, region: str) -> bool:
        return self._process is not None and self._process.is_one_at_work(region)

    def take_over(self) -> None:
        """Put back into its queue what processes have begun that are no more. May be repeated and done by several at once."""
        if self._process is None:
            return
        begun = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        # Asked afterwards: whoever has begun anything until now was registered before.
        gone = {str(each.executor_id) for each in begun} - self._process.living()
        if gone:
            log.warning("the work of %d processes that are no more is taken over", len(gone))
            DBOS._recover_pending_workflows(sorted(gone))

    def forget_ended(self, *, begun_before: datetime, limit: int) -> int:
        """Forget old work as the port says, and none any more once this process is asked to stop."""
        with self._context.database(reading=True) as uow:
            unsettled = {each.id for each in uow.operations.unsettled()}
        end, kept = begun_before.isoformat(), 0
        while not self._gate.is_closed:
            found = DBOS.list_workflows(
                status=sorted(ENDED), end_time=end, offset=kept, limit=limit, load_input=False, load_output=False
            )
            old = [each.workflow_id for each in found if each.workflow_id.partition(":")[0] not in unsettled]
            if old:
                DBOS.delete_workflows(old)
            if old or not found:
                return len(old)
            kept += len(found)
        return 0

    def close(self) -> None:
        """Stop working. Operations that run continue at the next launch."""
        self._works = False
        DBOS.destroy(destroy_registry=True)

    def start(self, operation_id: str) -> None:
        if self._gate.is_closed or time.monotonic() < self._looked_after.get(operation_id, 0):
            return
        operation = self._find_waiting(operation_id)
        if operation is None:
            self._looked_after.pop(operation_id, None)
            return
        if not self._context.serves(operation.location):
            return
        if not admit(self._context, operation_id):
            return
        self._looked_after[operation_id] = time.monotonic() + LOOK_AGAIN
        workflow_id = f"{operation_id}:{operation.attempt}"
        known = DBOS.get_workflow_status(workflow_id)
        if known is None:
            self._begin(workflow_id, operation)
        elif known.status in ENDED and self._find_waiting(operation_id):
            # The workflow ended without recording a result, for instance because the database could not be reached then.
            self._give_up(operation_id, Message("its work ended as {status}", status=known.status))

    def _begin(self, workflow_id: str, operation: Operation) -> None:
        with SetWorkflowID(workflow_id):
            if self._process is None:
                DBOS.start_workflow(self._workflow, operation.id)
            else:
                DBOS.enqueue_workflow(_queue(operation.location), self._workflow, operation.id)

    def _find_waiting(self, operation_id: str) -> Operation | None:
        with self._context.database(reading=True) as uow:
            operation = uow.operations.get(operation_id)
        return None if is_settled(operation.status) else operation

    def _run_to_end(self, operation_id: str) -> None:
        try:
            with logged_as(operation_id=operation_id):
                run_operation(DbosStep(self._gate), self._context, operation_id)
        except Exception as error:  # a bug must not leave an operation running for ever
            log.exception("operation %s broke", operation_id)
            self._give_up(operation_id, verbatim(type(error).__name__))
        finally:
            self._looked_after.pop(operation_id, None)

    def _replicate_to_end(self, operation_id: str, version_id: str, region: str) -> None:
        try:
            DbosStep(self._gate)("replicate", replicate_here, self._context, operation_id, version_id, region)
        except GaleriaError as error:  # the version or this region of it is gone
            log.info("version %s is not replicated to %s any more: %s", version_id, region, error)
        except Exception as error:  # whoever asked would wait for ever
            log.exception("replicating version %s to %s broke", version_id, region)
            why = Message("Something unforeseen happened: {reason}.", reason=verbatim(type(error).__name__))
            end_broken_replica(self._context, version_id, region, why)

    def _give_up(self, operation_id: str, reason: Message) -> None:
        message = Message("Something unforeseen happened: {reason}.", reason=reason)
        hint = Message(
            "The server's log tells what. Retry the operation; if it fails again, report it with that part of the log."
        )
        try:
            fail(self._context, operation_id, OperationStatus.FAILED, "InternalError", message, hint)
        except GaleriaError:
            log.exception("operation %s could not be marked as failed", operation_id)


def _queue(region: str) -> str:
    return f"region {region}"


def _impatient(database_url: str) -> str:
    url = sa.make_url(database_url)
    own = connecting(idle_in_transaction_session_timeout=LONGEST_SILENCE)
    return url.update_query_dict({name: str(value) for name, value in own.items()}).render_as_string(
        hide_password=False
    )


class WorkerlessStarter:
    """The starter of a server without a worker: it does nothing, because workers look for new operations themselves."""

    def start(self, operation_id: str) -> None:
        log.debug("operation %s waits for a worker", operation_id)

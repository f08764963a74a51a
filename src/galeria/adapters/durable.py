"""Run operations as durable DBOS workflows. No other module imports DBOS.

A workflow is a row with the results of its finished steps. After a crash it runs again from the beginning, and finished
steps return their recorded results without running. Its id is made from the operation's id and attempt, so that starting it
twice runs it once.
"""

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig, SetWorkflowID

from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message, verbatim
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus, is_settled
from galeria.workflows.classes.start_queue import admit
from galeria.workflows.context import WorkflowContext
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

ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


class DbosStep:
    """Implements the Step port on DBOS."""

    def __call__(self, name: str, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return DBOS.run_step({"name": name}, do, *args, **kwargs)


class DbosStarter:
    """Runs operations in this process.

    DBOS allows one instance per process; call `launch` before use and `close` at the end.
    """

    def __init__(self, *, database_url: str, context: WorkflowContext, workers: int = 16) -> None:
        self._context = context
        # When to look again after operations that were handed over: asking about hundreds each second takes its time.
        self._looked_after: dict[str, float] = {}
        self._config: DBOSConfig = {
            "name": "galeria",
            "system_database_url": database_url,
            "application_version": STORIES_VERSION,
            "executor_id": "local",
            "max_executor_threads": workers,
            "log_level": "WARNING",
            "enable_otlp": False,
        }

    def launch(self) -> None:
        """Begin to work. What a killed process left unfinished continues at once."""
        DBOS(config=self._config)

        def run(operation_id: str) -> None:  # DBOS registers functions, not methods.
            self._run_to_end(operation_id)

        self._workflow = DBOS.workflow(name="run_operation", max_recovery_attempts=RECOVERIES)(run)
        DBOS.launch()

    def close(self) -> None:
        """Stop working. Operations that run continue at the next launch."""
        DBOS.destroy(destroy_registry=True)

    def start(self, operation_id: str) -> None:
        if time.monotonic() < self._looked_after.get(operation_id, 0):
            return
        operation = self._find_waiting(operation_id)
        if operation is None:
            self._looked_after.pop(operation_id, None)
            return
        if not admit(self._context, operation_id):
            return
        self._looked_after[operation_id] = time.monotonic() + LOOK_AGAIN
        workflow_id = f"{operation_id}:{operation.attempt}"
        known = DBOS.get_workflow_status(workflow_id)
        if known is None:
            with SetWorkflowID(workflow_id):
                DBOS.start_workflow(self._workflow, operation_id)
        elif known.status in ENDED and self._find_waiting(operation_id):
            # The workflow ended without recording a result, for instance because the database could not be reached then.
            self._give_up(operation_id, Message("its work ended as {status}", status=known.status))

    def _find_waiting(self, operation_id: str) -> Operation | None:
        with self._context.database(reading=True) as uow:
            operation = uow.operations.get(operation_id)
        return None if is_settled(operation.status) else operation

    def _run_to_end(self, operation_id: str) -> None:
        try:
            run_operation(DbosStep(), self._context, operation_id)
        except Exception as error:  # a bug must not leave an operation running for ever
            log.exception("operation %s broke", operation_id)
            self._give_up(operation_id, verbatim(type(error).__name__))
        finally:
            self._looked_after.pop(operation_id, None)

    def _give_up(self, operation_id: str, reason: Message) -> None:
        message = Message("Something unforeseen happened: {reason}.", reason=reason)
        hint = Message(
            "The server's log tells what. Retry the operation; if it fails again, report it with that part of the log."
        )
        try:
            fail(self._context, operation_id, OperationStatus.FAILED, "InternalError", message, hint)
        except GaleriaError:
            log.exception("operation %s could not be marked as failed", operation_id)


class WorkerlessStarter:
    """The starter of a server without a worker: it does nothing, because workers look for new operations themselves."""

    def start(self, operation_id: str) -> None:
        log.debug("operation %s waits for a worker", operation_id)

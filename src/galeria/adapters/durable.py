"""Long work on DBOS; the only module that knows it.

A workflow is a row with the results of its finished steps. After a crash it runs again from the top, and finished steps give
their recorded results back without running. Its id is the operation's with the attempt, so asking twice runs it once.
"""

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig, SetWorkflowID

from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message, verbatim
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus, is_settled
from galeria.workflows.context import WorkflowContext
from galeria.workflows.run_operation import fail, run_operation

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

# DBOS resumes only workflows of the same application version. Ours may always be resumed: steps are found by name and
# order, and a release that changes a story keeps the old one under its old name until nothing runs it any more.
STORIES_VERSION = "1"

# How often a workflow is resumed after crashes. Giving up would leave its operation unfinished for ever; a story that
# kills its process each time is seen in the log long before.
RECOVERIES = 1_000_000

ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


class DbosStep:
    """The Step port on DBOS."""

    def __call__(self, name: str, do: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return DBOS.run_step({"name": name}, do, *args, **kwargs)


class DbosStarter:
    """Runs operations in this process. DBOS is one per process, and so is this; `launch` before use, `close` at the end."""

    def __init__(self, *, database_url: str, context: WorkflowContext, workers: int = 16) -> None:
        self._context = context
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
        """Begin to work: what a killed process left unfinished goes on at once."""
        DBOS(config=self._config)

        def run(operation_id: str) -> None:  # DBOS registers functions, not methods.
            self._tell(operation_id)

        self._run = DBOS.workflow(name="run_operation", max_recovery_attempts=RECOVERIES)(run)
        DBOS.launch()

    def close(self) -> None:
        """Stop working. What runs goes on at the next launch."""
        DBOS.destroy(destroy_registry=True)

    def start(self, operation_id: str) -> None:
        operation = self._find_waiting(operation_id)
        if operation is None:
            return
        workflow_id = f"{operation_id}:{operation.attempt}"
        known = DBOS.get_workflow_status(workflow_id)
        if known is None:
            with SetWorkflowID(workflow_id):
                DBOS.start_workflow(self._run, operation_id)
        elif known.status in ENDED and self._find_waiting(operation_id):
            # The work has ended without a word about it, say because the database was out of reach at that moment.
            self._give_up(operation_id, Message("its work ended as {status}", status=known.status))

    def _find_waiting(self, operation_id: str) -> Operation | None:
        with self._context.database(reading=True) as uow:
            operation = uow.operations.get(operation_id)
        return None if is_settled(operation.status) else operation

    def _tell(self, operation_id: str) -> None:
        try:
            run_operation(DbosStep(), self._context, operation_id)
        except Exception as error:  # The worker's edge: a bug must not leave an operation running for ever.
            log.exception("operation %s broke", operation_id)
            self._give_up(operation_id, verbatim(type(error).__name__))

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
    """For a server without a worker: the workers look for new operations themselves."""

    def start(self, operation_id: str) -> None:
        log.debug("operation %s waits for a worker", operation_id)

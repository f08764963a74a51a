"""Run an operation: mark it as begun, run the steps of its workflow, and record success or failure in the database."""

from collections.abc import Callable
from functools import partial

from galeria.domain.errors import Canceled, GaleriaError
from galeria.domain.messages import Message, join
from galeria.domain.operations import OPERATION_TYPES, OperationKind
from galeria.domain.states import OperationStatus, is_settled, moved
from galeria.ports.files import REFUSED_FILE
from galeria.ports.work import Step, VisibleStep
from galeria.workflows.classes.kept_machines import bring_back_machine
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_lab import create_lab
from galeria.workflows.create_version import create_version, export_template
from galeria.workflows.delete_group import delete_group
from galeria.workflows.delete_lab import delete_lab
from galeria.workflows.delete_version import delete_version
from galeria.workflows.machine_power import reset_password, start_machine, stop_machine
from galeria.workflows.operation_outcomes import look_at_machine, note_failure, note_success
from galeria.workflows.operation_steps import ShownStep
from galeria.workflows.present_rights import require_present_right
from galeria.workflows.publish_lab import publish_lab, scale_lab
from galeria.workflows.renew_machine import redeploy_machine, reimage_machine
from galeria.workflows.stored_disks import delete_storage, fill_storage
from galeria.workflows.update_version import update_version

Workflow = Callable[[VisibleStep, WorkflowContext, str], None]
"""A function that does one kind of operation in durable steps; its last argument is the operation's id."""

# What else is to be known of each kind stands in domain.operations.OPERATION_TYPES.
WORKFLOWS: dict[OperationKind, Workflow] = {
    OperationKind.CREATE_VERSION: create_version,
    OperationKind.EXPORT_TEMPLATE: export_template,
    OperationKind.UPDATE_VERSION: update_version,
    OperationKind.DELETE_VERSION: delete_version,
    OperationKind.CREATE_DISK: fill_storage,
    OperationKind.STORE_UPLOAD: fill_storage,
    OperationKind.RESIZE_DISK: fill_storage,
    OperationKind.DELETE_DISK: delete_storage,
    OperationKind.CREATE_SNAPSHOT: fill_storage,
    OperationKind.DELETE_SNAPSHOT: delete_storage,
    OperationKind.CREATE_IMAGE: fill_storage,
    OperationKind.DELETE_IMAGE: delete_storage,
    OperationKind.CREATE_LAB: create_lab,
    OperationKind.PUBLISH_LAB: publish_lab,
    OperationKind.SCALE_LAB: scale_lab,
    OperationKind.DELETE_LAB: delete_lab,
    OperationKind.START_MACHINE: start_machine,
    OperationKind.STOP_MACHINE: stop_machine,
    OperationKind.RESET_PASSWORD: reset_password,
    OperationKind.REIMAGE_MACHINE: reimage_machine,
    OperationKind.BRING_BACK_MACHINE: bring_back_machine,
    OperationKind.REDEPLOY_MACHINE: redeploy_machine,
    OperationKind.DELETE_GROUP: delete_group,
}


def run_operation(step: Step, context: WorkflowContext, operation_id: str) -> None:
    """Run the operation to its end. A GaleriaError is recorded as its failure, with a hint, and not raised."""
    try:
        kind = OperationKind(step("begin", begin, context, operation_id))
        is_cancelable = OPERATION_TYPES[kind].is_cancelable
        shown = ShownStep(
            step,
            context.database,
            context.clock,
            operation_id,
            cancelable=is_cancelable,
            require=partial(require_present_right, context),
        )
        WORKFLOWS[kind](shown, context, operation_id)
    except GaleriaError as error:
        status = OperationStatus.CANCELED if isinstance(error, Canceled) else OperationStatus.FAILED
        step("record the failure", fail, context, operation_id, status, error.code, error.message, error.hint)
    else:
        step("finish", finish, context, operation_id)


def begin(context: WorkflowContext, operation_id: str) -> str:
    """Mark the operation as in progress, and return its kind. Raise Forbidden or Conflict where it may not be done any more."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        if not is_settled(operation.status):
            operation.status = moved(operation.status, OperationStatus.IN_PROGRESS)
        uow.commit()
    with context.database(reading=True) as uow:
        require_present_right(context, uow, operation)
    return operation.kind.value


def finish(context: WorkflowContext, operation_id: str) -> None:
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        note_success(uow, operation)
        operation.status = moved(operation.status, OperationStatus.SUCCEEDED)
        operation.ended_at = operation.ended_at or context.clock.now()
        uow.commit()


def fail(
    context: WorkflowContext, operation_id: str, status: OperationStatus, code: str, message: Message, hint: Message
) -> None:
    seen = look_at_machine(context, operation_id)
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        # What helps against a refused file is all that its image will ever have to say.
        reason = join(message, hint) if code == REFUSED_FILE else message
        note_failure(uow, operation, reason, seen=seen)
        operation.status = moved(operation.status, status)
        operation.error_code, operation.error_message, operation.error_hint = code, message, hint
        operation.ended_at = operation.ended_at or context.clock.now()
        uow.commit()

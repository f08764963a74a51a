"""Delete a lab with its machines, users and schedules. The image versions that it was made from stay."""

from galeria.domain.messages import Message
from galeria.ports.machines import Machine
from galeria.ports.work import VisibleStep
from galeria.workflows.classes.kept_machines import drop
from galeria.workflows.classes.work_disks import keep_or_drop_disks
from galeria.workflows.context import WorkflowContext
from galeria.workflows.delete_version import prune_caches
from galeria.workflows.wait_for_operations import wait_for_others


def delete_lab(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Wait for what is under way"), wait_for_others, context, operation_id)
    step(Message("Remove the machines"), remove_machines, context, operation_id)
    region = step(Message("Forget the lab"), forget_lab, context, operation_id)
    step(Message("Tidy the cache"), prune_caches, context, [region])


def remove_machines(context: WorkflowContext, operation_id: str) -> None:
    with context.database(reading=True) as uow:
        lab_id = uow.operations.get(operation_id).subject
        machines, kept = uow.machines.of_lab(lab_id), uow.kept_machines.of_lab(lab_id)
    drop(context, kept)
    for machine in machines:
        context.engine.remove_machine(Machine.of(machine))


def forget_lab(context: WorkflowContext, operation_id: str) -> str:
    """Remove the rows of the lab and its machines, and return the lab's region. Students' work is kept for a time."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        lab = uow.labs.find(operation.subject)
        if lab is None:
            return operation.location
        keep_or_drop_disks(context, uow, lab)
        for machine in uow.machines.of_lab(lab.id):
            uow.machines.remove(machine)
        if uow.lab_drafts.find_by_key(lab.key) is None:  # a draft that waits for a template is the same lab to people
            uow.people.remove_assignments_below(lab.key)
        uow.flush()
        uow.labs.remove(lab)
        account = uow.accounts.find(lab.account_id)
        if account and account.deleted_at and not uow.labs.of_account(account.id):
            uow.accounts.remove(account)  # kept only while one of its labs existed
        uow.commit()
    return operation.location

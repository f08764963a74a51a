"""Keep what guards the machines' network, and give running machines what their plans let now."""

from galeria.domain.labs.guest_network import NetworkPolicy, policy_of
from galeria.domain.labs.labs import Lab
from galeria.ports.database import UnitOfWork
from galeria.workflows.context import WorkflowContext


def match_network(context: WorkflowContext) -> None:
    """See that the rules around the machines' network hold, and that each machine that is on has its plan's policy."""
    running = context.engine.running()
    with context.database(reading=True) as uow:
        labs = {machine.id: lab for machine, lab in uow.machines.running()}
        for id in running - labs.keys():  # it failed and is on all the same, or is just being started or stopped
            machine = uow.machines.find(id)
            lab = uow.labs.find(machine.lab_id) if machine else None
            if lab is not None:
                labs[id] = lab
        policies = _policies(uow, labs)
    context.engine.follow_policies({id: policy for id, policy in policies.items() if id in running})


def _policies(uow: UnitOfWork, labs: dict[str, Lab]) -> dict[str, NetworkPolicy]:
    """Return each machine's policy; machines of a plan that is gone keep theirs."""
    accounts = {id: uow.accounts.find(id) for id in {lab.account_id for lab in labs.values()}}
    known = {id: account.profiles for id, account in accounts.items() if account is not None}
    return {id: policy_of(known[lab.account_id], lab=lab.id) for id, lab in labs.items() if lab.account_id in known}

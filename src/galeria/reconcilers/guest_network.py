"""Keep what guards the machines' network, and give running machines what their plans let now."""

from galeria.domain.labs.guest_network import NetworkPolicy, policy_of
from galeria.domain.labs.labs import Lab
from galeria.ports.database import UnitOfWork
from galeria.ports.machines import Machine
from galeria.workflows.context import WorkflowContext


def match_network(context: WorkflowContext) -> None:
    """See that the rules around the machines' network hold, and that each machine that is on has its plan's policy."""
    running = context.engine.running()
    with context.database(reading=True) as uow:
        labs = {Machine.of(row): lab for row, lab in uow.machines.running()}
        # The others failed and are on all the same, or are started or stopped now.
        labs |= _labs_of(uow, running - {each.id for each in labs})
        policies = _policies(uow, labs)
    context.engine.follow_policies({each: policy for each, policy in policies.items() if each.id in running})


def _labs_of(uow: UnitOfWork, ids: set[str]) -> dict[Machine, Lab]:
    machines = uow.machines.of_ids(ids)
    labs = {each.id: each for each in uow.labs.of_ids({each.lab_id for each in machines})}
    return {Machine.of(each): labs[each.lab_id] for each in machines if each.lab_id in labs}


def _policies(uow: UnitOfWork, labs: dict[Machine, Lab]) -> dict[Machine, NetworkPolicy]:
    """Return each machine's policy; machines of a plan that is gone keep theirs."""
    accounts = uow.accounts.of_ids({lab.account_id for lab in labs.values()})
    known = {each.id: each.profiles for each in accounts}
    return {each: policy_of(known[lab.account_id], lab=lab.id) for each, lab in labs.items() if lab.account_id in known}

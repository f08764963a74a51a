"""What is noted of machines beside their settings: whether they can be reached, and what they showed when they failed."""

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.labs.labs import FailureRecord, LabMachine
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, ProvisioningState
from galeria.ports.lab_repositories import SettledMachine
from galeria.ports.machines import Machine

from . import samples


def record(operation: Operation, of: LabMachine, picture: bytes = b"\x89PNG") -> FailureRecord:
    return FailureRecord(operation_id=operation.id, machine_id=of.id, console="one\ntwo", picture=picture)


def test_settled_machines_come_with_what_is_noted_of_them(db: SqlDatabase) -> None:
    lab = samples.lab(samples.account(), samples.version(samples.definition(samples.gallery())))
    machine = samples.machine(lab, 22001)
    machine.state, machine.has_agent, machine.is_on = MachineState.FAILED, False, True
    place = Machine(id=machine.id, region=machine.region)
    with db() as unit:
        unit.machines.add(machine)
        unit.flush()
        noted = SettledMachine(machine=place, state=MachineState.FAILED, has_agent=False, is_on=True)
        assert unit.machines.settled() == [noted]
        machine.state, machine.has_agent, machine.is_on = MachineState.RUNNING, None, False
        unit.flush()
        noted = SettledMachine(machine=place, state=MachineState.RUNNING, has_agent=None, is_on=False)
        assert unit.machines.settled() == [noted]


def test_machines_to_be_made_anew_come_with_their_labs_and_once_these_are_made(db: SqlDatabase) -> None:
    account, version = samples.account(), samples.version(samples.definition(samples.gallery()))
    lab, unmade = samples.lab(account, version, "one"), samples.lab(account, version, "two")
    lab.state, unmade.state = ProvisioningState.SUCCEEDED, ProvisioningState.DELETING
    due, on, later, other = (samples.machine(of, 22001 + number) for number, of in enumerate((lab, lab, lab, unmade)))
    for each in (due, on, later, other):
        each.state, each.update_at_stop = MachineState.STOPPED, True
    on.state, later.update_at_stop = MachineState.RUNNING, False
    with db() as unit:
        for of in (lab, unmade):
            unit.labs.add(of)
        for each in (due, on, later, other):
            unit.machines.add(each)
        unit.flush()
        assert unit.machines.to_update() == [(due, lab)]
        assert unit.machines.of_ids({on.id, due.id, "nobody"}) == sorted((on, due), key=lambda each: each.id)


def test_what_a_machine_showed_goes_with_its_operation_and_with_the_machine(db: SqlDatabase) -> None:
    version, account = samples.version(samples.definition(samples.gallery())), samples.account()
    lab = samples.lab(account, version)
    machine, other = samples.machine(lab, 22001), samples.machine(lab, 22002)
    first, second, third = (samples.operation() for _ in range(3))

    with db() as unit:
        unit.versions.add(version)
        unit.accounts.add(account)
        unit.labs.add(lab)
        for each in (machine, other):
            unit.machines.add(each)
        for operation in (first, second, third):
            unit.operations.add(operation)
        unit.machines.put_failure_record(record(first, machine))
        unit.machines.put_failure_record(record(second, machine, b""))
        unit.machines.put_failure_record(record(second, machine))
        unit.machines.put_failure_record(record(third, other))
        unit.commit()
    with db() as unit:
        assert unit.machines.find_failure_record(first.id) is None, "only the last one of a machine is kept"
        kept = unit.machines.find_failure_record(second.id)
        assert kept is not None
        assert (kept.console, kept.picture) == ("one\ntwo", b"\x89PNG")
        unit.operations.remove(unit.operations.get(second.id))
        unit.machines.remove(unit.machines.get(other.id))
        unit.commit()
    with db() as unit:
        assert unit.machines.find_failure_record(second.id) is None
        assert unit.machines.find_failure_record(third.id) is None
        unit.machines.put_failure_record(record(third, machine))
        unit.machines.remove_failure_record(third.id)
        unit.machines.remove_failure_record(third.id)
        assert unit.machines.find_failure_record(third.id) is None

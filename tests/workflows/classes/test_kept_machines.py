"""What a student's machine was before it was made anew is kept for a time, and comes back with one click."""

from dataclasses import replace
from datetime import timedelta

import pytest

from galeria.actions.classes.updates import put_off_update, update_class, update_machine
from galeria.actions.labs.labs import delete_lab
from galeria.actions.labs.machines import bring_machine_back
from galeria.actions.rosters.lab_users import delete_user
from galeria.domain.classes.kept_machines import MOST_KEPT, KeptMachine
from galeria.domain.classes.work_disks import KEEPING
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.labs.labs import LabMachine
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState, OperationStatus
from galeria.ports.machines import Machine
from galeria.reconcilers.kept_work import remove_ended_work
from galeria.reconcilers.orphans import remove_lost_machines
from galeria.reconcilers.updates import update_stopped_machines
from tests.later_clock import Later
from tests.local_installation import lab_id
from tests.workflows.classes.a_class import MARK, PLACE, Class

NOTES = b"what a student has left"


def used(algebra: Class) -> LabMachine:
    """A student's machine with notes on its own disk, which is off."""
    algebra.publish()
    own = algebra.claim("nobody")
    algebra.start(own.name, "nobody")
    algebra.installation.engine.write(Machine(id=own.id, region=own.region), PLACE, NOTES)
    algebra.stop(own.name)
    return algebra.named(own.name)


def kept(algebra: Class) -> list[KeptMachine]:
    with algebra.installation.context.database(reading=True) as uow:
        return uow.kept_machines.of_lab(algebra.lab.id)


def back(algebra: Class, name: str, state: KeptMachine, who: str = "nobody") -> Operation:
    with algebra.installation.request(who) as request:
        operation = bring_machine_back(request, lab_id("algebra"), name, state.id)
    return algebra.installation.run(operation)


def run_all(algebra: Class) -> None:
    with algebra.installation.context.database(reading=True) as uow:
        begun = uow.operations.unsettled()
    for operation in begun:
        assert algebra.installation.run(operation).status is OperationStatus.SUCCEEDED


def test_the_machine_of_before_comes_back_and_goes_again(algebra: Class) -> None:
    own = used(algebra)
    algebra.rewrite(MARK.upper())
    assert algebra.reimage(own.name, "nobody").status is OperationStatus.SUCCEEDED
    assert algebra.content(algebra.named(own.name)) == MARK.upper()
    (before,) = kept(algebra)
    assert (before.revision, before.kept_until - before.kept_at) == (1, KEEPING)

    operation = back(algebra, own.name, before)
    assert (operation.status, operation.error_message) == (OperationStatus.SUCCEEDED, "")
    renewed = algebra.named(own.name)
    assert (renewed.revision, renewed.state, renewed.base_digest) == (1, MachineState.STOPPED, own.base_digest)
    assert algebra.content(renewed) == NOTES
    assert kept(algebra) == []  # the one of revision 2 was never started

    algebra.reimage(own.name)
    algebra.start(own.name, "nobody")
    algebra.stop(own.name)
    back(algebra, own.name, kept(algebra)[0])
    (newer,) = kept(algebra)
    assert newer.revision == 2
    back(algebra, own.name, newer)
    assert algebra.content(algebra.named(own.name)) == MARK.upper()


def test_nothing_that_is_kept_is_collected_before_its_time(algebra: Class) -> None:
    own = used(algebra)
    algebra.rewrite(MARK.upper())
    algebra.reimage(own.name)
    context = algebra.installation.context
    (before,) = kept(algebra)
    remove_lost_machines(context)
    remove_ended_work(replace(context, clock=Later(KEEPING - timedelta(minutes=1), context)))
    assert before.base_digest in context.cache.bases("brazilsouth")
    algebra.publish()  # tidies the cache
    assert back(algebra, own.name, before).status is OperationStatus.SUCCEEDED
    algebra.reimage(own.name)

    remove_ended_work(replace(context, clock=Later(KEEPING, context)))
    assert kept(algebra) == []
    with context.database(reading=True) as uow:
        assert {each.id for each in context.engine.machines()} == uow.machines.ids()


def test_two_states_of_a_machine_are_kept_at_most(algebra: Class) -> None:
    own = used(algebra)
    for _ in range(MOST_KEPT + 1):
        algebra.reimage(own.name)
        algebra.start(own.name)
        algebra.stop(own.name)
    assert len(kept(algebra)) == MOST_KEPT
    assert back(algebra, own.name, kept(algebra)[-1]).status is OperationStatus.SUCCEEDED
    assert len(kept(algebra)) == MOST_KEPT


def test_nobody_gets_what_somebody_else_had(algebra: Class) -> None:
    own, other = used(algebra), algebra.claim("colleague")
    algebra.reimage(own.name)
    (before,) = kept(algebra)
    with algebra.installation.request("colleague") as request, pytest.raises(NotFound):
        bring_machine_back(request, lab_id("algebra"), other.name, before.id)

    with algebra.installation.request("educator") as request:
        user = request.uow.lab_users.get(own.claimed_by or "")
        operation = delete_user(request, lab_id("algebra"), user.name).operation
    assert operation
    algebra.installation.run(operation)
    assert kept(algebra) == []


def test_what_is_kept_goes_with_its_lab(algebra: Class) -> None:
    own = used(algebra)
    algebra.reimage(own.name)
    with algebra.installation.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    assert operation
    algebra.installation.run(operation)
    assert algebra.installation.engine.machines() == []


def test_a_class_is_updated_now_or_at_the_next_stop(algebra: Class) -> None:
    own, other = used(algebra), algebra.claim("colleague")
    algebra.start(other.name)
    algebra.rewrite(MARK.upper())
    with algebra.installation.request("educator") as request:
        updates = update_class(request, lab_id("algebra"), at_stop=True)
    assert (updates.begun, updates.later) == ([own.id], [other.id])
    run_all(algebra)
    update_stopped_machines(algebra.installation.context)
    assert (algebra.named(own.name).revision, algebra.named(other.name).revision) == (2, 1)

    algebra.stop(other.name)
    update_stopped_machines(algebra.installation.context)
    run_all(algebra)
    renewed = algebra.named(other.name)
    assert (renewed.revision, renewed.update_at_stop, renewed.claimed_by) == (2, False, other.claimed_by)
    assert {each.machine_id for each in kept(algebra)} == {own.id, other.id}
    with algebra.installation.request("educator") as request:
        nothing = update_class(request, lab_id("algebra"), at_stop=False)
    assert (nothing.begun, nothing.later) == ([], [])


def test_a_student_updates_the_own_machine_and_may_put_it_off(algebra: Class) -> None:
    own = used(algebra)
    algebra.rewrite(MARK.upper())
    algebra.start(own.name)
    with algebra.installation.request("nobody") as request:
        assert update_machine(request, lab_id("algebra"), own.name, at_stop=True) is None
    with algebra.installation.request("nobody") as request:
        put_off_update(request, lab_id("algebra"), own.name)
    algebra.stop(own.name)
    update_stopped_machines(algebra.installation.context)
    run_all(algebra)
    assert algebra.named(own.name).revision == 1

    with algebra.installation.request("nobody") as request:
        operation = update_machine(request, lab_id("algebra"), own.name, at_stop=False)
    assert operation
    algebra.installation.run(operation)
    assert algebra.named(own.name).revision == 2
    with algebra.installation.request("nobody") as request, pytest.raises(Conflict, match="newest"):
        update_machine(request, lab_id("algebra"), own.name, at_stop=False)

"""The work of people who left, or whose lab is gone, is listed for who may give it back, and comes back in another machine."""

import pytest

from galeria.actions.classes.kept_work import KeptWork, deletion_impact, list_kept_work, restore_work
from galeria.actions.labs.labs import delete_lab
from galeria.actions.rosters.lab_users import delete_user
from galeria.domain.errors import Conflict, Forbidden, NotFound
from galeria.domain.labs.labs import LabMachine
from galeria.domain.states import OperationStatus
from tests.local_installation import lab_id, version_id
from tests.role_assignments import assign_role
from tests.workflows.classes.a_class import Class, fill

ESSAY = "my essay"


def worked(algebra: Class, who: str = "nobody") -> LabMachine:
    """A student's machine that is off, with an essay on its work disk."""
    own = algebra.claim(who)
    algebra.start(own.name)
    algebra.stop(own.name)
    with algebra.installation.context.database(reading=True) as uow:
        disk = uow.work_disks.find_of_machine(own.id)
    assert disk
    algebra.installation.engine.work_file(disk.region, disk.id).write_text(ESSAY, encoding="utf-8")
    return algebra.named(own.name)


def kept_for(algebra: Class, who: str = "educator") -> list[KeptWork]:
    with algebra.installation.request(who) as request:
        return list_kept_work(request, lab_id("algebra"))


def restored(algebra: Class, disk: str, who: str = "educator") -> None:
    with algebra.installation.request(who) as request:
        restore_work(request, lab_id("algebra"), disk)


def essay_in(algebra: Class, machine: LabMachine) -> str:
    """What is on the work disk that the machine has when it runs."""
    assert algebra.start(machine.name).status is OperationStatus.SUCCEEDED
    disk = algebra.guest(machine).work_disk
    return algebra.installation.engine.work_file(machine.region, disk).read_text(encoding="utf-8")


def remove(algebra: Class, machine: LabMachine) -> None:
    with algebra.installation.request("educator") as request:
        user = request.uow.lab_users.get(machine.claimed_by or "")
        operation = delete_user(request, lab_id("algebra"), user.name).operation
    assert operation
    algebra.installation.run(operation)


@pytest.fixture
def working(algebra: Class) -> Class:
    algebra.change(profiles={"workDiskGib": 1}, capacity=3)
    algebra.publish()
    return algebra


def test_who_comes_back_gets_the_work_back(working: Class) -> None:
    own = worked(working)
    remove(working, own)
    (left,) = kept_for(working)
    assert "not among the people" in str(left.why_not)
    with pytest.raises(Conflict, match="not among the people"):
        restored(working, left.disk.id)

    again = worked(working)  # a new disk, on which something is, too
    restored(working, left.disk.id)
    assert essay_in(working, again) == ESSAY
    (newer,) = kept_for(working)
    assert newer.disk.id != left.disk.id
    with pytest.raises(Conflict, match="Running"):
        restored(working, newer.disk.id)
    with pytest.raises(NotFound):
        restored(working, left.disk.id)


def test_the_impact_of_a_deletion_names_people(working: Class) -> None:
    own = worked(working)
    working.change(profiles={"workDiskGib": 0})
    other = working.claim("colleague")
    working.start(other.name)
    working.claim("educator")  # has not begun yet
    with working.installation.request("educator") as request:
        impact = deletion_impact(request, lab_id("algebra"))
        names = [request.uow.lab_users.get(each.claimed_by or "").display_name for each in (own, other)]
        emails = [request.uow.lab_users.get(each.claimed_by or "").email for each in (own, working.named(other.name))]
    expected = [name or email for name, email in zip(names, emails, strict=True)]
    assert (impact.machines, impact.kept, impact.lost) == (3, (expected[0],), (expected[1],))


def test_the_work_of_a_deleted_lab_comes_back_in_another_one(working: Class) -> None:
    own = worked(working)
    installation = working.installation
    with installation.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    assert operation
    installation.run(operation)
    installation.run(installation.begin_lab("algebra", version_id("linux").parent))
    again = fill(installation)
    again.change(profiles={"workDiskGib": 1}, capacity=1)
    again.publish()
    machine = again.claim("nobody")
    assert machine.id != own.id

    (left,) = kept_for(again)
    assert (left.disk.lab_title, left.machine and left.machine.id) == ("algebra", machine.id)
    restored(again, left.disk.id)
    assert essay_in(again, machine) == ESSAY


def test_another_lab_of_the_same_name_gives_its_educator_nothing(working: Class) -> None:
    worked(working)
    installation = working.installation
    with installation.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    assert operation
    installation.run(operation)
    installation.run(installation.begin_lab("algebra", version_id("linux").parent))
    assign_role(installation, "colleague", "Contributor", str(lab_id("algebra")))
    again = Class(installation)
    assert kept_for(again, "colleague") == []
    assert len(kept_for(again, "educator")) == 1
    assert len(kept_for(again, "admin")) == 1
    with pytest.raises((Forbidden, NotFound)):
        kept_for(again, "nobody")

"""A student's work disk stays when its machine is made anew, and is kept for a time when nobody has the machine any more."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from galeria.actions.labs.labs import delete_lab
from galeria.actions.rosters.lab_users import delete_user
from galeria.domain.classes.work_disks import KEEPING, WORK_FOLDER, WorkDisk
from galeria.domain.errors import Invalid
from galeria.domain.labs.labs import LabMachine
from galeria.domain.states import OperationStatus
from galeria.reconcilers.kept_work import remove_ended_work, remove_lost_disks
from tests.later_clock import Later
from tests.local_installation import lab_id
from tests.workflows.classes.a_class import MARK, Class

ESSAY = "my essay"


def with_work(algebra: Class) -> LabMachine:
    """A student's machine that was started, with an essay on its work disk."""
    algebra.change(profiles={"workDiskGib": 2})
    algebra.publish()
    own = algebra.claim("nobody")
    assert algebra.start(own.name, "nobody").status is OperationStatus.SUCCEEDED
    work_file(algebra, work_of(algebra, own)).write_text(ESSAY, encoding="utf-8")
    return algebra.named(own.name)


def work_of(algebra: Class, machine: LabMachine) -> WorkDisk:
    with algebra.installation.context.database(reading=True) as uow:
        disk = uow.work_disks.find_of_machine(machine.id)
    assert disk
    return disk


def work_file(algebra: Class, disk: WorkDisk) -> Path:
    return algebra.installation.engine.work_file(disk.region, disk.id)


def kept(algebra: Class) -> list[WorkDisk]:
    with algebra.installation.context.database(reading=True) as uow:
        return uow.work_disks.kept()


def test_a_machine_gets_its_work_disk_at_its_first_start_and_mounts_it(algebra: Class) -> None:
    own = with_work(algebra)
    disk = work_of(algebra, own)
    assert (disk.size_gib, disk.is_mounted) == (2, True)
    assert (algebra.guest(own).work_disk, algebra.guest(own).mounts) == (disk.id, WORK_FOLDER)
    assert len(algebra.installation.engine.work_disks()) == 1  # machines that nobody has started have none


def test_work_survives_a_new_revision(algebra: Class) -> None:
    own = with_work(algebra)
    disk = work_of(algebra, own)
    algebra.stop(own.name)
    algebra.rewrite(MARK.upper())
    algebra.reimage(own.name, "nobody")
    assert algebra.start(own.name, "nobody").status is OperationStatus.SUCCEEDED

    renewed = algebra.named(own.name)
    assert (renewed.revision, algebra.content(renewed)) == (2, MARK.upper())
    assert (algebra.guest(renewed).work_disk, algebra.guest(renewed).mounts) == (disk.id, WORK_FOLDER)
    assert work_file(algebra, disk).read_text(encoding="utf-8") == ESSAY


def test_a_machine_that_was_used_before_gets_its_work_disk_at_its_next_start(algebra: Class) -> None:
    algebra.publish()
    own = algebra.claim("nobody")
    algebra.start(own.name, "nobody")
    algebra.stop(own.name)
    assert algebra.guest(own).work_disk == ""

    algebra.change(profiles={"workDiskGib": 1})
    algebra.start(own.name, "nobody")

    assert algebra.guest(own).mounts == WORK_FOLDER
    assert algebra.guest(own).identity == 1
    assert work_of(algebra, own).is_mounted


def test_who_is_removed_from_the_lab_leaves_nothing_to_the_next_one(algebra: Class) -> None:
    own = with_work(algebra)
    disk = work_of(algebra, own)
    algebra.stop(own.name)
    with algebra.installation.request("educator") as request:
        user = request.uow.lab_users.get(own.claimed_by or "")
        operation = delete_user(request, lab_id("algebra"), user.name).operation
    assert operation
    algebra.installation.run(operation)
    algebra.start(own.name)

    (left,) = kept(algebra)
    assert (left.id, left.email, left.machine_id) == (disk.id, user.email, None)
    assert work_of(algebra, own).id != disk.id
    assert algebra.guest(own).work_disk == work_of(algebra, own).id
    assert work_file(algebra, left).read_text(encoding="utf-8") == ESSAY


def test_the_work_of_a_deleted_lab_is_kept_for_fourteen_days(algebra: Class) -> None:
    own = with_work(algebra)
    algebra.start("student-8")
    context = algebra.installation.context
    with algebra.installation.request("educator") as request:
        operation = delete_lab(request, lab_id("algebra"))
    assert operation
    assert algebra.installation.run(operation).status is OperationStatus.SUCCEEDED

    (left,) = kept(algebra)
    assert left.lab_title == "algebra"
    remove_lost_disks(context)  # what nobody has worked on goes at once
    remove_ended_work(context)
    assert list(context.engine.work_disks()) == [(left.region, left.id)]
    remove_ended_work(replace(context, clock=Later(KEEPING - timedelta(minutes=1), context)))
    assert work_file(algebra, left).read_text(encoding="utf-8") == ESSAY

    remove_ended_work(replace(context, clock=Later(KEEPING, context)))
    assert (kept(algebra), context.engine.work_disks()) == ([], {})
    assert own.claimed_by


def test_fewer_machines_take_the_work_disks_of_nobody(algebra: Class) -> None:
    own = with_work(algebra)
    algebra.start("student-8")
    algebra.stop("student-8")
    assert len(algebra.installation.engine.work_disks()) == 2
    algebra.change(capacity=1)
    assert list(algebra.installation.engine.work_disks()) == [(own.region, work_of(algebra, own).id)]


@pytest.mark.parametrize("size", [-1, 1025, "5", True])
def test_a_size_that_no_disk_has_is_refused(size: object, algebra: Class) -> None:
    with pytest.raises(Invalid, match="GiB"):
        algebra.change(profiles={"workDiskGib": size})

"""What works with a machine is found whatever shape its inputs have."""

from datetime import timedelta
from typing import Any

import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.images.galleries import Generation, OsState, OsType
from galeria.domain.images.storage import Disk, DiskCreateOption, ManagedImage, Snapshot
from galeria.domain.labs.labs import FailureRecord
from galeria.domain.operations import Operation, OperationKind, OperationStep
from galeria.domain.resources import Resource
from galeria.domain.states import OperationStatus
from galeria.ports.database import UnitOfWork
from galeria.ports.work import OldOperation

from . import samples


def test_what_works_with_a_machine_is_on_it_or_names_it(db: SqlDatabase) -> None:
    export = {"origins": {"-1": {"kind": "machine", "name": "m", "region": "brazilsouth", "parent": "digest"}}}
    exporting = samples.operation(kind=OperationKind.EXPORT_TEMPLATE, stored_inputs=export)
    older = samples.operation(kind=OperationKind.EXPORT_TEMPLATE, stored_inputs={"machine": "m", "since": None})
    publishing = samples.operation(
        kind=OperationKind.PUBLISH_LAB, subject="lab", stored_inputs={"before": "Draft", "machine": "m"}
    )
    starting = samples.operation(kind=OperationKind.START_MACHINE, subject="m")
    elsewhere = samples.operation(kind=OperationKind.START_MACHINE, subject="other")
    ended = samples.operation(
        kind=OperationKind.EXPORT_TEMPLATE, stored_inputs=export, status=OperationStatus.SUCCEEDED
    )
    begun = [starting, exporting, older, publishing, elsewhere, ended]
    for second, each in enumerate(begun):
        each.created_at = samples.NOW + timedelta(seconds=second)
    with db() as unit:
        for each in reversed(begun):
            unit.operations.add(each)
        assert unit.operations.working_with(["m"]) == [starting, exporting, older, publishing]
        assert unit.operations.working_with({"lab", "other"}) == [publishing, elsewhere]
        assert unit.operations.working_with([]) == []


def test_given_up_work_with_an_address_that_has_a_query_is_found(db: SqlDatabase) -> None:
    def begun(address: str, status: OperationStatus, minutes: int) -> Operation:
        inputs = {"origins": {"-1": {"kind": "uri", "name": address}}}
        ended_at = samples.NOW + timedelta(minutes=minutes)
        return samples.operation(kind=OperationKind.CREATE_DISK, stored_inputs=inputs, status=status, ended_at=ended_at)

    address = "https://files.example.org/os.vhd"
    failed = begun(f"{address}?sig=secret", OperationStatus.FAILED, 2)
    canceled = begun(f"{address}?sig=secret", OperationStatus.CANCELED, 1)
    others = [
        begun(f"{address}?sig=secret", OperationStatus.FAILED, 10),
        begun(f"{address}?sig=secret", OperationStatus.IN_PROGRESS, 1),
        begun(address, OperationStatus.FAILED, 1),
        samples.operation(status=OperationStatus.FAILED, ended_at=samples.NOW),
    ]
    with db() as unit:
        for each in (failed, canceled, *others):
            unit.operations.add(each)
        unit.flush()
        assert unit.operations.with_addresses(ended_before=samples.NOW + timedelta(minutes=5)) == [canceled, failed]


DAY = timedelta(days=1)


def ended(day: int, **fields: Any) -> Operation:
    """It was begun on that day, and ended an hour later."""
    at = samples.NOW + day * DAY
    own: dict[str, Any] = {"status": OperationStatus.SUCCEEDED, "created_at": at, "ended_at": at + timedelta(hours=1)}
    return samples.operation(**own | fields)


def walked(unit: UnitOfWork, day: int, *, limit: int) -> list[OldOperation]:
    """All that were begun before that day, asked for piece by piece."""
    found: list[OldOperation] = []
    while piece := unit.operations.begun_before(
        samples.NOW + day * DAY, after=found[-1] if found else None, limit=limit
    ):
        assert len(piece) <= limit
        found += piece
    return found


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_old_operations_come_oldest_first_in_pieces(db: SqlDatabase, limit: int) -> None:
    group = samples.group()
    same = [ended(3, subject=group.id, kind=OperationKind.CREATE_LAB) for _ in range(4)]
    old = [ended(2, subject="gone"), *sorted(same, key=lambda each: each.id), ended(4, subject="gone")]
    with db() as unit:
        unit.groups.add(group)
        for each in (ended(5), *reversed(old)):
            unit.operations.add(each)
        found = walked(unit, 5, limit=limit)
    assert [each.id for each in found] == [each.id for each in old]
    # Of those that were begun at the same moment one is the newest, as `recent` has it.
    assert [each.is_removable for each in found] == [True, True, True, True, False, True]


def test_the_newest_of_a_kind_and_what_has_not_ended_is_kept(db: SqlDatabase) -> None:
    group = samples.group()
    kept = [
        ended(2, subject=group.id, kind=OperationKind.START_MACHINE, status=OperationStatus.FAILED),
        ended(3, subject=group.id, kind=OperationKind.STOP_MACHINE, status=OperationStatus.CANCELED),
        ended(0, subject="gone", status=OperationStatus.IN_PROGRESS, ended_at=None),
        ended(0, subject="gone", status=OperationStatus.NOT_STARTED, ended_at=None),
        ended(0, subject="gone", ended_at=samples.NOW + 20 * DAY),
    ]
    replaced = [
        ended(1, subject=group.id, kind=OperationKind.START_MACHINE, status=OperationStatus.FAILED),
        ended(2, subject=group.id, kind=OperationKind.STOP_MACHINE),
        ended(4, subject="gone"),
    ]
    with db() as unit:
        unit.groups.add(group)
        for each in (*kept, *replaced):
            unit.operations.add(each)
        found = walked(unit, 10, limit=100)
    assert {each.id for each in found if each.is_removable} == {each.id for each in replaced}
    assert {each.id for each in found if not each.is_removable} == {each.id for each in kept}


def subjects(unit: UnitOfWork) -> dict[str, str]:
    """The id of one of everything that operations work on, and of a version that was deleted."""
    group, gallery, account = samples.group(), samples.gallery(), samples.account()
    image = samples.definition(gallery)
    version = samples.version(image)
    deleted = samples.version(image, "2.0.0", deleted_at=samples.NOW)
    lab = samples.lab(account, version)
    machine = samples.machine(lab)
    stored = {"option": DiskCreateOption.EMPTY}
    disk, snapshot = Disk(**resource("disks", **stored)), Snapshot(**resource("snapshots", **stored))
    managed = ManagedImage(
        **resource("images", os_type=OsType.LINUX, os_state=OsState.GENERALIZED, generation=Generation.V2)
    )
    unit.add_subscription(samples.subscription())
    added: list[tuple[Any, Resource]] = [(unit.groups, group), (unit.galleries, gallery), (unit.definitions, image)]
    added += [(unit.versions, version), (unit.versions, deleted), (unit.accounts, account), (unit.labs, lab)]
    added += [(unit.disks, disk), (unit.snapshots, snapshot), (unit.managed_images, managed)]
    for repository, thing in added:
        repository.add(thing)
    unit.machines.add(machine)
    things = {"group": group, "version": version, "deleted": deleted, "lab": lab, "disk": disk}
    ids = {name: each.id for name, each in things.items()}
    return {**ids, "snapshot": snapshot.id, "image": managed.id, "machine": machine.id}


def resource(kind: str, **fields: Any) -> dict[str, Any]:
    like = samples.group()
    names = ("location", "created_at", "created_by", "modified_at", "modified_by")
    own = {name: getattr(like, name) for name in names}
    place = f"{samples.GROUP}/providers/Microsoft.Compute/{kind}/one"
    return {"id": samples.new_id(), "resource_id": place, "key": place.lower(), **own, **fields}


def test_the_last_operation_on_each_thing_that_is_there_is_kept(db: SqlDatabase) -> None:
    with db() as unit:
        ids = subjects(unit)
        operations = {name: ended(1, subject=id) for name, id in ids.items()}
        for each in operations.values():
            unit.operations.add(each)
        found = walked(unit, 10, limit=100)
    assert len(found) == len(ids)
    assert [each.id for each in found if each.is_removable] == [operations["deleted"].id]


def test_what_is_removed_goes_with_its_steps_and_what_its_machine_showed(db: SqlDatabase) -> None:
    with db() as unit:
        machine = subjects(unit)["machine"]
        removed, kept, retried = (
            ended(1, subject=machine),
            ended(2, subject=machine),
            ended(1, status=OperationStatus.NOT_STARTED),
        )
        for each in (removed, kept, retried):
            unit.operations.add(each)
            unit.flush()
            unit.operations.add_step(
                OperationStep(
                    operation_id=each.id, position=0, name="Start", started_at=samples.NOW, updated_at=samples.NOW
                )
            )
        unit.machines.put_failure_record(
            FailureRecord(operation_id=removed.id, machine_id=machine, console="", picture=b"png")
        )
        unit.commit()
    asked = [removed.id, retried.id, "unknown"]
    with db() as unit:
        assert unit.operations.remove_ended(asked, before=samples.NOW) == 0
        assert unit.operations.remove_ended(asked, before=samples.NOW + 10 * DAY) == 1
        unit.commit()
    with db(reading=True) as unit:
        assert unit.operations.ids() == {kept.id, retried.id}
        assert unit.operations.steps(removed.id) == []
        assert len(unit.operations.steps(kept.id)) == 1
        assert unit.machines.find_failure_record(removed.id) is None

"""What works with a machine is found whatever shape its inputs have."""

from datetime import timedelta

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import OperationStatus

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

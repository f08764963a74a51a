"""What works with a machine is found whatever shape its inputs have."""

from datetime import timedelta

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.operations import OperationKind
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

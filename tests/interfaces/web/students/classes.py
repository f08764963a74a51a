"""Installations with a class: the published lab `algebra`, and machines for its students."""

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.rosters.machine_claims import join_lab
from galeria.domain.durations import HOUR, show_duration
from galeria.workflows.create_lab import ensure_machine
from tests.local_installation import LocalInstallation, lab_id, secrets
from tests.prepared_installations import with_lab
from tests.version_rows import add_revision, add_student_machine

ALGEBRA = lab_id("algebra")


def with_class(installation: LocalInstallation) -> None:
    """With the educator's open lab `algebra`, published, with two machines and ten hours for each of its users."""
    with_lab(installation)
    with installation.request("educator") as request:
        said = LabSettings(title="Álgebra linear", capacity=2, open_access=True, usage_quota=show_duration(10 * HOUR))
        update_lab(request, ALGEBRA, said, secrets())
    for number in (1, 2):
        id = add_student_machine(installation, "algebra", f"vm{number}", 50_000 + number)
        with installation.context.database() as uow:
            ensure_machine(installation.context, uow.labs.get_by_key(ALGEBRA.key), uow.machines.get(id))
    add_revision(installation, "algebra")
    with installation.request() as request:
        lab = request.uow.labs.get_by_key(ALGEBRA.key)
        lab.registration_code = "abcdefghij"


def with_student(installation: LocalInstallation) -> None:
    """With `nobody`, who has no role, as the user of vm1."""
    with_class(installation)
    with installation.request("nobody") as request:
        join_lab(request, "abcdefghij")

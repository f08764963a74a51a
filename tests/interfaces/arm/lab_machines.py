"""Labs and the machines in them, made for tests of other resources."""

from galeria.workflows.create_lab import ensure_machine
from tests.interfaces.arm.served import LABS, Arm, done, lab_body
from tests.local_installation import lab_id
from tests.version_rows import add_student_machine


def make_lab(arm: Arm, image: str, name: str, who: str = "educator") -> str:
    path = f"{LABS}/{name}"
    done(arm(who).put(path, json=lab_body(image)), 201)
    (operation,) = arm.work()
    assert operation.status == "Succeeded", operation.error_message
    return path


def student_machine(arm: Arm, lab: str, name: str, port: int) -> None:
    """With its disk and definition in the engine, from the lab's image."""
    id = add_student_machine(arm.installation, lab, name, port)
    with arm.installation.context.database() as uow:
        ensure_machine(arm.installation.context, uow.labs.get_by_key(lab_id(lab).key), uow.machines.get(id))

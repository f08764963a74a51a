"""A lab that was published for three students, on its page."""

from typing import Any

from galeria.domain.labs.labs import LabMachine, MachineKind
from tests.interfaces.web.served import NewPortal, Portal
from tests.local_installation import lab_id
from tests.prepared_installations import with_lab

PAGE = "/labs/campus/algebra/class"
WANTED: dict[str, Any] = {
    "capacity": "3",
    "passwords": "shared",
    "student": "student",
    "student_password": "Plain-Horse-7",
}


def students(portal: Portal) -> list[LabMachine]:
    with portal.installation.context.database(reading=True) as uow:
        machines = uow.machines.of_lab(uow.labs.get_by_key(lab_id("algebra").key).id)
    return [each for each in machines if each.kind is MachineKind.USER]


def published(new_portal: NewPortal) -> Portal:
    portal = new_portal(with_lab)
    browser = portal.browser("educator")
    portal.post(browser, f"{PAGE}-settings", **WANTED)
    portal.post(browser, f"{PAGE}-publish")
    portal.work()
    return portal

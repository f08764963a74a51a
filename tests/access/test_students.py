"""A student, who has a machine and no role, called against both tables of access: nothing is open beyond that machine."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from galeria.ports.machines import Machine
from tests.access.arm_requests import BY_NAME, body_of, path_of
from tests.access.evaluator import refusal
from tests.access.expectations import expected_of_arm, expected_of_page
from tests.access.page_requests import SOCKETS, Place, places, send
from tests.access.rows import OWN, ROSTER, Row
from tests.access.table_arm import ARM
from tests.access.table_pages import OTHERS
from tests.access.world import SOMEBODY, World
from tests.interfaces.arm.lab_machines import student_machine
from tests.interfaces.arm.served import GROUP, LABS, done

pytestmark = pytest.mark.slow

CLASSIC = f"{GROUP}/providers/Microsoft.LabServices/labaccounts/labs/labs/held"
MINE, THEIRS = "mine", "theirs"
FORBIDDEN_OR_HIDDEN = {403, 404, 4403, 4404}
# What the machine's own student may do with it, by the names of routes; all other routes that name a machine are not theirs.
OWN_IN_API = {
    *(
        f"VirtualMachines_{verb}"
        for verb in ("Get", "Start", "Stop", "Reimage", "Redeploy", "ResetPassword", "KeepRunning")
    ),
    *(f"VirtualMachines_{verb}" for verb in ("Update", "ListEarlier")),  # nothing is kept that could be brought back
    *(f"Environments_{verb}" for verb in ("Claim", "Start", "Stop", "ResetPassword")),
    *(f"GlobalUsers_{verb}" for verb in ("GetEnvironment", "StartEnvironment", "StopEnvironment", "ResetPassword")),
}
OWN_BESIDE = {
    *SOCKETS,
    "web_lab_terminal",
    "web_my_machine",
    *(f"web_my_machine_{what}" for what in ("screen", "start", "stop", "keep", "update", "news", "hand")),
    *(f"web_my_machine_{what}" for what in ("ask_reimage", "reimage", "password", "password_set")),
    *(f"web_class_{what}" for what in ("start", "stop", "update", "reimage")),
    "web_lab_keep",
}


@pytest.fixture(scope="module")
def student(world: World) -> Iterator[World]:
    """Somebody has claimed the machine "mine" of the lab, a colleague "theirs"; both have registered, and have no role."""
    installation, educator = world.portal.installation, world.arm()
    world.give(())
    for place, name in enumerate((MINE, THEIRS)):
        student_machine(world.arm, "held", name, 50300 + place)
    lab = f"{LABS}/held"
    before = done(educator.get(lab))["properties"]["virtualMachineProfile"]["sku"]["capacity"]
    opened = {"securityProfile": {"openAccess": "Enabled"}, "virtualMachineProfile": {"sku": {"capacity": before + 3}}}
    done(educator.patch(lab, json={"properties": opened}))
    machines = f"{CLASSIC}/environmentsettings/default/environments"
    for who, name in ((SOMEBODY, MINE), ("colleague", THEIRS)):
        assert world.arm(who).post(f"{machines}/{name}/claim").status_code == 200
    closed = {"securityProfile": {"openAccess": "Disabled"}}
    done(educator.patch(lab, json={"properties": closed}))
    yield world
    with installation.context.database() as uow:
        held = uow.labs.get_by_key(lab.lower())
        for machine in [each for each in uow.machines.of_lab(held.id) if each.name in (MINE, THEIRS)]:
            installation.engine.remove_machine(Machine(id=machine.id, region=machine.region))
            user = uow.lab_users.get(str(machine.claimed_by))
            uow.machines.remove(machine)
            uow.flush()
            uow.lab_users.remove(user)
        held.capacity = before
        uow.commit()


@pytest.fixture(scope="module")
def by_name(student: World) -> Mapping[str, Place]:
    return {place.name: place for place in places(student.app.routes)}


def of_machine(row: Row, machine: str) -> Row:
    return replace(row, names={**row.names, "machine": machine, "environment": machine})


def is_of_machine(row: Row) -> bool:
    """Whether the row of the REST API is about one machine of a lab, which its path or its body names."""
    path = BY_NAME[row.route].path
    is_named = "{machine}" in path or "{environment}" in path or row.route in OWN_IN_API
    return is_named and (row.rights != () or row.kind == ROSTER)


def ask(world: World, row: Row, machine: str) -> int:
    """The status of a row of the REST API, about that machine where it is about one."""
    body = body_of(world, row)
    if "environmentId" in (body or {}):
        body = {**body, "environmentId": f"{LABS}/held/virtualMachines/{machine}"}
    return world.ask(BY_NAME[row.route].method, path_of(world, of_machine(row, machine)), body).status


def test_a_student_is_told_of_a_lab_no_more_than_anybody(student: World) -> None:
    wrong = []
    for row in ARM:
        if row.kind == ROSTER or is_of_machine(row):
            continue
        got, refused = ask(student, row, MINE), expected_of_arm(row, ())
        if got != refused if refused else got >= 400 and got not in row.also:
            wrong.append(f"{row.route}: {got}, not {refused}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("machine", [THEIRS, "one", "template"])
def test_other_machines_are_not_there(student: World, by_name: Mapping[str, Place], machine: str) -> None:
    """Another student's, one that is nobody's, and the template: by the API, on pages, their screens and terminals."""
    wrong = []
    for row in ARM:
        if is_of_machine(row) and row.kind != ROSTER:
            got = ask(student, row, machine)
            if got != refusal((), row.rights):
                wrong.append(f"{row.route}: {got}")
    for row in OTHERS:
        if "{machine}" in by_name[row.route].path:
            got = send(student, of_machine(row, machine), by_name[row.route]).status
            if got not in FORBIDDEN_OR_HIDDEN:
                wrong.append(f"{row.route}: {got}")
    assert not wrong, "\n".join(wrong)


def test_nobody_else_s_machine_is_claimed(student: World) -> None:
    machines = f"{CLASSIC}/environmentsettings/default/environments"
    assert student.ask("POST", f"{machines}/{THEIRS}/claim").status == 409
    assert student.ask("POST", f"{machines}/one/claim").status == 409  # everybody has one
    assert student.ask("POST", f"{CLASSIC}/environmentsettings/default/claimAny").status == 200  # the same again


def test_of_the_own_machine_only_this_is_open(student: World, by_name: Mapping[str, Place]) -> None:
    wrong = []
    for row in ARM:
        if is_of_machine(row):
            is_open = ask(student, row, MINE) not in FORBIDDEN_OR_HIDDEN
            if is_open != (row.route in OWN_IN_API):
                wrong.append(f"{row.route}: {'open' if is_open else 'refused'}")
    for row in OTHERS:
        if "{machine}" in by_name[row.route].path:
            is_open = send(student, of_machine(row, MINE), by_name[row.route]).status not in FORBIDDEN_OR_HIDDEN
            if is_open != (row.route in OWN_BESIDE):
                wrong.append(f"{row.route}: {'open' if is_open else 'refused'}")
    assert not wrong, "\n".join(wrong)


def test_pages_of_the_lab_are_as_for_anybody(student: World, by_name: Mapping[str, Place]) -> None:
    wrong = []
    for row in OTHERS:
        if row.kind == OWN or "{machine}" in by_name[row.route].path:
            continue
        got, refused = send(student, row, by_name[row.route]).status, expected_of_page(row, ())
        if got not in refused if refused else got >= 400 and got not in row.also:
            wrong.append(f"{row.route}: {got}, not {refused}")
    assert not wrong, "\n".join(wrong)

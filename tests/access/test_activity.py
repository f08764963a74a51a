"""The activity log has every change and every refusal of the REST API: who, what, to what, and from where."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from galeria.actions.core.refusals import Kind, RefusalCounter
from galeria.domain.audit import FAILED, SUCCEEDED, AuditEvent
from galeria.ports.database import UnitOfWork
from tests.access.arm_requests import BY_NAME, body_of, path_of
from tests.access.evaluator import Given
from tests.access.page_requests import places, send
from tests.access.rows import ANYWHERE, Row
from tests.access.table_arm import ARM
from tests.access.table_pages import OTHERS
from tests.access.world import World
from tests.interfaces.arm.served import SUB

pytestmark = pytest.mark.slow

QUESTIONS = frozenset(
    {
        "ResourceGraph_Resources",
        "LabPlans_EstimateImage",
        "LabAccounts_GetRegionalAvailability",
        "GlobalUsers_GetEnvironment",
        "GlobalUsers_GetOperationStatus",
        "GlobalUsers_GetOperationBatchStatus",
        "GlobalUsers_GetPersonalPreferences",
        "GlobalUsers_ListEnvironments",
        "GlobalUsers_ListLabs",
    }
)
"""Ask, by a method that may change things elsewhere."""
SAME = frozenset(
    {
        "Providers_Register",  # all providers are there always
        "RoleAssignments_Create",  # is given already
        "RoleAssignments_Delete",  # is given on another scope
        "People_Enable",  # is enabled
        "CapsOperations_Cancel",  # has ended
        "Operations_Cancel",
        "OperationResults_Cancel",
        "Labs_SyncGroup",  # has no group
        "VirtualMachines_Stop",  # is off
        "EnvironmentSettings_Stop",
        "Environments_Stop",
        "GlobalUsers_StopEnvironment",
        "GalleryImages2018_Delete",  # is switched off
        "Environments_CreateOrUpdate",  # keeps nothing of what is sent
        "Environments_Update",
    }
)
"""Change nothing in the installation of these tests, and say so in no entry."""
NOT_THERE = frozenset({"ComputeMachines_Get", "VirtualMachines_BringBack", "web_class_back"})
"""Whoever may ask for these learns that there are none."""


@contextmanager
def entries(world: World) -> Iterator[list[AuditEvent]]:
    """The new entries of what is called meanwhile."""
    with world.portal.installation.context.database(reading=True) as uow:
        before = {each.id for each in uow.audit.recent(limit=10_000)}
    found: dict[str, AuditEvent] = {}
    told: list[AuditEvent] = []

    def look(uow: UnitOfWork) -> None:
        for each in uow.audit.recent(limit=20):
            if each.id not in before and each.id not in found:
                found[each.id] = each
                told.append(each)

    world.looks.append(look)
    try:
        yield told
    finally:
        world.looks.remove(look)


def fits(world: World, event: AuditEvent, status: str) -> bool:
    who = (event.principal_id, event.address, event.status)
    return who == (world.somebody.id, "127.0.0.1", status) and bool(event.action) and event.scope.startswith(SUB)


def ask(world: World, row: Row) -> int:
    return world.ask(BY_NAME[row.route].method, path_of(world, row), body_of(world, row)).status


@pytest.fixture
def every_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the same again would be counted: most routes of a resource ask for the same right first."""

    def count(self: RefusalCounter, kind: Kind, now: object) -> tuple[Kind, int]:
        return kind, 1

    monkeypatch.setattr(RefusalCounter, "count", count)


def test_every_change_is_an_entry(world: World) -> None:
    wrong, changed = [], 0
    world.give((Given(role="Owner", scope=SUB),))
    for row in ARM:
        with entries(world) as told:
            status = ask(world, row)
        is_question = BY_NAME[row.route].method in ("GET", "HEAD") or row.route in QUESTIONS
        done = [each for each in told if each.status != FAILED]
        if status >= 300 or is_question:
            wrong += [f"{row.route} is told to be a change, and answers {status}"] if done else []
        elif done or row.route not in SAME:
            changed += 1
            if not done or not all(fits(world, each, SUCCEEDED) for each in told):
                wrong.append(f"{row.route}: {[vars(each) for each in told]}")
    assert not wrong, "\n".join(wrong)
    assert changed > 60


@pytest.mark.usefixtures("every_refusal_is_told")
@pytest.mark.parametrize("given", [(), (Given(role="Lab Assistant", scope=SUB),)], ids=["nobody", "Lab Assistant"])
def test_every_refusal_is_an_entry(world: World, given: tuple[Given, ...]) -> None:
    wrong, refused = [], 0
    world.give(given)
    by_name = {place.name: place for place in places(world.app.routes)}
    others = [each for each in OTHERS if each.rights or each.kind == ANYWHERE]
    for row in (*ARM, *others):
        with entries(world) as told:
            status = ask(world, row) if row.route in BY_NAME else send(world, row, by_name[row.route]).status
        if status not in (403, 404, 4403, 4404) or (row.route in NOT_THERE and not told):
            continue
        refused += 1
        if not told or not all(fits(world, each, FAILED) for each in told):
            wrong.append(f"{row.route} {status}: {[vars(each) for each in told]}")
    assert not wrong, "\n".join(wrong)
    assert refused > 100

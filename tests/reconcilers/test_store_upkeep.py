"""Stores are checked and cleared with a share of the host; how far that is survives a restart."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from galeria.actions.versions.versions import delete_version
from galeria.domain.images.background import BackgroundLimits
from galeria.domain.images.upkeep import StoreUpkeep, UpkeepKind
from galeria.reconcilers.store_upkeep import (
    COLLECT_EVERY,
    collect_due_garbage,
    collect_region,
    scrub_region,
    scrub_stores,
)
from galeria.workflows.context import WorkflowContext
from tests.later_clock import Later
from tests.local_installation import LocalInstallation, version_id
from tests.prepared_installations import MakeInstallation, with_running_lab

REGION = "brazilsouth"


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def noted(context: WorkflowContext, kind: UpkeepKind) -> StoreUpkeep | None:
    with context.database(reading=True) as uow:
        return uow.store_upkeep.find(REGION, kind)


def at_once(seconds: float) -> None:
    """Nobody rests."""


class BusyTraffic:
    """Somebody waits for answers all the time."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def wait_quiet(self, seconds: float) -> None:
        self.waited.append(seconds)


def test_a_scrub_that_is_cut_off_goes_on_where_it_was(running: LocalInstallation) -> None:
    context, whole = running.context, running.context.stores[REGION].scrub_bytes("")
    read, turns = 0, 0
    while True:
        scrub_region(context, REGION, seconds=0, rest=at_once)
        row = noted(context, UpkeepKind.SCRUB)
        assert row is not None
        if row.begun_at is None:
            break
        assert row.done_bytes > read, "each turn goes on"
        assert row.after
        read, turns = row.done_bytes, turns + 1
    assert turns > 1
    assert row.last_bytes >= whole > 0
    assert (row.last_damaged, row.left_bytes) == (0, 0)


def test_damage_is_counted_and_logged(running: LocalInstallation, caplog: pytest.LogCaptureFixture) -> None:
    pack = next(path for path in (running.folder / "regions" / REGION / "store" / "packs").rglob("*/*"))
    data = bytearray(pack.read_bytes())
    data[10] ^= 0xFF
    pack.write_bytes(data)
    scrub_region(running.context, REGION, rest=at_once)
    row = noted(running.context, UpkeepKind.SCRUB)
    assert row is not None
    assert row.last_damaged == 1
    assert f"damaged in {REGION}" in caplog.text


def test_stores_are_read_again_after_the_days_of_the_settings(running: LocalInstallation) -> None:
    def finished(context: WorkflowContext) -> object:
        scrub_stores(context)
        row = noted(context, UpkeepKind.SCRUB)
        return row.finished_at if row else None

    settings = replace(running.context.settings, background=BackgroundLimits(disk_mib_per_second=0, scrub_days=0))
    assert finished(replace(running.context, settings=settings)) is None
    settings = replace(settings, background=replace(settings.background, scrub_days=2))
    context = replace(running.context, settings=settings)
    first = finished(context)
    assert first is not None
    assert finished(replace(context, clock=Later(timedelta(days=1), running.context))) == first
    assert finished(replace(context, clock=Later(timedelta(days=3), running.context))) != first


def test_garbage_is_collected_each_hour_and_the_figures_are_kept(running: LocalInstallation) -> None:
    context = running.context
    collect_due_garbage(context)
    row = noted(context, UpkeepKind.COLLECTION)
    assert row is not None
    assert (row.begun_at, row.last_bytes) == (None, 0)
    collect_due_garbage(replace(context, clock=Later(COLLECT_EVERY / 2, context)))
    again = noted(context, UpkeepKind.COLLECTION)
    assert again is not None
    assert again.finished_at == row.finished_at
    later = replace(context, clock=Later(COLLECT_EVERY, context))
    with context.stores[REGION].lease(exclusive=False):
        collect_due_garbage(later)
    held = noted(context, UpkeepKind.COLLECTION)
    assert held is not None
    assert (held.begun_at is None, held.finished_at) == (False, row.finished_at)
    collect_due_garbage(later)
    done = noted(context, UpkeepKind.COLLECTION)
    assert done is not None
    assert done.finished_at != row.finished_at


def test_what_was_freed_is_told(running: LocalInstallation) -> None:
    done = running.run(running.begin_export("algebra", "Algebra"))
    assert done.error_message == ""
    with running.context.stores[REGION].lease(exclusive=False):  # so that the deletion leaves it to the collection
        with running.request() as request:
            deletion = delete_version(request, version_id("Algebra"))
        running.run(deletion)
    with running.context.database() as uow:
        machine = uow.machines.get(running.machine("algebra").id)
        machine.layer = machine.layer_digest = None
        uow.commit()
    collect_region(running.context, REGION, rest=at_once)
    row = noted(running.context, UpkeepKind.COLLECTION)
    assert row is not None
    assert row.last_bytes > 0


@pytest.mark.parametrize("work", [scrub_region, collect_region])
def test_answers_come_first_after_each_piece(running: LocalInstallation, work: Callable[..., None]) -> None:
    """Where answers are given all the time the work still goes on, with a tenth of its share."""
    traffic = BusyTraffic()
    work(replace(running.context, traffic=traffic), REGION, rest=at_once)
    assert len(traffic.waited) > 1
    assert min(traffic.waited) > 0


def test_answers_are_waited_for_until_a_tenth_of_the_share_is_left() -> None:
    limits = BackgroundLimits(disk_mib_per_second=0, processor_percent=20)
    work = 0.005
    whole = work + limits.pause(work, processor=work, moved=0) + limits.longest_wait(work)
    assert work / whole == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize(
    ("limits", "elapsed", "processor", "moved", "pause"),
    [
        (BackgroundLimits(disk_mib_per_second=10, processor_percent=100), 0.1, 0.1, 10 << 20, 0.9),
        (BackgroundLimits(disk_mib_per_second=0, processor_percent=20), 0.1, 0.1, 1 << 40, 0.4),
        (BackgroundLimits(disk_mib_per_second=1, processor_percent=10), 2.0, 0.1, 1 << 20, 0.0),
    ],
)
def test_the_rest_after_work_keeps_both_shares(
    limits: BackgroundLimits, elapsed: float, processor: float, moved: int, pause: float
) -> None:
    assert limits.pause(elapsed, processor=processor, moved=moved) == pytest.approx(pause)

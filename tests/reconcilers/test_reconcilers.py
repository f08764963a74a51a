"""Each run compares machines, stores and rows, repairs the differences, and leaves alone what an operation works on."""

import gc
import threading
import time
import weakref
from dataclasses import replace
from datetime import timedelta

import pytest

from galeria.actions.versions.versions import delete_version
from galeria.bootstrap.periodic_jobs import (
    LONGEST_PAUSE,
    SMALL_SHARE,
    PeriodicJob,
    Reconciler,
    freeze_garbage_collector,
)
from galeria.domain.states import MachineState
from galeria.ports.images import Digest
from galeria.ports.machines import Machine, Power
from galeria.reconcilers.machine_power import match_power
from galeria.reconcilers.operations import start_unsettled
from galeria.reconcilers.orphans import UPLOAD_AGE, remove_lost_machines, remove_stale_uploads
from galeria.reconcilers.store_upkeep import collect_region
from tests.crashing import Crash, Steps
from tests.later_clock import Later
from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, version_id
from tests.prepared_installations import MakeInstallation, with_running_lab
from tests.reconcilers.started import Started

IMAGE = GALLERY.child("images", "linux")


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def test_exactly_what_is_not_ended_is_started(running: LocalInstallation) -> None:
    waiting = running.begin_stop("algebra")
    broken = running.begin_import("other", disk_bytes(MIB))
    with pytest.raises(Crash):
        running.run(broken, Steps().resumed((3, "after")))
    failed = running.begin_import("third", b"no disk")
    running.run(failed)
    starter = Started()
    start_unsettled(running.context, starter)
    assert starter.ids == [waiting.id, broken.id]
    running.run(waiting)
    running.run(broken)
    starter.ids.clear()
    start_unsettled(running.context, starter)
    assert starter.ids == []


def test_a_round_that_grows_with_the_galleries_comes_less_often() -> None:
    """So that answers stay quick: it disturbs fewer than one in a hundred."""
    small, large = 0.001, 0.5
    often = PeriodicJob(every=20, do=lambda: None)
    rare = PeriodicJob(every=20, do=lambda: None, share=SMALL_SHARE)
    assert [often.pause(small), often.pause(large), rare.pause(small)] == [20, 20, 20]
    assert large / rare.pause(large) < 0.01
    assert rare.pause(60) == LONGEST_PAUSE


def test_the_reconciler_keeps_a_round_to_its_share() -> None:
    done = threading.Event()
    busy: list[float] = []

    def work() -> None:
        began = time.thread_time()
        while time.thread_time() < began + 0.02:
            pass
        busy.append(time.monotonic())

    reconciler = Reconciler(
        (
            PeriodicJob(every=0.01, do=work, share=1 / 1000),  # once in 20 s
            PeriodicJob(every=0.01, do=lambda: done.set() if busy else None),
        )
    )
    reconciler.start()
    try:
        assert done.wait(20)
        done.clear()
        assert done.wait(20)
    finally:
        reconciler.stop()
    assert len(busy) == 1


def test_what_is_set_aside_may_become_garbage_and_goes_with_the_next_round() -> None:
    class Knot:
        def __init__(self) -> None:
            self.itself = self

    knot = Knot()
    tail = weakref.ref(knot)
    looks = gc.get_threshold()
    try:
        freeze_garbage_collector()
        del knot
        gc.collect()
        assert tail() is not None  # out of the collector's sight, which is what makes it quick
        freeze_garbage_collector()
        assert tail() is None
        assert gc.get_threshold()[0] > looks[0]  # and what is new is looked at less often
    finally:
        gc.unfreeze()
        gc.set_threshold(*looks)


def test_a_machine_that_was_shut_down_from_inside_is_stopped(running: LocalInstallation) -> None:
    running.engine.stop(running.guest_of("algebra"), seconds=1)
    match_power(running.context)
    assert running.machine("algebra").state is MachineState.STOPPED


def test_a_machine_that_runs_is_running(running: LocalInstallation) -> None:
    running.run(running.begin_stop("algebra"))
    running.engine.start(running.guest_of("algebra"), ssh=True)
    match_power(running.context)
    assert running.machine("algebra").state is MachineState.RUNNING


def test_power_is_nobodys_business_while_work_is_under_way(running: LocalInstallation) -> None:
    running.run(running.begin_stop("algebra"))
    running.begin_start("algebra")
    match_power(running.context)
    assert running.machine("algebra").state is MachineState.STARTING
    with running.context.database() as uow:  # as a step may leave it for a moment
        uow.machines.get(running.machine("algebra").id).state = MachineState.RUNNING
        uow.commit()
    match_power(running.context)
    assert running.machine("algebra").state is MachineState.RUNNING


def test_a_machine_that_the_host_has_lost_is_not_called_stopped(running: LocalInstallation) -> None:
    running.engine.remove_machine(running.guest_of("algebra"))
    assert running.engine.power(running.guest_of("algebra")) is Power.ABSENT
    match_power(running.context)
    assert running.machine("algebra").state is MachineState.RUNNING


def test_machines_without_a_lab_are_removed_and_others_stay(running: LocalInstallation) -> None:
    guest = running.guest_of("algebra")
    with pytest.raises(Crash):
        running.run(running.begin_lab("geometry", IMAGE), Steps().resumed((3, "after")))
    unfinished = running.guest_of("geometry")
    lost = Machine(id="f" * 32, region="brazilsouth")
    (running.folder / "regions" / lost.region / "machines" / lost.id).mkdir()
    remove_lost_machines(running.context)
    assert {each.id for each in running.engine.machines()} == {guest.id, unfinished.id}


def test_a_machine_made_during_the_round_is_not_taken_for_a_lost_one(running: LocalInstallation) -> None:
    """Its row is there before it is: rows that were read first would not show it."""
    real, operation = running.engine.machines, []

    def slow() -> list[Machine]:
        operation.append(running.run(running.begin_lab("geometry", IMAGE)))
        return real()

    running.engine.machines = slow  # type: ignore[method-assign]
    remove_lost_machines(running.context)
    assert {each.id for each in real()} == {running.guest_of(lab).id for lab in ("algebra", "geometry")}


def test_garbage_collection_keeps_what_machines_and_versions_need(running: LocalInstallation) -> None:
    running.engine.write(running.guest_of("algebra"), 0, b"lesson one")
    running.run(running.begin_export("algebra", "Algebra"))
    for image in ("linux", "Algebra"):
        with running.request() as request:
            operation = delete_version(request, version_id(image))
        running.run(operation)
    collect_region(running.context, "brazilsouth")
    row = running.machine("algebra")
    assert row.layer_digest is not None
    for digest in (row.base_digest, row.layer_digest):
        assert held(running, digest)
    assert running.context.cache.has_base("brazilsouth", row.base_digest)
    running.engine.write(running.guest_of("algebra"), 0, b"lesson two")
    assert running.run(running.begin_export("algebra", "Algebra")).error_message == ""


def test_garbage_is_collected_when_nothing_needs_it_any_more(running: LocalInstallation) -> None:
    digest = running.machine("algebra").base_digest
    with running.context.database() as uow:  # as if a lab's deletion had been cut off after its rows were gone
        machine = uow.machines.get(running.machine("algebra").id)
        uow.machines.remove(machine)
        version = uow.versions.get_by_key(version_id("linux").key)
        for replica in uow.versions.replicas(version.id):
            uow.versions.remove_replica(replica)
        uow.commit()
    collect_region(running.context, "brazilsouth")
    assert not held(running, digest)
    assert running.context.cache.bases("brazilsouth") == []


def test_where_a_writer_is_busy_the_next_round_collects(running: LocalInstallation) -> None:
    digest = running.machine("algebra").base_digest
    with running.context.database() as uow:
        uow.machines.remove(uow.machines.get(running.machine("algebra").id))
        version = uow.versions.get_by_key(version_id("linux").key)
        for replica in uow.versions.replicas(version.id):
            uow.versions.remove_replica(replica)
        uow.commit()
    with running.context.stores["brazilsouth"].lease(exclusive=False):
        collect_region(running.context, "brazilsouth")
        assert held(running, digest)
    collect_region(running.context, "brazilsouth")
    assert not held(running, digest)


def test_an_upload_that_nobody_goes_on_with_is_removed_after_a_week(installation: LocalInstallation) -> None:
    upload = installation.upload(disk_bytes(MIB))
    installation.context.uploads.append("0" * 32, 0, [b"without a row"], limit=100)
    remove_stale_uploads(installation.context)
    assert installation.context.uploads.all() == [upload]
    almost = replace(installation.context, clock=Later(UPLOAD_AGE - timedelta(minutes=5), installation.context))
    remove_stale_uploads(almost)
    assert installation.context.uploads.all() == [upload]
    remove_stale_uploads(replace(installation.context, clock=Later(UPLOAD_AGE, installation.context)))
    assert installation.context.uploads.all() == []
    with installation.context.database(reading=True) as uow:
        assert uow.uploads.find(upload) is None


def held(installation: LocalInstallation, digest: Digest) -> bool:
    return installation.context.stores["brazilsouth"].find_manifest(digest) is not None

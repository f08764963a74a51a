"""Machines that are exported again and again keep short chains, and nothing that may still be opened by name is joined."""

from dataclasses import replace
from datetime import timedelta

import pytest

from galeria.actions.versions.operations import retry_operation
from galeria.domain.errors import OutOfSpace
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.reconcilers.long_chains import LONGEST_CHAIN, RETRY_AGE, needed_layers, shorten_chains
from galeria.workflows.fill_disks import layer_of
from tests.failing import FailingStore
from tests.later_clock import Later
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, with_running_lab

FULL = OutOfSpace(Message("full"), hint=Message("Make room."))


@pytest.fixture
def running(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(with_running_lab)


def layers(installation: LocalInstallation) -> tuple[str, ...]:
    return installation.engine.guest(installation.guest_of("algebra")).layers


def export(installation: LocalInstallation, name: str) -> Operation:
    installation.engine.write(installation.guest_of("algebra"), 0, name.encode().ljust(20))
    done = installation.run(installation.begin_export("algebra", name))
    assert done.error_message == ""
    return done


def failed_export(installation: LocalInstallation, name: str) -> Operation:
    store = FailingStore(installation.context.stores["brazilsouth"], "capture", FULL, times=1)
    stores = {**installation.context.stores, "brazilsouth": store}
    hostile = replace(installation, context=replace(installation.context, stores=stores))
    return hostile.run(hostile.begin_export("algebra", name))


def test_a_machine_exported_often_has_few_layers_and_exports_only_the_change(running: LocalInstallation) -> None:
    for number in range(2 * LONGEST_CHAIN):
        last = export(running, f"image-{number}")
        shorten_chains(running.context)
        assert len(layers(running)) < LONGEST_CHAIN
    assert layers(running)[-1] == layer_of(last.id)
    done = export(running, "image-x")
    with running.context.database(reading=True) as uow:
        (disk,) = uow.versions.disks(done.subject)
    assert disk.read_bytes == 256 * 1024
    assert running.engine.read(running.guest_of("algebra"), 0, 7) == b"image-x"


def test_the_layers_of_an_export_that_may_be_retried_stay(running: LocalInstallation) -> None:
    first = export(running, "first")
    running.engine.write(running.guest_of("algebra"), 0, b"lesson two")
    failed = failed_export(running, "morning")
    for number in range(LONGEST_CHAIN):
        last = export(running, f"image-{number}")
    shorten_chains(running.context)
    assert layers(running) == tuple(layer_of(each.id) for each in (first, failed, last))
    with running.request("educator") as request:
        retried = retry_operation(request, failed.id)
    assert running.run(retried).error_message == ""
    with running.context.database(reading=True) as uow:
        (disk,) = uow.versions.disks(retried.subject)
    with running.context.stores["brazilsouth"].open(disk.digest) as content:
        assert content.reader().read(0, 10) == b"lesson two"


def test_after_a_week_they_are_joined_and_a_retry_reads_all_that_the_machine_wrote(running: LocalInstallation) -> None:
    export(running, "first")
    failed = failed_export(running, "morning")
    for number in range(LONGEST_CHAIN):
        last = export(running, f"image-{number}")
    later = replace(running.context, clock=Later(RETRY_AGE + timedelta(hours=1), running.context))
    assert needed_layers(later, running.machine("algebra")) == {layer_of(last.id)}
    shorten_chains(later)
    assert layers(running) == (layer_of(last.id),)
    with running.request("educator") as request:
        retried = retry_operation(request, failed.id)
    assert running.run(retried).error_message == ""


def test_a_disk_without_room_for_both_is_left_alone(running: LocalInstallation) -> None:
    class Full:
        def require(self, needed: int, *, region: str = "") -> None:
            raise FULL

        def share(self, region: str) -> float:
            return 1.0

    for number in range(LONGEST_CHAIN):
        export(running, f"image-{number}")
    shorten_chains(replace(running.context, disk_room=Full()))
    assert len(layers(running)) == LONGEST_CHAIN

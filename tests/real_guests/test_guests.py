"""Guests that people bring work, from the import of their disk to a lab elsewhere: real systems, servers and machines."""

from collections.abc import Callable

import pytest

from tests.real_guests.guest_disks import GuestDisks
from tests.real_guests.guest_walk import GuestWalk
from tests.real_guests.timeline import Timeline
from tests.real_guests.variants import CASES, Variant
from tests.system.server_process import ServerProcess

# On a busy computer without KVM each start of a machine takes many minutes.
pytestmark = [pytest.mark.system, pytest.mark.timeout(5400)]


@pytest.mark.parametrize("variant", CASES)
def test_a_guest_is_brought_used_exported_and_used_elsewhere(
    server_process: ServerProcess, variant: Variant, disks: GuestDisks, new_timeline: Callable[[str], Timeline]
) -> None:
    timeline = new_timeline(variant.name)
    with timeline.step("disk"):
        disk = disks.get(variant)
    walk = GuestWalk(server_process, variant, timeline, prof_key=disks.prof_key)
    walk.bring(disk)
    before = walk.use_here()
    walk.export()
    walk.use_elsewhere(before)
    walk.change_password()
    walk.make_anew()

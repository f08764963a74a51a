"""How much machines could still take of a host: by its memory, and by how many machines there may be."""

from galeria.domain.labs.sizes import Size
from galeria.domain.labs.start_queue import OVERHEAD_MIB, HostUse, StartLimits, room_left

SIZES = (Size(name="Tiny", vcpus=1, memory_mib=512), Size(name="Wide", vcpus=8, memory_mib=2048))
NOTHING = HostUse(running=0, starting=0, waiting=0, memory_mib=0)


def test_memory_decides_how_many_machines_and_so_how_many_cores() -> None:
    limits = StartLimits(memory_mib=3 * (512 + OVERHEAD_MIB))
    assert room_left(limits, NOTHING, SIZES, machines=100) == (3, 3 * (512 + OVERHEAD_MIB))
    limits = StartLimits(memory_mib=2 * (2048 + OVERHEAD_MIB))
    assert room_left(limits, NOTHING, SIZES, machines=100)[0] == 16


def test_no_more_cores_than_those_of_the_machines_that_there_may_be() -> None:
    assert room_left(StartLimits(memory_mib=2**20), NOTHING, SIZES, machines=2)[0] == 16
    assert room_left(StartLimits(memory_mib=2**20), NOTHING, SIZES, machines=0)[0] == 0


def test_without_a_limit_of_memory_only_the_number_of_machines_decides() -> None:
    assert room_left(StartLimits(memory_mib=0), NOTHING, SIZES, machines=3) == (24, 3 * (2048 + OVERHEAD_MIB))


def test_a_host_that_is_more_than_full_has_nothing_left() -> None:
    full = HostUse(running=2, starting=0, waiting=1, memory_mib=2000)
    assert room_left(StartLimits(memory_mib=1000), full, SIZES, machines=9) == (0, 0)

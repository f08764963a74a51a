"""What every `VmEngine` promises: run on the fake one always, on libvirt with real machines as a system test."""

from collections.abc import Callable

import pytest

from galeria.domain.errors import Conflict, MachineFailed, NotFound
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.ways_in import WayIn
from galeria.ports.disks import Content
from galeria.ports.machines import Machine, MachineCredentials, Power
from tests.adapters.engine.conftest import FREE_OFFSET, EngineCase, first_boot, new_spec, password_hash, tally
from tests.rfb import Viewer

BLOCK = 65536
STRANGER = Machine(id="f" * 32, region="brazilsouth")


def test_a_new_machine_is_off_costs_little_and_is_listed(case: EngineCase) -> None:
    machine = case.ensure()
    assert case.engine.power(machine) is Power.STOPPED
    assert case.engine.running() == set()
    assert case.engine.disk_bytes(machine) < 1 << 20
    assert case.engine.machines() == [machine]
    assert not case.engine.has_agent(machine)


def test_making_a_machine_twice_leaves_it_as_it_is(case: EngineCase) -> None:
    spec = new_spec()
    case.made.append(spec.machine)
    case.engine.ensure_machine(spec, first_boot())
    case.engine.seal_disk(spec.machine, "one")
    case.engine.ensure_machine(spec, first_boot())
    assert case.engine.changed_pieces(spec.machine, since="one", piece=BLOCK) == 0


def test_a_machine_needs_its_image_in_the_cache(case: EngineCase) -> None:
    case.base.unlink()
    with pytest.raises(MachineFailed, match="not in the cache"):
        case.ensure()


@pytest.mark.parametrize(
    "verb",
    [
        lambda engine: engine.start(STRANGER, ssh=False),
        lambda engine: engine.stop(STRANGER, seconds=1),
        lambda engine: engine.wait_ready(STRANGER, way=WayIn.SSH, seconds=1),
        lambda engine: engine.open_ssh(STRANGER),
        lambda engine: engine.is_reachable(STRANGER, WayIn.SSH),
        lambda engine: engine.observe(STRANGER),
        lambda engine: engine.open_console(STRANGER),
        lambda engine: engine.seal_disk(STRANGER, "one"),
        lambda engine: engine.changed_pieces(STRANGER, since=None, piece=BLOCK),
        lambda engine: engine.open_changes(STRANGER, "one", since=None).__enter__(),
        lambda engine: engine.renew_identity(STRANGER, host_name="other"),
        lambda engine: engine.pause(STRANGER),
        lambda engine: engine.resume(STRANGER),
        lambda engine: engine.change_disk(STRANGER, DiskChanges()),
    ],
)
def test_a_machine_that_is_not_there_is_not_found(case: EngineCase, verb: Callable[[object], None]) -> None:
    with pytest.raises(NotFound):
        verb(case.engine)


def test_a_machine_that_is_not_there_is_absent_and_removing_it_is_no_error(case: EngineCase) -> None:
    assert case.engine.power(STRANGER) is Power.ABSENT
    assert not case.engine.has_agent(STRANGER)
    assert case.engine.disk_bytes(STRANGER) == 0
    case.engine.remove_machine(STRANGER)


def test_what_needs_a_running_machine_says_so(case: EngineCase) -> None:
    machine = case.ensure()
    with pytest.raises(MachineFailed, match="off"):
        case.engine.set_credentials(machine, MachineCredentials(user_name="bob", password_hash=password_hash("x")))
    with pytest.raises(MachineFailed, match="off"):
        case.engine.open_ssh(machine)


def test_a_running_machines_disk_is_not_changed(case: EngineCase) -> None:
    machine = case.running()
    with pytest.raises(MachineFailed, match="runs"):
        case.engine.change_disk(machine, DiskChanges(user_name="bob", password_hash=password_hash("x")))


def test_a_running_machine_is_paused_and_goes_on(case: EngineCase) -> None:
    machine, engine = case.ensure(), case.engine
    engine.pause(machine)
    assert engine.paused() == set()
    case.boot(machine, ssh=False)
    for _ in range(2):
        engine.pause(machine)
        assert (engine.paused(), engine.running(), engine.power(machine)) == ({machine.id}, {machine.id}, Power.RUNNING)
    for _ in range(2):
        engine.resume(machine)
        assert (engine.paused(), engine.running()) == (set(), {machine.id})
    engine.pause(machine)
    engine.stop(machine, seconds=60)
    assert (engine.paused(), engine.running(), engine.power(machine)) == (set(), set(), Power.STOPPED)


def test_a_machine_that_is_off_has_no_screen(case: EngineCase) -> None:
    machine = case.ensure()
    with pytest.raises(Conflict, match="off") as caught:
        case.engine.open_console(machine)
    assert "Start it" in caught.value.hint


def test_several_look_at_a_screen_and_press_keys_until_the_machine_goes_off(case: EngineCase) -> None:
    machine = case.ensure()
    case.engine.start(machine, ssh=False)
    with case.engine.open_console(machine) as first_wire, case.engine.open_console(machine) as second_wire:
        first, second = Viewer(first_wire), Viewer(second_wire)
        for viewer in (first, second):
            viewer.type("Keys\n")
            viewer.point(10, 10, buttons=1)
            viewer.point(10, 10)
            viewer.cut("text")
            picture = viewer.look()
            assert picture.width > 0
            assert len(picture.pixels) == picture.width * picture.height * 4
        case.engine.stop(machine, seconds=1)
        for viewer in (first, second):
            viewer.wait_end()
    with pytest.raises(Conflict):
        case.engine.open_console(machine)


def test_a_machine_is_set_aside_with_its_layers_and_brought_back(case: EngineCase) -> None:
    spec = case.specified(generation="V2")
    kept, other = (Machine(id=letter * 32, region=spec.machine.region) for letter in "de")
    case.made.extend((kept, other))
    case.engine.seal_disk(spec.machine, "one")
    for _ in range(2):
        case.engine.set_aside(spec.machine, kept)
    assert case.engine.power(spec.machine) is Power.ABSENT
    assert case.engine.machines() == [kept]

    case.engine.ensure_machine(spec, first_boot())
    with pytest.raises(NotFound):
        case.engine.changed_pieces(spec.machine, since="one", piece=BLOCK)
    case.engine.set_aside(spec.machine, other)
    for _ in range(2):
        case.engine.bring_back(spec, kept)
    assert case.engine.power(spec.machine) is Power.STOPPED
    assert case.engine.changed_pieces(spec.machine, since="one", piece=BLOCK) == 0
    assert set(case.engine.machines()) == {spec.machine, other}
    case.engine.remove_machine(other)
    assert case.engine.machines() == [spec.machine]


def test_a_work_disk_stays_when_its_machine_goes(case: EngineCase) -> None:
    spec = case.specified()
    for _ in range(2):
        case.engine.ensure_work_disk(spec, "a" * 32, gib=1)
    case.engine.change_hardware(spec)
    ((place, size),) = case.engine.work_disks().items()
    assert place == (spec.machine.region, "a" * 32)
    assert size < 64 << 20
    case.engine.remove_machine(spec.machine)
    assert list(case.engine.work_disks()) == [place]
    case.engine.remove_work_disk(*place)
    case.engine.remove_work_disk(*place)
    assert case.engine.work_disks() == {}


def test_sealing_an_untouched_disk_gives_a_layer_that_is_all_parent(case: EngineCase) -> None:
    machine = case.ensure()
    case.engine.seal_disk(machine, "one")
    case.engine.seal_disk(machine, "one")
    with case.engine.open_changes(machine, "one", since=None) as disk:
        assert disk.size == case.base.stat().st_size
        assert tally(disk)[Content.PARENT] == disk.size


def test_a_layer_that_was_not_sealed_is_not_found(case: EngineCase) -> None:
    machine = case.ensure()
    case.engine.seal_disk(machine, "one")
    with pytest.raises(NotFound), case.engine.open_changes(machine, "two", since=None):
        pass
    with pytest.raises(NotFound), case.engine.open_changes(machine, "one", since="two"):
        pass
    with pytest.raises(NotFound):
        case.engine.changed_pieces(machine, since="two", piece=BLOCK)


def test_a_later_layer_cannot_be_the_parent_of_an_earlier_one(case: EngineCase) -> None:
    machine = case.ensure()
    case.engine.seal_disk(machine, "one")
    case.engine.seal_disk(machine, "two")
    with pytest.raises(NotFound), case.engine.open_changes(machine, "one", since="two"):
        pass


def test_a_chain_that_is_not_long_stays_as_it_is(case: EngineCase) -> None:
    machine = case.ensure()
    case.engine.seal_disk(machine, "one")
    case.engine.seal_disk(machine, "two")
    assert case.engine.shorten_chain(machine, longest=3, needed=set, rate=0) == 0
    assert case.engine.has_layer(machine, "one")


def test_layers_that_are_needed_stay_and_others_become_one(case: EngineCase) -> None:
    machine = case.running()
    for number in range(6):
        case.write(machine, FREE_OFFSET + number * BLOCK, bytes([65 + number]) * BLOCK)
        case.write(machine, FREE_OFFSET + 10 * BLOCK, bytes([97 + number]) * BLOCK)
        case.engine.seal_disk(machine, f"layer{number}")
    case.write(machine, FREE_OFFSET + 11 * BLOCK, b"z" * BLOCK)

    assert case.engine.shorten_chain(machine, longest=3, needed=lambda: {"layer2", "layer3"}, rate=0) == 3

    kept = [case.engine.has_layer(machine, f"layer{number}") for number in range(6)]
    assert kept == [False, False, True, True, False, True]
    for layer, since, blocks in (("layer2", None, "ABC"), ("layer5", "layer3", "EF")):
        with case.engine.open_changes(machine, layer, since=since) as disk:
            reader = disk.reader()
            first = FREE_OFFSET + (0 if since is None else 4) * BLOCK
            assert reader.read(first, len(blocks) * BLOCK) == b"".join(each.encode() * BLOCK for each in blocks)
            assert reader.read(FREE_OFFSET + 10 * BLOCK, 1) == blocks[-1].lower().encode()
            reader.close()
            below = [each for each in disk.extents() if each.offset <= FREE_OFFSET < each.offset + each.length]
            assert [each.content for each in below] == [Content.DATA if since is None else Content.PARENT]
    case.engine.seal_disk(machine, "last")
    with case.engine.open_changes(machine, "last", since="layer5") as disk:
        assert disk.reader().read(FREE_OFFSET + 11 * BLOCK, 1) == b"z"
        assert tally(disk)[Content.DATA] < 8 << 20
    case.engine.stop(machine, seconds=60)
    case.boot(machine, ssh=False)


def test_verbs_may_be_repeated_while_a_machine_runs_and_after(case: EngineCase) -> None:
    machine = case.running()
    case.engine.start(machine, ssh=True)
    case.engine.open_ssh(machine)
    case.wait(machine)
    assert case.engine.power(machine) is Power.RUNNING
    assert case.engine.running() == {machine.id}
    assert case.engine.has_agent(machine)
    case.engine.stop(machine, seconds=60)
    case.engine.stop(machine, seconds=60)
    assert case.engine.power(machine) is Power.STOPPED
    case.engine.remove_machine(machine)
    case.engine.remove_machine(machine)
    assert case.engine.machines() == []
    assert case.engine.disk_bytes(machine) == 0


def test_layers_sealed_while_running_hold_what_was_written_before_each(case: EngineCase) -> None:
    machine = case.running()
    first, second = b"1" * BLOCK, b"2" * BLOCK
    case.write(machine, FREE_OFFSET, first)
    case.write(machine, FREE_OFFSET + BLOCK, bytes(BLOCK))
    assert case.engine.changed_pieces(machine, since=None, piece=BLOCK) >= 1
    case.engine.seal_disk(machine, "one")
    case.write(machine, FREE_OFFSET, second)
    bound = case.engine.changed_pieces(machine, since="one", piece=BLOCK)
    case.engine.seal_disk(machine, "two")
    case.write(machine, FREE_OFFSET, b"3" * BLOCK)

    with case.engine.open_changes(machine, "one", since=None) as disk:
        reader = disk.reader()
        assert reader.read(FREE_OFFSET, BLOCK) == first
        assert reader.read(FREE_OFFSET + 5, 2 * BLOCK) == first[5:] + bytes(BLOCK + 5)
        reader.close()
    with case.engine.open_changes(machine, "two", since="one") as disk:
        changed = [extent for extent in disk.extents() if extent.offset <= FREE_OFFSET < extent.offset + extent.length]
        assert [extent.content for extent in changed] == [Content.DATA]
        assert disk.reader().read(FREE_OFFSET, BLOCK) == second
        assert tally(disk)[Content.DATA] <= bound * BLOCK + (1 << 20)
        assert tally(disk)[Content.PARENT] > disk.size * 9 // 10

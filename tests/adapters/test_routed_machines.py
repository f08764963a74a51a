"""Each region's machines are those of its engine; one that does not answer holds back no other."""

from pathlib import Path

import pytest

from galeria.adapters.fakes.engine import FakeEngine
from galeria.adapters.fakes.image_cache import FakeImageCache
from galeria.adapters.routed_machines import RoutedCache, RoutedEngine
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import CLOSED
from galeria.domain.messages import Message
from galeria.ports.machines import Machine, MachineSpec, Power

HERE, CLOUD = "here", "campus"
DIGEST = "a" * 64
AWAY = MachineFailed(Message("The cloud '{cloud}' does not answer: {reason}.", cloud=CLOUD, reason="timed out"))


@pytest.fixture
def here(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path / "here")


@pytest.fixture
def cloud(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path / "cloud")


@pytest.fixture
def engine(here: FakeEngine, cloud: FakeEngine) -> RoutedEngine:
    return RoutedEngine(here, {CLOUD: cloud})


def started(engine: RoutedEngine, folder: Path, region: str, id: str) -> Machine:
    base = folder / region / "cache" / f"{DIGEST}.raw"
    base.parent.mkdir(parents=True, exist_ok=True)
    base.write_bytes(bytes(4096))
    machine = Machine(id=id, region=region)
    spec = MachineSpec(machine=machine, base=DIGEST, generation="V1", vcpus=1, memory_mib=64, ssh_port=0)
    engine.ensure_machine(spec, None)
    engine.start(machine, ssh=True)
    return machine


def test_each_machine_belongs_to_the_engine_of_its_region(
    engine: RoutedEngine, here: FakeEngine, cloud: FakeEngine, tmp_path: Path
) -> None:
    near = started(engine, tmp_path / "here", HERE, "near")
    far = started(engine, tmp_path / "cloud", CLOUD, "far")
    assert (here.machines(), cloud.machines()) == ([near], [far])
    assert (engine.machines(), engine.running()) == ([near, far], {"near", "far"})
    engine.follow_policies({near: CLOSED, far: CLOSED})
    assert (here.policies, cloud.policies) == ({"near": CLOSED}, {"far": CLOSED})
    engine.pause(far)
    assert engine.paused() == {"far"}
    engine.remove_machine(far)
    assert (engine.power(far), engine.power(near)) == (Power.ABSENT, Power.RUNNING)


def test_a_region_that_does_not_answer_holds_back_no_other(
    engine: RoutedEngine, here: FakeEngine, cloud: FakeEngine, tmp_path: Path
) -> None:
    near = started(engine, tmp_path / "here", HERE, "near")
    far = started(engine, tmp_path / "cloud", CLOUD, "far")
    cloud.fail_on = dict.fromkeys(("machines", "running", "paused", "power"), AWAY)
    assert (engine.machines(), engine.running(), engine.paused()) == ([near], {"near"}, set())
    cloud.fail_on["follow_policies"] = AWAY
    with pytest.raises(MachineFailed, match="does not answer"):
        engine.follow_policies({far: CLOSED, near: CLOSED})
    assert here.policies == {"near": CLOSED}
    with pytest.raises(MachineFailed, match="does not answer"):  # so that nobody takes it to be off
        engine.power(far)


def test_each_base_belongs_to_the_cache_of_its_region(tmp_path: Path) -> None:
    here, cloud = FakeImageCache(tmp_path / "here"), FakeImageCache(tmp_path / "cloud")
    cache = RoutedCache(here, {CLOUD: cloud})
    base = tmp_path / "cloud" / CLOUD / "cache" / f"{DIGEST}.raw"
    base.parent.mkdir(parents=True)
    base.write_bytes(bytes(512))
    assert (cache.bases(CLOUD), cache.bases(HERE)) == ([DIGEST], [])
    assert cache.has_base(CLOUD, DIGEST)
    assert not cache.has_base(HERE, DIGEST)
    cache.remove_base(CLOUD, DIGEST)
    assert cloud.bases(CLOUD) == []


def test_a_region_that_does_not_answer_has_no_bases_to_remove(tmp_path: Path) -> None:
    class Away(FakeImageCache):
        def bases(self, region: str) -> list[str]:
            raise AWAY

    away = Away(tmp_path)
    assert RoutedCache(FakeImageCache(tmp_path), {CLOUD: away}).bases(CLOUD) == []
    with pytest.raises(MachineFailed):
        RoutedCache(away, {CLOUD: away}).bases(HERE)

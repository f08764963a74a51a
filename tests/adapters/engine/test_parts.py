"""The engine's small parts, each alone: paths, seed, probe, console, port table, cache and host checks."""

import grp
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pycdlib
import pytest

from galeria.adapters.engine import kvm_probe, seed
from galeria.adapters.engine.cache import LocalImageCache
from galeria.adapters.engine.daemons import Hypervisor, share_kvm
from galeria.adapters.engine.host import LocalHost, available_memory, tool_check
from galeria.adapters.engine.kvm_probe import KvmProbeResult
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.network.ssh_forward import is_forwarded
from galeria.domain.errors import Corrupt, Invalid, MachineFailed, OutOfSpace
from galeria.domain.messages import Message
from galeria.guests import GuestSources
from galeria.ports.images import Digest, ImageStore, ManifestFacts
from galeria.ports.machines import Acceleration, FirstBoot, Machine
from galeria.ports.progress import Progress, unheard

DIGEST = "b" * 64
REGION = "westeurope"


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 130])
def test_a_name_cannot_leave_the_data_folder(name: str) -> None:
    layout = Layout(Path("/data"))
    with pytest.raises(Invalid):
        layout.machine(Machine(id=name, region=REGION))
    with pytest.raises(Invalid):
        layout.base(REGION, name)
    with pytest.raises(Invalid):
        layout.disk_after(Machine(id="m", region=REGION), name)


def test_a_folder_that_qemu_cannot_pass_is_named_with_its_cure(work: Path) -> None:
    closed = work / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(MachineFailed) as caught:
        Layout(closed / "data").ensure_machine_folder(Machine(id="m", region=REGION))
    assert caught.value.hint == f"Run: chmod o+x {closed}"


def test_a_data_folder_too_long_for_sockets_is_refused(work: Path) -> None:
    with pytest.raises(MachineFailed, match="too long"):
        Layout(work / ("x" * 80)).ensure_machine_folder(Machine(id="m", region=REGION))


def test_machine_folders_can_be_passed_and_not_listed(work: Path) -> None:
    old = os.umask(0o077)
    try:
        folder = Layout(work / "data").ensure_machine_folder(Machine(id="m", region=REGION))
    finally:
        os.umask(old)
    for step in (folder, folder.parent, work / "data"):
        assert step.stat().st_mode & 0o777 == 0o711


@pytest.mark.parametrize("name", ["null", "true", "no", "on", "y", "nan"])
def test_an_account_is_named_what_its_owner_chose_even_where_yaml_means_something_else(name: str) -> None:
    told = FirstBoot(instance_id="i", host_name="lab", user_name=name, password_hash="$6$a$b")
    assert f'  - name: "{name}"' in seed.user_data(told).splitlines()


def test_the_seed_is_a_cidata_iso_that_others_cannot_read(tmp_path: Path) -> None:
    told = FirstBoot(
        instance_id="i-1",
        host_name="lab",
        user_name="ana",
        password_hash="$6$salt$hash",
        ssh_keys=("ssh-ed25519 AAAA a",),
    )
    path = tmp_path / "seed.iso"
    seed.write_seed(path, told)
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_bytes()[32808:32814] == b"cidata"
    iso = pycdlib.PyCdlib()
    iso.open(str(path))
    content = io.BytesIO()
    iso.get_file_from_iso_fp(content, rr_path="/user-data")
    iso.close()
    text = content.getvalue().decode()
    assert text.startswith("#cloud-config\n")
    assert '    passwd: "$6$salt$hash"\n' in text
    assert '      - "ssh-ed25519 AAAA a"\n' in text


@pytest.mark.system
def test_a_kernel_says_its_first_words_under_emulation(sources: GuestSources) -> None:
    """The guests' kernel: a host that is a container has none of its own."""
    assert kvm_probe.starts_kernel("tcg", sources.kernel, seconds=60)
    assert not kvm_probe.starts_kernel("none-such", sources.kernel, seconds=5)


def test_a_host_without_a_kernel_is_tried_with_the_one_that_looks_into_disks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A boot sector ran under a KVM that got no kernel through its first second."""
    (tmp_path / "kvm").touch()
    monkeypatch.setattr(kvm_probe, "find_appliance", lambda: tmp_path)
    assert kvm_probe.find_kernel(tmp_path / "boot") == tmp_path / "vmlinuz"
    monkeypatch.setattr(kvm_probe, "find_appliance", lambda: None)
    monkeypatch.setattr(kvm_probe, "find_kernel", lambda: None)
    finding = kvm_probe.find_acceleration(tmp_path / "memory.json", device=tmp_path / "kvm")
    assert finding.acceleration is Acceleration.TCG
    assert "galeria.guests --appliance" in finding.reason
    assert not (tmp_path / "memory.json").exists()


def test_the_newest_kernel_of_the_host_is_found_where_there_is_one(tmp_path: Path) -> None:
    for name, age in ("vmlinuz-6.1.0-9", 1), ("vmlinuz-6.1.0-10", 2), ("config-6.1.0-11", 3):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age, age))
    assert kvm_probe.find_kernel(tmp_path) == tmp_path / "vmlinuz-6.1.0-10"


def test_without_the_device_it_is_software_emulation_at_once(tmp_path: Path) -> None:
    finding = kvm_probe.find_acceleration(tmp_path / "memory.json", device=tmp_path / "kvm")
    assert finding.acceleration is Acceleration.TCG
    assert "does not exist" in finding.reason


def test_a_finding_is_recalled_until_the_host_boots_anew(tmp_path: Path) -> None:
    memory, device, kernel = tmp_path / "memory.json", tmp_path / "kvm", tmp_path / "no-kernel"
    device.touch()
    found = kvm_probe.find_acceleration(memory, kernel=kernel, device=device)
    told = memory.read_text(encoding="utf-8").replace(found.reason, "remembered")
    memory.write_text(told, encoding="utf-8")
    assert kvm_probe.find_acceleration(memory, kernel=kernel, device=device).reason == "remembered"
    memory.write_text('{"boot_id": "another"}', encoding="utf-8")
    assert kvm_probe.find_acceleration(memory, kernel=kernel, device=device) == found


def test_a_forwarded_port_is_recognised() -> None:
    table = (
        "Hub -1 (hn0):\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\n"
        "  TCP[HOST_FORWARD]  12       127.0.0.1 20022       10.0.2.15    22     0     0\n"
        "  TCP[ESTABLISHED]   13       127.0.0.1 20023       10.0.2.15    22     0     0\n"
    )
    assert is_forwarded(table, 20022)
    assert not is_forwarded(table, 20022, host="127.0.0.2")
    assert not is_forwarded(table, 20022, guest_port=3389)
    assert not is_forwarded(table, 20023)
    assert not is_forwarded(table, 2002)
    assert not is_forwarded(table, 20022, guest_port=3389)


class OneImageStore:
    """Only what a cache asks of a store; counts the restores."""

    def __init__(self, *, data_bytes: int = 5) -> None:
        self.restored = 0
        self.error: Corrupt | None = None
        self._data_bytes = data_bytes
        self._lock = threading.Lock()

    def get_manifest(self, digest: Digest) -> ManifestFacts:
        size = self._data_bytes
        return ManifestFacts(digest=digest, parent=None, size=size, chunk_size=1, chunks=size, data_bytes=size)

    def restore(self, digest: Digest, target: Path, *, progress: Progress) -> None:
        with self._lock:
            self.restored += 1
        target.write_bytes(b"bytes")
        if self.error is not None:
            raise self.error


def ensure(cache: LocalImageCache, store: OneImageStore) -> None:
    cache.ensure_base(REGION, DIGEST, cast(ImageStore, store), progress=unheard)


def test_a_base_is_restored_once_however_many_ask(work: Path) -> None:
    cache, store = LocalImageCache(work), OneImageStore()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ensure(cache, store), range(16)))
    assert store.restored == 1
    assert cache.bases(REGION) == [DIGEST]
    assert Layout(work).base(REGION, DIGEST).stat().st_mode & 0o777 == 0o444


def test_a_removed_base_leaves_nothing_and_can_come_back(work: Path) -> None:
    cache, store = LocalImageCache(work), OneImageStore()
    cache.remove_base(REGION, DIGEST)
    ensure(cache, store)
    cache.remove_base(REGION, DIGEST)
    cache.remove_base(REGION, DIGEST)
    assert not cache.has_base(REGION, DIGEST)
    assert list(Layout(work).cache(REGION).iterdir()) == []
    ensure(cache, store)
    assert cache.has_base(REGION, DIGEST)


def test_a_base_whose_restore_failed_is_not_there(work: Path) -> None:
    cache, store = LocalImageCache(work), OneImageStore()
    store.error = Corrupt(Message("A chunk is damaged."))
    with pytest.raises(Corrupt):
        ensure(cache, store)
    assert not cache.has_base(REGION, DIGEST)
    assert cache.bases(REGION) == []
    store.error = None
    ensure(cache, store)
    assert cache.has_base(REGION, DIGEST)


def test_a_base_that_does_not_fit_is_refused_before_it_starts(work: Path) -> None:
    cache, store = LocalImageCache(work), OneImageStore(data_bytes=1 << 60)
    with pytest.raises(OutOfSpace, match="GB"):
        ensure(cache, store)
    assert store.restored == 0


def test_a_missing_tool_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    check = tool_check("qemu-nbd", "qemu-utils")
    assert not check.ok
    assert check.cure == "apt-get install qemu-utils"


def test_available_memory_is_read_in_bytes() -> None:
    assert available_memory("MemTotal:  100 kB\nMemAvailable:   42 kB\n") == 42 * 1024


@pytest.mark.system
def test_this_host_can_run_machines_and_says_how(work: Path) -> None:
    finding = KvmProbeResult(acceleration=Acceleration.TCG, reason=Message("a test"))
    hypervisor = Hypervisor()
    checks = LocalHost(work, hypervisor, lambda: finding).checks()
    hypervisor.close()
    assert [check for check in checks if check.required and not check.ok] == []
    slow = next(check for check in checks if check.name == "acceleration")
    assert not slow.ok
    assert "software emulation" in slow.found
    assert all(check.ok or check.cure for check in checks)


def test_a_device_that_only_root_can_open_is_given_to_the_group_kvm(tmp_path: Path) -> None:
    device = tmp_path / "kvm"
    device.touch(mode=0o600)

    share_kvm(device)

    facts = device.stat()
    assert (facts.st_mode & 0o777, facts.st_gid) == (0o660, grp.getgrnam("kvm").gr_gid)


def test_a_device_that_others_can_open_stays_as_it_is(tmp_path: Path) -> None:
    device = tmp_path / "kvm"
    device.touch()
    device.chmod(0o666)

    share_kvm(device)
    share_kvm(tmp_path / "none")

    assert (device.stat().st_mode & 0o777, device.stat().st_gid) == (0o666, tmp_path.stat().st_gid)

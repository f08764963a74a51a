"""The processes of two real machines with firmware and TPM: each opens its own files, and none of the other's."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from galeria.adapters.engine import domain_xml
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.domain.labs.hardware import Hardware
from galeria.domain.labs.machine_accounts import AccountSettings
from galeria.ports.disks import Content
from galeria.ports.machines import Machine, MachineSpec
from tests.adapters.engine.confinement.processes import process_of
from tests.adapters.engine.conftest import DIGEST, REGION, LibvirtCase, first_boot, new_spec, tally

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def opened(number: int, paths: list[Path]) -> set[Path]:
    """Which of the paths a process of that account can open, list, or connect to."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            os.setgroups([])
            os.setgid(number)
            os.setuid(number)
            os.write(writing, "\n".join(str(each) for each in paths if _opens(each)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as found:
        said = found.read()
    os.waitpid(child, 0)
    return set(map(Path, said.split("\n"))) - {Path()}


def _opens(path: Path) -> bool:
    try:
        if stat.S_ISSOCK(path.stat().st_mode):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(path))
        elif path.is_dir():
            os.listdir(path)
        else:
            path.open("rb").close()
    except PermissionError:
        return False
    return True


def account(machine: Machine) -> int:
    """The number that the kernel says of the machine's process, the same for its user and its group."""
    lines = (process_of(machine.id) / "status").read_text(encoding="ascii").splitlines()
    status = dict(line.split(":\t", 1) for line in lines)
    numbers = {*status["Uid"].split(), *status["Gid"].split(), *status["Groups"].split()}
    assert len(numbers) == 1, numbers
    return int(numbers.pop())


def disks(engine: LibvirtEngine, data: Path, machine: Machine) -> list[Path]:
    found = [*Layout(data).machine(machine).glob("*.qcow2")]
    assert domain_xml.disk_of(engine.domain(machine).XMLDesc()) in found
    return found


def files(engine: LibvirtEngine, data: Path, machine: Machine) -> list[Path]:
    """Everything that is the machine's on this host."""
    layout, domain = Layout(data), engine.domain(machine)
    tpm = ElementTree.fromstring(domain.XMLDesc()).find("uuid")
    assert tpm is not None
    short = f"{domain.ID()}-{domain.name()}"[:20]
    found = [
        *disks(engine, data, machine),
        layout.seed(machine),
        layout.serial(machine),
        layout.nvram(machine),
        layout.vnc(machine),
        *Path("/var/lib/libvirt/qemu").glob(f"domain-{short[:12]}*"),
        *Path("/var/lib/libvirt/qemu").glob(f"domain-{short[:12]}*/*"),
        *Path("/var/lib/libvirt/qemu/channel/target").glob(f"domain-{short[:12]}*"),
        *Path("/run/libvirt/qemu/swtpm").glob(f"{short[:12]}*.sock"),
        Path(f"/var/lib/libvirt/swtpm/{tpm.text}/tpm2"),
        process_of(machine.id) / "mem",
        process_of(machine.id) / "fd",
    ]
    assert all(each.exists() for each in found), found
    assert {each.name for each in found} >= {"monitor.sock", "master-key.aes", "s", "firmware.fd", "mem"}
    assert any(each.name.endswith("swtpm.sock") for each in found)
    return found


def secure(case: LibvirtCase) -> MachineSpec:
    spec = replace(new_spec("V2"), hardware=Hardware(tpm=True))
    case.case.made.append(spec.machine)
    case.engine.ensure_machine(spec, first_boot())
    return spec


def test_a_machines_account_opens_nothing_of_another_machine(libvirt: LibvirtCase) -> None:
    first, second = secure(libvirt).machine, secure(libvirt).machine
    for machine in (first, second):
        libvirt.engine.start(machine, ssh=False)
    numbers = {machine: account(machine) for machine in (first, second)}
    assert numbers[first] != numbers[second]
    base = Layout(libvirt.data_dir).base(REGION, DIGEST)
    for one, other in ((first, second), (second, first)):
        own, others = (files(libvirt.engine, libvirt.data_dir, each) for each in (one, other))
        assert set(disks(libvirt.engine, libvirt.data_dir, one)) <= opened(numbers[one], own), "it opens its own"
        assert opened(numbers[one], [*others, base]) == set()
    assert libvirt.engine.observe(first).picture, "libvirt has the picture written by the machine's process"


@contextmanager
def another(data: Path, engine: LibvirtEngine, settings: AccountSettings) -> Iterator[LibvirtEngine]:
    made = LibvirtEngine(data, installation=engine._installation, accounts=settings)
    yield made
    made.close()


def test_a_machine_changes_to_an_account_of_its_own_at_its_next_start_and_back(libvirt: LibvirtCase) -> None:
    """As after an upgrade, with a disk that has layers, of which one was closed while it ran."""
    machine, engine = secure(libvirt).machine, libvirt.engine
    with another(libvirt.data_dir, engine, AccountSettings(is_own=False)) as shared:
        shared.start(machine, ssh=False)
        before = _user(machine)
        shared.seal_disk(machine, "one")
        shared.stop(machine, seconds=0)
        engine.start(machine, ssh=False)
        own = account(machine)
        assert own != before
        engine.seal_disk(machine, "two")
        assert set(disks(engine, libvirt.data_dir, machine)) <= opened(own, disks(engine, libvirt.data_dir, machine))
        with engine.open_changes(machine, "two", since=None) as changes:
            assert sum(tally(changes).values()) == changes.size
            assert Content.PARENT in tally(changes)
        engine.stop(machine, seconds=0)
        engine.start(machine, ssh=False)
        assert account(machine) == own
        engine.stop(machine, seconds=0)
        shared.start(machine, ssh=False)
        assert _user(machine) == before


def _user(machine: Machine) -> int:
    return os.stat(process_of(machine.id) / "cmdline").st_uid

"""What a machine's process may do on the host, as the kernel says it of the real one."""

import os
import re
from pathlib import Path

import pytest

from galeria.adapters.engine.confinement.accounts import account_of
from galeria.adapters.engine.confinement.limits import EMULATOR_KIB, THREADS
from galeria.domain.labs.machine_accounts import AccountSettings
from tests.adapters.engine.confinement.processes import process_of
from tests.adapters.engine.conftest import LibvirtCase

pytestmark = pytest.mark.system


def test_a_machines_process_has_an_account_no_rights_a_filter_and_a_limit(libvirt: LibvirtCase) -> None:
    spec = libvirt.case.specified()
    libvirt.engine.start(spec.machine, ssh=False)
    process = process_of(spec.machine.id)
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text(encoding="ascii").splitlines())
    account = account_of(libvirt.engine._installation, AccountSettings(), spec.ssh_port)
    assert {*status["Uid"].split(), *status["Gid"].split(), *status["Groups"].split()} == {str(account.number)}
    for rights in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[rights], 16) == 0, rights
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    limits = (process / "limits").read_text(encoding="ascii")
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
    assert re.search(rf"^Max processes +{THREADS} +{THREADS} ", limits, re.MULTILINE)
    assert os.readlink(process / "ns/mnt") != os.readlink("/proc/self/ns/mnt")
    words = (process / "cmdline").read_bytes().split(b"\0")
    assert b"spawn=deny" in words[words.index(b"-sandbox") + 1]
    _assert_limited(process, spec.memory_mib)


def test_a_machines_process_has_no_sockets_of_the_network(libvirt: LibvirtCase) -> None:
    """What it sends goes through its interface, where the rules are; a socket of its own would get around them."""
    spec = libvirt.case.specified()
    libvirt.engine.start(spec.machine, ssh=True)
    own = {os.readlink(each) for each in (process_of(spec.machine.id) / "fd").iterdir()}
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "packet"):
        lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        column = 8 if table == "packet" else 9
        assert not own & {f"socket:[{line.split()[column]}]" for line in lines}, table


def _assert_limited(process: Path, memory_mib: int) -> None:
    """The limit of the control group that libvirt made, where the host has groups for memory."""
    lines = (line.split(":", 2) for line in (process / "cgroup").read_text(encoding="ascii").splitlines())
    groups = {kind: path for _, kind, path in lines if "qemu" in path}
    wanted = (memory_mib * 1024 + EMULATOR_KIB) * 1024
    if "memory" in groups:
        found = Path(f"/sys/fs/cgroup/memory{groups['memory']}/memory.limit_in_bytes")
        assert int(found.read_text(encoding="ascii")) == wanted
    elif "" in groups:
        limits = Path(f"/sys/fs/cgroup{groups['']}").parents
        files = [each / "memory.max" for each in (Path(f"/sys/fs/cgroup{groups['']}"), *limits)]
        assert any(each.is_file() and each.read_text(encoding="ascii").strip() == str(wanted) for each in files)

"""Real machines on libvirt: cheap to make, booting in both generations, sealed while they run, gone when removed."""

import os
import socket
import subprocess
from pathlib import Path

import asyncssh
import libvirt as lv
import pytest

from galeria.adapters.engine import agent
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.adapters.engine.power import LIBVIRT_LOGS
from galeria.ports.disks import Content
from galeria.ports.machines import Machine, MachineCredentials
from tests.adapters.engine.conftest import (
    FREE_OFFSET,
    PASSWORD,
    USER,
    LibvirtCase,
    apply_changes,
    password_hash,
    place_of,
    ssh,
    tally,
)

pytestmark = pytest.mark.system


@pytest.mark.parametrize("size", [1 << 30, 100 << 30])
def test_making_a_machine_costs_the_same_for_any_image_size(libvirt: LibvirtCase, size: int) -> None:
    os.truncate(libvirt.case.base, size)
    costs = []
    for _ in range(5):
        before = _transferred()
        machine = libvirt.case.ensure()
        costs.append(_transferred() - before)
    # Threads of other tests in this process may read and write meanwhile, but hardly during each of them.
    assert min(costs) < 8 << 20, "bytes read and written, also by programs that were called"
    assert libvirt.engine.disk_bytes(machine) < 1 << 20


@pytest.mark.parametrize("generation", ["V1", "V2"])
def test_a_machine_boots_takes_its_seed_and_keeps_its_files_over_a_stop(libvirt: LibvirtCase, generation: str) -> None:
    spec = libvirt.case.specified(generation=generation)
    seed = Layout(libvirt.data_dir).seed(spec.machine)
    libvirt.case.boot(spec.machine, ssh=True)
    assert ssh(place_of(libvirt.engine, spec), USER, PASSWORD, "hostname; echo kept > kept; sync") == "lab-one\n"
    assert seed.exists()
    libvirt.engine.stop(spec.machine, seconds=60)
    assert not seed.exists()
    libvirt.case.boot(spec.machine, ssh=False)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(place_of(libvirt.engine, spec), timeout=1)
    libvirt.engine.open_ssh(spec.machine)
    assert ssh(place_of(libvirt.engine, spec), USER, PASSWORD, "cat kept") == "kept\n"


def test_a_layer_sealed_under_a_writing_guest_is_the_disk_of_that_moment(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.running()
    domain = libvirt.engine.domain(machine)
    endless = "while :; do date +%N >> /root/log; sync; done >/dev/null 2>&1 </dev/null &"
    agent.execute(domain, f"{endless} dd if=/dev/urandom of=/root/a bs=1k count=2000")
    libvirt.engine.seal_disk(machine, "one")
    agent.execute(domain, "dd if=/dev/urandom of=/root/b bs=1k count=500; sync")
    libvirt.engine.seal_disk(machine, "two")

    first, second = libvirt.data_dir / "one.raw", libvirt.data_dir / "two.raw"
    with libvirt.engine.open_changes(machine, "one", since=None) as disk:
        whole = tally(disk)[Content.DATA]
        apply_changes(disk, libvirt.case.base, first)
    with libvirt.engine.open_changes(machine, "two", since="one") as disk:
        increment = tally(disk)[Content.DATA]
        apply_changes(disk, first, second)
    layout = Layout(libvirt.data_dir)
    _assert_same(first, layout.first_disk(machine))
    _assert_same(second, layout.disk_after(machine, "one"))
    assert increment < whole
    _assert_root_is_clean(second)


def test_a_seal_that_was_cut_off_is_finished_by_the_next_call(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.ensure()
    layout = Layout(libvirt.data_dir)
    unused = layout.disk_after(machine, "one")
    _overlay(unused, over=layout.first_disk(machine))  # made, but the definition was not changed
    with pytest.raises(Exception, match="no sealed layer"):
        libvirt.engine.changed_pieces(machine, since="one", piece=65536)
    libvirt.engine.seal_disk(machine, "one")
    _overlay(layout.disk_after(machine, "two"), over=layout.first_disk(machine))  # a left-over on an older top
    libvirt.case.boot(machine, ssh=False)
    libvirt.engine.seal_disk(machine, "two")
    libvirt.case.write(machine, FREE_OFFSET, b"x" * 65536)
    libvirt.engine.stop(machine, seconds=60)
    libvirt.engine.seal_disk(machine, "three")
    with libvirt.engine.open_changes(machine, "three", since="two") as disk:
        assert disk.reader().read(FREE_OFFSET, 1) == b"x"
        assert 65536 <= tally(disk)[Content.DATA] < 4 << 20


def test_a_specialized_machine_gets_new_credentials_and_the_old_ones_end(libvirt: LibvirtCase) -> None:
    spec = libvirt.case.specified()
    libvirt.case.boot(spec.machine, ssh=False)
    libvirt.engine.set_credentials(
        spec.machine,
        MachineCredentials(user_name="bob", password_hash=password_hash("New-Secret-1"), retire=(USER, "nobody-here")),
    )
    libvirt.engine.open_ssh(spec.machine)
    groups = ssh(place_of(libvirt.engine, spec), "bob", "New-Secret-1", "id -Gn").split()
    assert "sudo" in groups
    with pytest.raises(asyncssh.PermissionDenied):
        ssh(place_of(libvirt.engine, spec), USER, PASSWORD, "true")
    kept = agent.execute(libvirt.engine.domain(spec.machine), "ls -d /home/$1", USER)
    assert kept.output == f"/home/{USER}\n"


def test_a_used_name_keeps_its_account_and_loses_its_keys(libvirt: LibvirtCase) -> None:
    spec = libvirt.case.specified()
    libvirt.case.boot(spec.machine, ssh=True)
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    place = "mkdir -p .ssh && cat > .ssh/authorized_keys"
    agent.execute(libvirt.engine.domain(spec.machine), f"cd /home/{USER} && {place}", stdin=key.encode())
    libvirt.engine.set_credentials(
        spec.machine, MachineCredentials(user_name=USER, password_hash=password_hash("New-Secret-1"), retire=(USER,))
    )
    assert ssh(place_of(libvirt.engine, spec), USER, "New-Secret-1", "ls .ssh") == "authorized_keys.retired\n"


def test_the_agent_closes_all_accounts_but_the_new_and_the_kept_ones(libvirt: LibvirtCase) -> None:
    """Nobody named them: an account with a password, root with a key, and one that stays."""
    spec = libvirt.case.specified()
    libvirt.case.boot(spec.machine, ssh=False)
    domain = libvirt.engine.domain(spec.machine)
    agent.execute(
        domain, "useradd -m -p open1 stays && mkdir -p /root/.ssh && echo 'ssh-rsa A' > /root/.ssh/authorized_keys"
    )
    libvirt.engine.set_credentials(
        spec.machine,
        MachineCredentials(
            user_name="bob", password_hash=password_hash("New-Secret-1"), close_others=True, keep=("stays",)
        ),
    )
    shadow = agent.execute(domain, "cut -d: -f1,2 /etc/shadow").output
    assert f"{USER}:!$6$" in shadow
    assert "stays:open1" in shadow
    assert agent.execute(domain, "ls /root/.ssh; ls -l /etc/sudoers.d/90-galeria | cut -c 1-10").output.split() == [
        "authorized_keys.retired",
        "-r--r-----",
    ]
    libvirt.engine.open_ssh(spec.machine)
    assert ssh(place_of(libvirt.engine, spec), "bob", "New-Secret-1", "echo New-Secret-1 | sudo -S id -un") == "root\n"
    with pytest.raises(asyncssh.PermissionDenied):
        ssh(place_of(libvirt.engine, spec), USER, PASSWORD, "true")


def test_a_new_identity_changes_name_machine_id_and_host_keys(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.running()
    before = _identity(libvirt.engine, machine)
    libvirt.engine.renew_identity(machine, host_name="other-name")
    after = _identity(libvirt.engine, machine)
    assert after[0] == "other-name"
    assert len(after) >= 4
    assert not set(before) & set(after)


def test_two_machines_on_one_base_do_not_disturb_each_other(libvirt: LibvirtCase) -> None:
    first, second = libvirt.case.ensure(), libvirt.case.ensure()
    libvirt.engine.start(first, ssh=False)
    libvirt.engine.start(second, ssh=False)
    libvirt.case.wait(first)
    libvirt.engine.stop(first, seconds=60)
    libvirt.engine.remove_machine(first)
    libvirt.case.wait(second)
    agent.execute(libvirt.engine.domain(second), "echo 3 > /proc/sys/vm/drop_caches; cat /dev/vda > /dev/null")
    assert libvirt.engine.machines() == [second]


def test_removing_leaves_no_definition_file_or_process(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.ensure(generation="V2")
    libvirt.engine.start(machine, ssh=True)
    assert _processes(machine)
    libvirt.engine.remove_machine(machine)
    assert not _processes(machine)
    assert [path for path in libvirt.data_dir.rglob("*") if machine.id in path.name] == []
    assert [path for path in LIBVIRT_LOGS.glob("*") if machine.id in path.name] == []
    with lv.open("qemu:///system") as connection:
        assert not [domain for domain in connection.listAllDomains() if machine.id in domain.name()]


def _overlay(path: Path, *, over: Path) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", over, "-F", "qcow2", path], check=True)


def _assert_same(raw: Path, layer: Path) -> None:
    command: list[str | Path] = ["qemu-img", "compare", "-U", "-f", "raw", "-F", "qcow2", raw, layer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "Images are identical.\n", done.stderr


def _assert_root_is_clean(disk: Path) -> None:
    """The root file system needs no recovery: it was frozen when the layer was sealed."""
    table = disk.read_bytes()[446:510]
    begin, length = (int.from_bytes(table[place : place + 4], "little") * 512 for place in (24, 28))
    root = disk.with_suffix(".ext4")
    with disk.open("rb") as source:
        source.seek(begin)
        root.write_bytes(source.read(length))
    done = subprocess.run(["e2fsck", "-fn", root], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "recover" not in done.stdout.lower()


def _identity(engine: LibvirtEngine, machine: Machine) -> list[str]:
    script = "hostname; cat /etc/machine-id; cut -d' ' -f2 /etc/ssh/ssh_host_*_key.pub"
    return agent.execute(engine.domain(machine), script).output.split()


def _processes(machine: Machine) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:  # it ended in between
            continue
        if machine.id.encode() in words:
            found.append(path.parent.name)
    return found


def _transferred() -> int:
    """Return the bytes that this process and the programs it waited for have read and written until now.

    Unlike seconds, they are the same on a busy computer.
    """
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["rchar"]) + int(counters["wchar"])

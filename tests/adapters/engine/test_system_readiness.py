"""Real machines that lack something: each says what, and one that only lacks its agent is ready all the same."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from galeria.adapters.engine.readiness import greetings
from galeria.domain.errors import MachineFailed
from galeria.domain.labs import boot_diagnosis
from galeria.domain.labs.ways_in import WayIn
from galeria.ports.machines import NO_ADDRESS, Machine
from tests.adapters.engine.conftest import PASSWORD, USER, LibvirtCase, place_of, ssh

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

IDLE = "#!/bin/sh\nwhile :; do sleep 1000; done\n"
NOTHING = "#!/bin/sh\n"


def replace_in_guest(image: Path, path: str, content: str) -> None:
    """Write a program on the second partition of a disk that no machine uses."""
    start = int.from_bytes(image.read_bytes()[470:474], "little") * 512
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(content)
        file.flush()
        commands = f"rm {path}\nwrite {file.name} {path}\nset_inode_field {path} mode 0100755\n"
        image.chmod(0o644)
        subprocess.run(
            ["debugfs", "-w", "-f", "-", f"{image}?offset={start}"],
            input=commands,
            text=True,
            check=True,
            capture_output=True,
        )
    image.chmod(0o444)


def refusal(libvirt: LibvirtCase, machine: Machine, way: WayIn, seconds: float) -> MachineFailed:
    with pytest.raises(MachineFailed) as caught:
        libvirt.engine.wait_ready(machine, way=way, seconds=seconds)
    return caught.value


def test_a_machine_without_an_agent_is_ready_once_its_ssh_server_greets(libvirt: LibvirtCase) -> None:
    replace_in_guest(libvirt.case.base, "/usr/sbin/run-guest-agent", IDLE)
    spec = libvirt.case.specified()
    libvirt.engine.start(spec.machine, ssh=True)
    libvirt.case.wait(spec.machine, WayIn.SSH)
    assert libvirt.engine.is_reachable(spec.machine, WayIn.SSH)
    assert not libvirt.engine.has_agent(spec.machine)
    assert not libvirt.engine.is_reachable(spec.machine, WayIn.AGENT)
    assert ssh(place_of(libvirt.engine, spec), USER, PASSWORD, "hostname") == "lab-one\n"
    error = refusal(libvirt, spec.machine, WayIn.AGENT, 1)
    assert "agent did not answer" in error.message
    assert "qemu-guest-agent" in error.hint
    libvirt.engine.stop(spec.machine, seconds=60)
    assert not libvirt.engine.is_reachable(spec.machine, WayIn.SSH)


def test_a_machine_without_an_ssh_server_says_that_only_this_is_missing(libvirt: LibvirtCase) -> None:
    replace_in_guest(libvirt.case.base, "/usr/sbin/dropbear", IDLE)
    machine = libvirt.case.ensure()
    libvirt.case.boot(machine, ssh=True)
    error = refusal(libvirt, machine, WayIn.SSH, 1)
    assert "nothing listens on its port 22" in error.message
    assert error.hint == "Look whether the SSH server is installed in it and allowed to start."
    assert boot_diagnosis.WAITS_FOR_LOGIN.message in error.message
    assert libvirt.engine.observe(machine).console.endswith("login:")


def test_a_machine_without_an_address_says_so(libvirt: LibvirtCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greetings, "ANSWER_SECONDS", 1.0)
    replace_in_guest(libvirt.case.base, "/etc/udhcpc/default.script", NOTHING)
    machine = libvirt.case.ensure()
    libvirt.case.boot(machine, ssh=True)
    error = refusal(libvirt, machine, WayIn.SSH, 1)
    assert error.code == NO_ADDRESS
    assert "says that it has no address" in error.message


@pytest.mark.parametrize("generation", ["V1", "V2"])
def test_an_empty_disk_is_told_before_anybody_has_waited_long(libvirt: LibvirtCase, generation: str) -> None:
    """It would be waited for an hour."""
    libvirt.case.base.chmod(0o644)
    libvirt.case.base.write_bytes(bytes(8 << 20))
    machine = libvirt.case.ensure(generation=generation)
    libvirt.engine.start(machine, ssh=True)
    error = refusal(libvirt, machine, WayIn.SSH, 3600)
    assert error.message == f"The machine did not come up. {boot_diagnosis.NOTHING_TO_BOOT.message}"
    assert error.hint == boot_diagnosis.NOTHING_TO_BOOT.hint
    shown = libvirt.engine.observe(machine)
    assert len(shown.console.splitlines()) > 2
    assert shown.picture.startswith(b"\x89PNG\r\n\x1a\n")
    libvirt.engine.stop(machine, seconds=1)
    off = libvirt.engine.observe(machine)
    assert off.picture == b""
    assert (off.console == "") is (generation == "V1"), "only a serial console is kept"


def test_a_machine_that_goes_off_while_it_starts_is_not_waited_for(libvirt: LibvirtCase) -> None:
    machine = libvirt.case.ensure()
    libvirt.engine.start(machine, ssh=True)
    libvirt.engine.domain(machine).destroy()
    assert "went off" in refusal(libvirt, machine, WayIn.SSH, 3600).message

"""What the host lacks for trusted launch is named with its cure; a seed is where its guest can read it."""

import shutil

import pytest

from galeria.adapters.engine import host
from galeria.adapters.engine.confinement.checks import find_security_models
from galeria.adapters.engine.hardware import devices, firmware
from galeria.domain.labs.hardware import DiskBus


def test_a_host_without_swtpm_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    check = host.trusted_launch()
    assert (check.ok, check.required) == (False, False)
    assert "swtpm is not installed" in check.found
    assert "apt-get install swtpm swtpm-tools" in check.cure


def test_a_host_without_secure_firmware_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "SECURE_FIRMWARES", (("/nowhere/code", "/nowhere/variables"),))
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    check = host.trusted_launch()
    assert (check.ok, check.cure) == (False, "apt-get install ovmf")


@pytest.mark.parametrize(
    ("machine_type", "disk", "is_windows", "bus"),
    [
        ("pc", DiskBus.IDE, False, "ide"),
        ("pc", DiskBus.VIRTIO, True, "ide"),
        ("q35", DiskBus.VIRTIO, False, "scsi"),
        ("q35", DiskBus.NVME, False, "scsi"),
        ("q35", DiskBus.SATA, False, "sata"),
        ("q35", DiskBus.NVME, True, "sata"),
    ],
)
def test_the_seed_is_on_a_bus_that_the_guest_can_read(
    machine_type: str, disk: DiskBus, is_windows: bool, bus: str
) -> None:
    assert devices.seed_bus(machine_type=machine_type, disk=disk, is_windows=is_windows) == bus


def test_the_security_models_of_libvirt_are_read() -> None:
    models = "<secmodel><model>{}</model></secmodel><secmodel><model>dac</model></secmodel>"
    said = f"<capabilities><host>{models}</host></capabilities>"
    assert find_security_models(said.format("apparmor")) == {"apparmor", "dac"}
    assert find_security_models("<capabilities><host/></capabilities>") == set()

"""What the host lacks for trusted launch is named with its cure; a guest that finds no root is told from its console."""

import shutil
from pathlib import Path

import pytest

from galeria.adapters.engine import host
from galeria.adapters.engine.hardware import devices, firmware
from galeria.adapters.engine.hardware.root_disk import finds_no_root
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
    ("console", "expected"),
    [
        ("Begin: Waiting for root file system ...", False),
        ("Gave up waiting for root file system device.  Common problems:\n", True),
        ("ALERT!  UUID=1 does not exist.  Dropping to a shell!\n\nBusyBox v1.35\n(initramfs) ", True),
        ('Generating "/run/initramfs/rdsosreport.txt"\nEntering emergency mode.', True),
        ("Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", True),
        ("someone typed (initramfs) at a login:", False),
        ("(initramfs)\n" + "x" * 20_000, False),  # long ago
    ],
)
def test_a_console_that_ends_without_a_root(tmp_path: Path, console: str, expected: bool) -> None:
    serial = tmp_path / "serial.log"
    assert not finds_no_root(serial)
    serial.write_text(console, encoding="utf-8")
    assert finds_no_root(serial) is expected


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

"""Real machines with other hardware than most: what the guest sees of it, what starts it, and what is left afterwards."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.adapters.engine import agent, domain_xml
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.power import LOGS
from galeria.domain.errors import MachineFailed, RootDiskNotFound
from galeria.domain.labs.hardware import DiskBus, Hardware, NetworkCard
from galeria.domain.labs.ways_in import WayIn
from galeria.guests import GuestSources, build_guest
from galeria.guests.guestfiles import read_guest_file
from galeria.guests.packages import download_packages
from galeria.ports.machines import MachineSpec
from tests.adapters.engine.conftest import SCRATCH, LibvirtCase, first_boot, new_spec, place_base
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

BOOT_SECONDS = 400.0  # firmware reads kernels slowly where there is no KVM and others work beside
FAT = "@@1M"  # where mtools find the guest's boot partition on its disk
SECURE = "EFI stub: UEFI Secure Boot is enabled"  # said by the kernel's own start, behind shim and GRUB
SWTPM_STATES = Path("/var/lib/libvirt/swtpm")


@pytest.fixture
def disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="galeria-test-disk-", dir="/var/tmp") as folder:
        yield Path(folder) / "guest.raw"


def made(libvirt: LibvirtCase, hardware: Hardware, *, generation: str = "V2") -> MachineSpec:
    spec = replace(new_spec(generation), hardware=hardware)
    libvirt.case.made.append(spec.machine)
    libvirt.engine.ensure_machine(spec, first_boot())
    return spec


def boot(libvirt: LibvirtCase, spec: MachineSpec) -> None:
    libvirt.engine.start(spec.machine, ssh=False)
    libvirt.engine.wait_ready(spec.machine, way=WayIn.AGENT, seconds=BOOT_SECONDS)


def replace_base(libvirt: LibvirtCase, image: Path) -> None:
    libvirt.case.base.unlink()
    place_base(libvirt.data_dir, image)


def said(libvirt: LibvirtCase, spec: MachineSpec, command: str) -> list[str]:
    return agent.execute(libvirt.engine.domain(spec.machine), command).output.split()


def console(libvirt: LibvirtCase, spec: MachineSpec) -> str:
    return Layout(libvirt.data_dir).serial(spec.machine).read_text(errors="replace")


def definition(libvirt: LibvirtCase, spec: MachineSpec) -> str:
    return str(libvirt.engine.domain(spec.machine).XMLDesc())


def test_a_guest_sees_nvme_e1000e_and_a_tpm_and_nothing_of_them_stays(libvirt: LibvirtCase) -> None:
    """With a BIOS: UEFI measures whatever it starts into the TPM, for which it needs minutes without KVM."""
    hardware = Hardware(disk_bus=DiskBus.NVME, network_card=NetworkCard.E1000E, tpm=True, local_clock=True)
    spec = made(libvirt, hardware, generation="V1")
    boot(libvirt, spec)

    assert "/dev/nvme0n1p2" in said(libvirt, spec, "grep ' / ' /proc/mounts")
    assert said(libvirt, spec, "ls /sys/block | grep -v -e loop -e ram -e sr") == [
        "nvme0n1"
    ]  # and it sees no second disk
    assert "0x10d3" in said(libvirt, spec, "cat /sys/bus/pci/devices/*/device")  # 8086:10d3, Intel 82574L
    assert said(libvirt, spec, "cat /sys/class/tpm/tpm0/tpm_version_major") == ["2"]
    libvirt.engine.seal_disk(spec.machine, "one")
    said(libvirt, spec, "echo after > /root/after; sync")
    libvirt.engine.stop(spec.machine, seconds=60)
    boot(libvirt, spec)
    assert said(libvirt, spec, "cat /root/after; ls /sys/block | grep nvme") == ["after", "nvme0n1"]

    state = SWTPM_STATES / domain_xml.domain_uuid(f"{libvirt.engine.domain(spec.machine).name()}")
    name = libvirt.engine.domain(spec.machine).name()
    assert state.is_dir()
    libvirt.engine.remove_machine(spec.machine)
    assert not state.exists()
    assert not [file for folder, pattern in LOGS for file in folder.glob(pattern.format(name=name))]


def test_uefi_starts_from_nvme(libvirt: LibvirtCase) -> None:
    spec = made(libvirt, Hardware(disk_bus=DiskBus.NVME))
    boot(libvirt, spec)

    assert "/dev/nvme0n1p2" in said(libvirt, spec, "grep ' / ' /proc/mounts")
    assert "EFI" in console(libvirt, spec)


def test_a_guest_without_drivers_for_its_bus_is_noticed_and_starts_from_another(
    libvirt: LibvirtCase, sources: GuestSources, disk: Path
) -> None:
    build_guest(disk, sources=sources, drivers=("ata_piix", "sd_mod"))
    replace_base(libvirt, disk)
    spec = made(libvirt, Hardware(disk_bus=DiskBus.VIRTIO_SCSI), generation="V1")
    libvirt.engine.start(spec.machine, ssh=False)
    with pytest.raises(RootDiskNotFound, match="no disk with its system"):
        libvirt.engine.wait_ready(spec.machine, way=WayIn.AGENT, seconds=BOOT_SECONDS)
    other = replace(spec, hardware=Hardware(disk_bus=DiskBus.IDE))
    with pytest.raises(MachineFailed, match="runs"):
        libvirt.engine.change_hardware(other)
    libvirt.engine.stop(spec.machine, seconds=0)

    libvirt.engine.change_hardware(other)
    boot(libvirt, spec)

    assert "/dev/sda2" in said(libvirt, spec, "grep ' / ' /proc/mounts")
    assert said(libvirt, spec, "hostname") == ["lab-one"]  # the seed was still there for the first boot that succeeded


def test_a_disk_without_the_usual_loader_starts_and_its_firmware_remembers_it(
    libvirt: LibvirtCase, guest_image: Path, disk: Path
) -> None:
    subprocess.run(["cp", "--sparse=always", guest_image, disk], check=True)
    at = ["-i", f"{disk}{FAT}"]
    subprocess.run(["mmd", *at, "::/EFI/debian"], check=True)
    subprocess.run(["mmove", *at, "::/EFI/BOOT/BOOTX64.EFI", "::/EFI/debian/grubx64.efi"], check=True)
    replace_base(libvirt, disk)
    first = made(libvirt, Hardware(loader="EFI/debian/grubx64.efi"))
    boot(libvirt, first)

    kept = libvirt.engine.firmware_variables(first.machine)

    assert {each.name for each in kept} >= {"BootOrder"}
    assert len(kept) == 2  # the firmware's own entries, for its shell and for devices, are left to the next firmware
    libvirt.engine.remove_machine(first.machine)
    second = made(libvirt, Hardware(firmware_variables=kept))
    boot(libvirt, second)
    assert "reboot" not in console(libvirt, second)


def test_secure_boot_refuses_what_nobody_signed(libvirt: LibvirtCase) -> None:
    spec = made(libvirt, Hardware(secure_boot=True))
    libvirt.engine.start(spec.machine, ssh=False)
    until(lambda: "Access Denied" in console(libvirt, spec), "a refusal", seconds=BOOT_SECONDS)


def test_secure_boot_starts_the_signed_programs_of_a_distribution(
    libvirt: LibvirtCase, guest_image: Path, disk: Path
) -> None:
    """Debian's own chain: shim (signed by Microsoft), GRUB and kernel (signed by Debian)."""
    subprocess.run(["cp", "--sparse=always", guest_image, disk], check=True)
    sign_boot_partition(disk)
    replace_base(libvirt, disk)
    spec = made(libvirt, Hardware(secure_boot=True))
    libvirt.engine.start(spec.machine, ssh=False)
    until(lambda: SECURE in console(libvirt, spec), "the kernel's first word", seconds=BOOT_SECONDS)
    assert "Access Denied" not in console(libvirt, spec)


def sign_boot_partition(disk: Path) -> None:
    cache = SCRATCH / "signed"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for package in download_packages(["shim-signed", "grub-efi-amd64-signed"], cache):
            subprocess.run(["dpkg-deb", "-x", package, work], check=True)
        settings = work / "grub.cfg"
        command_line = read_guest_file("boot/cmdline").decode().strip()
        settings.write_text(f"linux /vmlinuz {command_line}\ninitrd /initrd\nboot\n", encoding="ascii")
        at = ["-i", f"{disk}{FAT}"]
        subprocess.run(["mmd", *at, "::/EFI/debian"], check=True)
        for source, name in (
            (work / "usr/lib/shim/shimx64.efi.signed", "EFI/BOOT/BOOTX64.EFI"),
            (work / "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "EFI/BOOT/grubx64.efi"),
            (settings, "EFI/debian/grub.cfg"),
        ):
            subprocess.run(["mcopy", "-o", *at, source, f"::{name}"], check=True)

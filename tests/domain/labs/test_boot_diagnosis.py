"""The ends of consoles as machines really wrote them, and others that only look alike."""

import pytest

from galeria.domain.images.galleries import OsType
from galeria.domain.labs import boot_diagnosis
from galeria.domain.labs.boot_diagnosis import Diagnosis, find_diagnosis
from galeria.domain.labs.profiles import CONNECTION
from galeria.domain.labs.ways_in import WayIn, way_in

INITRAMFS_TOOLS = """\
Begin: Running /scripts/local-block ... done.
done.
Gave up waiting for root file system device.  Common problems:
 - Boot args (cat /proc/cmdline)
   - Check rootdelay= (did the system wait long enough?)
 - Missing modules (cat /proc/modules; ls /dev)
ALERT!  UUID=5bd8ba65-9a6f-4f3a-9b8f-0d3c9c1c31f5 does not exist.  Dropping to a shell!

BusyBox v1.35.0 (Debian 1:1.35.0-4+b3) built-in shell (ash)
Enter 'help' for a list of built-in commands.

(initramfs)"""
DRACUT = """\
[  191.402132] dracut-initqueue[405]: Warning: dracut-initqueue: timeout, still waiting for following initqueue hooks:
[  191.447312] dracut-initqueue[405]: Warning: /lib/dracut/hooks/initqueue/finished/devexists-\\x2fdev\\x2fsda2.sh
[  191.640218] dracut-initqueue[405]: Warning: Could not boot.
Warning: /dev/sda2 does not exist

Generating "/run/initramfs/rdsosreport.txt"

Entering emergency mode. Exit the shell to continue.
Type "journalctl" to view system logs.
:/# """
NO_ROOT_PANIC = """\
[    1.911012] /dev/root: Can't open blockdev
[    1.911600] VFS: Cannot open root device "sda1" or unknown-block(0,0): error -6
[    1.913100] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
[    1.914600] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---"""
PANIC = """\
[    1.204412] Run /init as init process
[    1.221312] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100
[    1.222012] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100 ]---"""
OUT_OF_MEMORY = """\
[    9.112004] apt-get invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0
[    9.118004] Out of memory: Killed process 412 (apt-get) total-vm:91204kB, anon-rss:30212kB
[    9.119004] Kernel panic - not syncing: System is deadlocked on memory"""
GRUB_RESCUE = """\
GRUB loading.
Welcome to GRUB!

error: no such device: 5bd8ba65-9a6f-4f3a-9b8f-0d3c9c1c31f5.
error: unknown filesystem.
Entering rescue mode...
grub rescue> """
GRUB_SHELL = """\
   Minimal BASH-like line editing is supported. For the first word, TAB
   lists possible command completions.

grub>"""
SEABIOS = """\
SeaBIOS (version 1.16.2-debian-1.16.2-1)
Booting from Hard Disk...
Boot failed: not a bootable disk

No bootable device."""
OVMF = """\
BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x2,0x3)/Pci(0x0,0x0): Not Found
BdsDxe: No bootable option or device was found.
BdsDxe: Press any key to enter the Boot Manager Menu."""
UEFI_SHELL = """\
UEFI Interactive Shell v2.2
EDK II
UEFI v2.70 (EDK II, 0x00010000)
Press ESC in 1 seconds to skip startup.nsh or any other key to continue.
Shell>"""
EMERGENCY = """\
[ TIME ] Timed out waiting for device /dev/disk/by-label/data.
[DEPEND] Dependency failed for /srv/data.
[DEPEND] Dependency failed for Local File Systems.
You are in emergency mode. After logging in, type "journalctl -xb" to view
system logs, "systemctl reboot" to reboot, "systemctl default" or "exit"
to boot into default mode.
Give root password for maintenance
(or press Control-D to continue):"""
NO_DATA = """\
cloud-init[391]: Cloud-init v. 22.4.2 running 'modules:final' at Sun, 29 Nov 2026 10:11:12 +0000. Up 61.02 seconds.
cloud-init[391]: Cloud-init v. 22.4.2 finished at Sun, 29 Nov 2026 10:11:13 +0000. Datasource DataSourceNone.  Up 61.71 seconds

Debian GNU/Linux 12 vm1 ttyS0

vm1 login:"""
CLOUD_INIT = """\
[FAILED] Failed to start cloud-init.service - Initial cloud-init job (metadata service crawler).
See 'systemctl status cloud-init.service' for details.

Debian GNU/Linux 12 vm1 ttyS0

vm1 login: """
LOGIN = "Debian GNU/Linux 12 sala-1 ttyS0\n\nsala-1 login: "

ENDS = {
    "initramfs-tools without a driver": (INITRAMFS_TOOLS, boot_diagnosis.NO_ROOT_DISK),
    "dracut without a driver": (DRACUT, boot_diagnosis.NO_ROOT_DISK),
    "a kernel without an initramfs": (NO_ROOT_PANIC, boot_diagnosis.NO_ROOT_DISK),
    "a panic": (PANIC, boot_diagnosis.PANIC),
    "out of memory, and a panic of it": (OUT_OF_MEMORY, boot_diagnosis.OUT_OF_MEMORY),
    "GRUB without its second part": (GRUB_RESCUE, boot_diagnosis.BOOT_LOADER),
    "GRUB without its settings": (GRUB_SHELL, boot_diagnosis.BOOT_LOADER),
    "an empty disk under a BIOS": (SEABIOS, boot_diagnosis.NOTHING_TO_BOOT),
    "an empty disk under UEFI": (OVMF, boot_diagnosis.NOTHING_TO_BOOT),
    "the shell of UEFI": (UEFI_SHELL, boot_diagnosis.NOTHING_TO_BOOT),
    "a disk of /etc/fstab that is not there": (EMERGENCY, boot_diagnosis.EMERGENCY_MODE),
    "cloud-init for Azure only": (NO_DATA, boot_diagnosis.NO_CLOUD_DATA),
    "cloud-init that failed": (CLOUD_INIT, boot_diagnosis.CLOUD_INIT_FAILED),
    "a login": (LOGIN, boot_diagnosis.WAITS_FOR_LOGIN),
}


@pytest.mark.parametrize(("console", "expected"), ENDS.values(), ids=ENDS)
def test_a_known_end_is_recognised(console: str, expected: Diagnosis) -> None:
    assert find_diagnosis(console) is expected


def test_every_diagnosis_is_reached_by_a_console_and_says_what_to_do() -> None:
    assert {each.message for _, each in ENDS.values()} == {each.message for each in boot_diagnosis.KNOWN}
    assert all(each.hint for each in boot_diagnosis.KNOWN)


@pytest.mark.parametrize(
    "console",
    [
        "",
        "[    1.2] virtio_blk virtio0: [vda] 4194304 512-byte logical blocks\n[    1.9] EXT4-fs (vda1): mounted",
        "grub> boot\nLoading Linux 6.1.0-27-cloud-amd64 ...",
        "Debian GNU/Linux 12 vm1 ttyS0\n\nvm1 login: ana\nPassword:",
        "Shell> fs0:\nLoading",
        "[  OK  ] Reached target cloud-init.target - Cloud-init target.",
    ],
)
def test_a_start_that_goes_on_is_no_end(console: str) -> None:
    assert find_diagnosis(console) is None


@pytest.mark.parametrize("before", [PANIC, INITRAMFS_TOOLS, NO_ROOT_PANIC, EMERGENCY])
def test_the_end_of_an_earlier_start_is_none_of_this_one(before: str) -> None:
    """As after a panic, or when somebody has typed `exit`."""
    again = f"{before}\n[    0.000000] Linux version 6.1.0-27-cloud-amd64 (gcc-12)\n[    1.2] virtio_blk virtio0: [vda]"
    assert find_diagnosis(again) is None
    assert find_diagnosis(f"{before}\n{LOGIN}") is boot_diagnosis.WAITS_FOR_LOGIN


def test_a_hostile_console_is_looked_at_in_time() -> None:
    assert find_diagnosis("dracut: " * 50_000 + "ALERT!" * 50_000) is None


@pytest.mark.parametrize(
    ("profile", "os_type", "expected"),
    [
        (None, OsType.LINUX, WayIn.SSH),
        (None, OsType.WINDOWS, WayIn.RDP),
        ({"clientSshAccess": "Private"}, OsType.LINUX, WayIn.SSH),
        ({"clientRdpAccess": "Public"}, OsType.LINUX, WayIn.SSH),
        ({"webRdpAccess": "Public"}, OsType.WINDOWS, WayIn.RDP),
        (dict.fromkeys(CONNECTION, "None"), OsType.LINUX, WayIn.AGENT),
        ({"clientSshAccess": "None"}, OsType.WINDOWS, WayIn.AGENT),
    ],
)
def test_the_way_in_follows_the_connection_profile(
    profile: dict[str, str] | None, os_type: OsType, expected: WayIn
) -> None:
    assert way_in({"connectionProfile": profile} if profile else {}, os_type) is expected


def test_ways_in_have_the_ports_of_their_protocols() -> None:
    assert [way.port for way in WayIn] == [22, 3389, None]

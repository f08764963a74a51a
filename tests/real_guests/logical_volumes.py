"""LVM around a root, made by the kernel of a small machine: this computer's kernel never sees the volume group."""

import re
import subprocess
from pathlib import Path

from galeria.adapters.inspection.appliance_command import COMMAND_LINE
from galeria.guests import get_sources
from galeria.guests.appliance import INITRAMFS, KERNEL, build_appliance

GROUP, VOLUME = "rootvg", "root"
DEVICE = f"/dev/mapper/{GROUP}-{VOLUME}"
FIRST_BYTE = 1 << 20  # where LVM puts the first volume of a group, within the partition
START_SECONDS = 600.0

_INIT = f"""#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s /bin
export PATH=/bin
for purpose in start disk lvm; do
    while read -r module; do insmod /modules/$module.ko 2>/dev/null; done </modules/$purpose
done
until [ -b /dev/vdaNUMBER ]; do sleep 0.05; done
lvm_do() {{ lvm "$@" --config 'activation{{udev_sync=0 udev_rules=0}}'; }}
lvm_do pvcreate /dev/vdaNUMBER &&
    lvm_do vgcreate {GROUP} /dev/vdaNUMBER &&
    lvm_do lvcreate -y -W n -Z n -l 100%FREE -n {VOLUME} {GROUP} &&
    echo "volume starts at $(lvm_do lvs --noheadings --segments -o seg_pe_ranges | tr -d ' ')" &&
    echo "volume has $(lvm_do lvs --noheadings --nosuffix --units b -o lv_size | tr -d ' ') bytes"
sync
poweroff -f
"""


def make_volume_group(disk: Path, work: Path, *, number: int) -> int:
    """Make one volume that fills a partition of a raw disk, and return its size in bytes."""
    small = work / "lvm"
    init = _INIT.replace("NUMBER", str(number))
    build_appliance(small, get_sources(Path.home() / ".cache" / "galeria" / "guests"), init=init.encode())
    command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none"]
    command += ["-machine", "pc", "-accel", "tcg", "-m", "384", "-kernel", str(small / KERNEL)]
    command += ["-initrd", str(small / INITRAMFS), "-append", f"{COMMAND_LINE} console=ttyS0", "-serial", "stdio"]
    command += ["-blockdev", f"driver=raw,node-name=disk,file.driver=file,file.filename={disk}"]
    command += ["-device", "virtio-blk-pci,drive=disk"]
    done = subprocess.run(command, capture_output=True, timeout=START_SECONDS, check=True, stdin=subprocess.DEVNULL)
    said = done.stdout.decode(errors="replace")
    assert f"volume starts at /dev/vda{number}:0-" in said, said[-3000:]
    size = re.search(r"volume has (\d+) bytes", said)
    assert size, said[-3000:]
    return int(size[1])

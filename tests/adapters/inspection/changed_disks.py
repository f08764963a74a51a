"""A system whose disk is to be changed, and what stands on a disk afterwards, read by the appliance itself."""

from pathlib import Path

from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.inspection.answers import Answer, read_answer
from galeria.adapters.inspection.appliance_machine import LookLimits, asked_appliance
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger
from galeria.domain.labs.disk_changes import DiskChanges
from tests.adapters.inspection.workshop import LINUX, run, write_disk

OLD, NEW = "$y$j9T$abc$def", "$6$new$hash"
# A specialized machine: prof has a password and a key, root a key, and cloud-init listens to Azure only.
FILES = {
    "etc/os-release": b"ID=debian\n",
    "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n"
    b"prof:x:1000:1000::/home/prof:/bin/bash\nopen::1005:1005::/home/open:/bin/sh\n",
    "etc/shadow": f"root:*:1:::::::\ndaemon:*:1:::::::\nprof:{OLD}:1:0:99999:7:::\n".encode(),
    "etc/group": b"root:x:0:\nsudo:x:27:prof\nwheel:x:28:\nprof:x:1000:",
    "etc/gshadow": b"root:*::\nsudo:*::prof\n",
    "etc/fstab": b"UUID=11111111-2222-3333-4444-555555555555 / ext4 defaults 0 1\n/dev/rootvg/usr /usr ext4 defaults 0 2\n",
    "etc/sudoers.d/README": b"# rights\n",
    "etc/hostname": b"oldbox\n",
    "etc/hosts": b"127.0.0.1 localhost\n127.0.1.1 oldbox oldbox.campus\n",
    "etc/machine-id": b"0123456789abcdef0123456789abcdef\n",
    "etc/skel/.profile": b"umask 027\n",
    "home/prof/.ssh/authorized_keys": b"ssh-ed25519 AAAA prof\n",
    "root/.ssh/authorized_keys": b"ssh-ed25519 AAAA boss\n",
    "etc/cloud/cloud.cfg.d/99-azure.cfg": b"datasource_list: [ Azure ]\n",
    "etc/cloud/ds-identify.cfg": b"datasource: Azure\n",
    "etc/ssh/sshd_config": b"Include /etc/ssh/sshd_config.d/*.conf\n",
    "etc/ssh/sshd_config.d/50-cloud-init.conf": b"PasswordAuthentication no\n",
    "usr/bin/cloud-init": b"#!",
    "usr/sbin/sshd": b"ELF",
    "usr/bin/bash": b"ELF",
}
LINKS = {"bin": "usr/bin"}
FOLDERS = ("proc", "var/log", "usr/lib")

CHANGES = DiskChanges(
    user_name="ana",
    password_hash=NEW,
    close_others=True,
    host_name="lab-one",
    ensures_host_keys=True,
    data_sources=("NoCloud", "Azure", "None"),
)


def change(disk: Path, appliance: Path, changes: DiskChanges, limits: LookLimits | None = None) -> tuple[str, ...]:
    """Change a raw disk and return the accounts that this has closed."""
    with open_raw_file(disk) as source:
        outcome = ApplianceDiskChanger(appliance=appliance, limits=limits).work_out(source, changes)
    with disk.open("r+b") as file:
        for place, content in outcome.blocks:
            file.seek(place)
            file.write(content)
    return outcome.closed


def read(disk: Path, appliance: Path) -> Answer:
    """Return the files of a raw disk that a look reads."""
    with open_raw_file(disk) as source, asked_appliance(appliance, source, LookLimits()) as content:
        return read_answer(content)


def small_disk(
    folder: Path, files: dict[str, bytes], links: dict[str, str] | None = None, *, size: str = "32M"
) -> Path:
    """Write a disk with one ext4 volume that holds these files, all of them root's."""
    tree = folder / "tree"
    for name in FOLDERS:
        (tree / name).mkdir(parents=True)
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    for name, target in (links or {}).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).symlink_to(target)
    run("mke2fs", "-q", "-t", "ext4", "-E", "root_owner=0:0", "-d", tree, folder / "root", size)
    write_disk(folder / "disk.raw", [(LINUX, (folder / "root").read_bytes())])
    return folder / "disk.raw"


def with_debugfs(disk: Path, command: str) -> str:
    """Ask or change the first partition's ext4 volume with debugfs(8)."""
    place = f"{disk}?offset={1 << 20}"
    return run("debugfs", "-w", "-R", command, place)

"""Real looks with the real appliance: every layout that it knows, and disks that were made to do harm."""

import gzip
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.adapters.inspection.appliance_machine import LookLimits
from galeria.adapters.inspection.inspector import ApplianceInspector
from galeria.domain.images.findings import (
    CloudInit,
    Findings,
    Firmware,
    FoundAccount,
    GuestAgent,
    InitSystem,
    Look,
    NetworkFile,
    SshServer,
    SystemKind,
)
from galeria.guests import GuestSources
from galeria.guests.cpio import CpioArchive
from tests.adapters.inspection.crowded_folders import crowded_disk
from tests.adapters.inspection.workshop import LINUX, WorkshopDisks, make_disks, run, tar_of, write_disk
from tests.local_installation import LocalInstallation

pytestmark = pytest.mark.system

FindingsOn = Callable[[Path], Findings]
KERNEL = "6.1.0-9-cloud-amd64"
SECRET = b"nobody may read this host file"


def initramfs() -> bytes:
    archive = CpioArchive()
    archive.add_folder("lib")
    for name in ("nvme", "hv_storvsc"):
        archive.add_file(f"lib/{name}.ko", b"\x7fELF")
    # As large as real ones, and not to be compressed: it is still on its way when the appliance has said all.
    archive.add_file("lib/firmware", random.Random(1).randbytes(6 << 20))
    return gzip.compress(archive.finish(), 1)


FILES = {
    "usr/lib/os-release": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\nprof:x:1000:1000::/home/prof:/bin/bash\n"
    b"daemon:x:1:1::/:/usr/sbin/nologin\n",
    "etc/shadow": b"root:*:1:::::::\nprof:$y$j9T$abc$def:1:::::::\ndaemon:*:1:::::::\n",
    "etc/group": b"root:x:0:\nsudo:x:27:prof\n",
    "etc/fstab": b"UUID=11111111-2222-3333-4444-555555555555 / ext4 defaults 0 1\n/dev/rootvg/usr /usr ext4 defaults 0 2\n",
    "home/prof/.ssh/authorized_keys": b"ssh-ed25519 AAAA prof\n# none\n",
    "etc/cloud/cloud.cfg.d/90_dpkg.cfg": b"datasource_list: [ NoCloud, Azure ]\n",
    "etc/cloud/cloud.cfg.d/99-azure.cfg": b"datasource_list:\n  - Azure\n",
    "etc/cloud/cloud.cfg.d/two\nlines.cfg": b"datasource_list: [ Evil ]\n",
    "etc/netplan/50-cloud-init.yaml": b'network:\n  match:\n    macaddress: "52:54:00:AB:cd:ef"\n',
    "etc/netplan/60-large.yaml": b"52:54:00:00:00:99\n" * 20_000,
    "etc/ssh/sshd_config": b"Include x\nPasswordAuthentication no\n",
    "etc/ssh/ssh_host_ed25519_key": b"key",
    "usr/bin/cloud-init": b"#!",
    "usr/sbin/sshd": b"ELF",
    "usr/sbin/qemu-ga": b"ELF",
    "usr/lib/systemd/systemd": b"ELF",
    f"boot/initrd.img-{KERNEL}": initramfs(),
    f"usr/lib/modules/{KERNEL}/modules.builtin": b"kernel/drivers/block/virtio_blk.ko\n",
    "boot/grub/grub.cfg": b"menu",
}
LINKS = {
    "etc/os-release": "../usr/lib/os-release",
    "usr/sbin/init": "/lib/systemd/systemd",
    "sbin": "usr/sbin",
    "lib": "usr/lib",
}
FOLDERS = ("proc", "var/lib/cloud/instance", "var/log")


@pytest.fixture(scope="session")
def disks(sources: GuestSources, tmp_path_factory: pytest.TempPathFactory) -> WorkshopDisks:
    return make_disks(tmp_path_factory.mktemp("workshop"), sources, tar_of(FILES, LINKS, FOLDERS))


def expect_the_system(found: Findings) -> None:
    assert (found.kind, found.distribution, found.version) == (SystemKind.LINUX, "debian", "12")
    assert found.name == "Debian GNU/Linux 12 (bookworm)"
    assert found.init is InitSystem.SYSTEMD
    assert found.cloud_init == CloudInit(is_enabled=True, has_run=True, data_sources=("Azure",))
    assert found.agents == (GuestAgent.QEMU,)
    assert found.ssh == SshServer(name="openssh", has_host_keys=True, allows_passwords=False)
    assert found.network_files == (
        NetworkFile(path="/etc/netplan/50-cloud-init.yaml", addresses=("52:54:00:ab:cd:ef",)),
    )
    assert found.accounts == (
        FoundAccount(name="prof", has_password=True, keys=1, is_administrator=True),
        # Written last: the account is there only where the journal was replayed.
        FoundAccount(name="late", has_password=True, keys=0),
    )
    assert (found.kernel, found.drivers) == (KERNEL, ("virtio_blk", "nvme", "hv_storvsc"))
    assert found.boot_loader == "grub"
    assert 0 < found.free_bytes < found.root_bytes


def test_an_ext4_disk_that_lost_its_power_tells_everything(disks: WorkshopDisks, findings: FindingsOn) -> None:
    before = disks.ext4.read_bytes()

    found = findings(disks.ext4)

    expect_the_system(found)
    assert (found.file_system, found.is_on_lvm, found.was_in_use) == ("ext4", False, True)
    assert found.firmware == (Firmware.BIOS, Firmware.UEFI)
    assert disks.ext4.read_bytes() == before  # the journal was replayed on a copy


def test_an_xfs_root_on_lvm_with_its_own_usr_tells_everything(disks: WorkshopDisks, findings: FindingsOn) -> None:
    found = findings(disks.lvm)

    expect_the_system(found)
    assert (found.file_system, found.is_on_lvm, found.was_in_use) == ("xfs", True, True)


def test_an_imported_btrfs_disk_without_partitions_tells_everything(
    disks: WorkshopDisks, appliance: Path, installation: LocalInstallation
) -> None:
    """An import from end to end: the disk is looked into out of the store."""
    context = replace(installation.context, inspector=ApplianceInspector(appliance=appliance))
    importing = replace(installation, context=context)

    done = importing.run(importing.begin_import("linux", disks.btrfs.read_bytes()))

    with context.database(reading=True) as uow:
        version = uow.versions.get(done.subject)
    assert version.found is not None, version.look_obstacle
    found = version.found
    expect_the_system(found)
    assert (found.file_system, found.is_on_lvm, found.firmware) == ("btrfs", False, ())


def test_links_lead_nowhere_but_to_the_disk(tmp_path: Path, look: Callable[..., Look]) -> None:
    """The same disk tries a folder with many entries, endless files, devices, loops, and accounts that steer a terminal."""
    host = tmp_path / "host-secret"
    host.write_bytes(SECRET)
    tree, root = tmp_path / "tree", tmp_path / "root"
    for folder in ("etc/netplan", "etc/ssh", "proc", "home", "usr/lib", "etc/cloud/cloud.cfg.d"):
        (tree / folder).mkdir(parents=True)
    (tree / "etc/passwd").write_bytes(
        b"\x1b[2Jevil\xe2\x80\xae:x:1000:1000::/../..:/bin/sh\nb:::::/../../proc:/bin/sh\n" * 3
    )
    (tree / "etc/shadow").symlink_to(host)
    (tree / "etc/os-release").symlink_to("/proc/kmsg")
    (tree / "usr/lib/os-release").symlink_to("os-release")
    (tree / "etc/group").symlink_to("/etc/passwd")
    with (tree / "etc/ssh/sshd_config").open("wb") as endless:
        endless.truncate(1 << 40)
    for number in range(3000):
        (tree / f"etc/netplan/{number:06d}.yaml").symlink_to("/etc/passwd")
    (tree / "home/a").symlink_to("b")
    (tree / "home/b").symlink_to("a")
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, root, "256M")
    disk = tmp_path / "disk.raw"
    write_disk(disk, [(LINUX, root.read_bytes())])

    outcome = look(disk)

    assert outcome.findings is not None, outcome.obstacle
    assert SECRET.decode() not in repr(outcome)
    assert outcome.findings.name == ""
    assert {each.name for each in outcome.findings.accounts} == {"b"}
    assert all(char.isprintable() for char in repr(outcome))


CROWDED = {
    "home/prof/.ssh": "{:x}",
    "etc/ssh": "{:x}",
    "etc/netplan": "{:x}.yaml",
    "boot": "initrd.img-{:x}",
}


def test_folders_with_a_million_names_hide_nothing_else(tmp_path: Path, look: Callable[..., Look]) -> None:
    """The limits of time are far off: what takes long is given up before, and the rest is told."""
    files = {
        name: FILES[name] for name in ("etc/passwd", "etc/shadow", "etc/group", "usr/lib/os-release", "usr/sbin/sshd")
    }
    disk = crowded_disk(tmp_path, files | {"etc/os-release": FILES["usr/lib/os-release"]}, CROWDED)

    outcome = look(disk, LookLimits(seconds=600, processor=120))

    assert outcome.findings is not None, outcome.obstacle
    assert outcome.findings.distribution == "debian"
    assert [each.name for each in outcome.findings.accounts] == ["prof"]


@pytest.mark.parametrize("kind", ["zeros", "a swap", "a loader for UEFI alone"])
def test_a_disk_without_a_system_is_known_for_one(kind: str, tmp_path: Path, findings: FindingsOn) -> None:
    disk, content = tmp_path / "disk.raw", tmp_path / "content"
    with content.open("wb") as file:
        file.truncate(34 << 20)
    if kind == "zeros":
        content.rename(disk)
    elif kind == "a swap":
        run("mkswap", content)
        write_disk(disk, [(0x82, content.read_bytes())])
    else:
        run("mkfs.fat", "-F", "32", content)
        run("mmd", "-i", content, "::EFI", "::EFI/debian")
        run("mcopy", "-i", content, __file__, "::EFI/debian/grubx64.efi")
        write_disk(disk, [(0xEF, content.read_bytes())])

    found = findings(disk)

    loader = kind == "a loader for UEFI alone"
    assert found == Findings(
        kind=SystemKind.UNKNOWN,
        firmware=(Firmware.UEFI,) if loader else (),
        efi_programs=("EFI/debian/grubx64.efi",) if loader else (),
    )


def test_damaged_volumes_hide_no_good_one(tmp_path: Path, findings: FindingsOn) -> None:
    """Superblocks that fit and noise behind them, and single bytes changed where there are some."""
    ext4, xfs, btrfs, good = (tmp_path / name for name in ("ext4", "xfs", "btrfs", "good"))
    run("mke2fs", "-q", "-t", "ext4", ext4, "32M")
    run("truncate", "-s", "300M", xfs)
    run("mkfs.xfs", "-q", xfs)
    run("truncate", "-s", "128M", btrfs)
    run("mkfs.btrfs", "-q", btrfs)
    for folder in ("etc", "proc"):
        (tmp_path / "tree" / folder).mkdir(parents=True)
    (tmp_path / "tree/etc/passwd").write_text("root:$6$a$b:0:0::/root:/bin/sh\n")
    run("mke2fs", "-q", "-t", "ext4", "-d", tmp_path / "tree", good, "32M")
    noise = bytearray(ext4.read_bytes())
    for offset in range(4096, len(noise) - 8, 997):
        noise[offset : offset + 8] = offset.to_bytes(8, "little")
    damaged = [bytes(noise), damage(xfs.read_bytes(), seed=1), damage(btrfs.read_bytes(), seed=2)]
    write_disk(tmp_path / "disk.raw", [(LINUX, content) for content in (*damaged, good.read_bytes())])

    found = findings(tmp_path / "disk.raw")

    assert (found.kind, found.file_system) == (SystemKind.LINUX, "ext4")
    assert found.accounts == (FoundAccount(name="root", has_password=True, keys=0, is_administrator=True),)


def damage(content: bytes, *, seed: int) -> bytes:
    chance, changed = random.Random(seed), bytearray(content)
    used = [start for start in range(0, len(changed), 4096) if any(changed[start : start + 4096])]
    for _ in range(100):
        changed[chance.choice(used) + chance.randrange(4096)] = chance.randrange(256)
    return bytes(changed)


def test_a_look_that_takes_too_long_ends(tmp_path: Path, look: Callable[..., Look]) -> None:
    disk = tmp_path / "disk.raw"
    write_disk(disk, [(LINUX, b"\0" * (1 << 20))])

    outcome = look(disk, LookLimits(seconds=0.05))

    assert outcome.findings is None
    assert "did not end within" in outcome.obstacle


def test_an_answer_that_is_too_long_is_cut_off(disks: WorkshopDisks, look: Callable[..., Look]) -> None:
    outcome = look(disks.ext4, LookLimits(answer=1000))

    assert outcome.findings is None
    assert "more on the disk" in outcome.obstacle

"""What files say about a system. The files are what distributions and their tools write."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galeria.adapters.inspection.answers import Answer
from galeria.adapters.inspection.findings_reader import read_findings
from galeria.domain.images.findings import Findings, Firmware, FoundAccount, GuestAgent, InitSystem, SystemKind

BOOT_SECTOR = b"\xeb\x63GRUB".ljust(510, b"\0") + b"\x55\xaa"
NO_PROGRAM = bytes(510) + b"\x55\xaa"


def read(
    files: dict[str, str] | None = None,
    *,
    present: tuple[str, ...] = (),
    first_sector: bytes = NO_PROGRAM,
    modules: list[str] | None = None,
    **notes: str,
) -> Findings:
    told = {"root": "/dev/vda1 ext4 ", "volumes": "/dev/vda1 ext4 - - -", "present": "\n".join(present)} | notes
    answer = Answer(
        notes={name: text.encode() for name, text in told.items()},
        files={name: text.encode() for name, text in (files or {}).items()},
    )
    return read_findings(answer, first_sector, modules)


@pytest.mark.parametrize(
    ("volumes", "kind", "is_encrypted"),
    [
        ("/dev/vda1 ntfs - - -\n/dev/vda2 vfat - - -", SystemKind.WINDOWS, False),
        ("/dev/vda1 BitLocker - - -", SystemKind.WINDOWS, True),
        ("/dev/vda1 crypto_LUKS - - -", SystemKind.UNKNOWN, True),
        ("", SystemKind.UNKNOWN, False),
        ("a b c d e\n" * 1000, SystemKind.UNKNOWN, False),
    ],
)
def test_a_disk_without_a_linux_root(volumes: str, kind: SystemKind, is_encrypted: bool) -> None:
    found = read(volumes=volumes, root="")

    assert (found.kind, found.is_encrypted, found.accounts, found.drivers) == (kind, is_encrypted, (), None)


@pytest.mark.parametrize("root", ["/dev/vda1", "/dev/vda1 fat x", "/dev/vda1 ../../etc x"])
def test_a_root_that_the_appliance_does_not_mount_is_none(root: str) -> None:
    assert read(root=root).kind is SystemKind.UNKNOWN


def test_the_release_is_cut_and_cleaned() -> None:
    text = f'NAME="x"\nID=\x1b[31mevil\x07\nPRETTY_NAME="{"y" * 500}"\nID=second\nVERSION_ID=\u202e12\n'

    found = read({"etc/os-release": text})

    assert (found.distribution, found.version) == ("[31mevil", "12")
    assert len(found.name) == 100


@pytest.mark.parametrize(
    ("init", "present", "expected"),
    [
        ("/usr/lib/systemd/systemd", (), InitSystem.SYSTEMD),
        ("/bin/busybox", (), InitSystem.BUSYBOX),
        ("/usr/sbin/init", ("sbin/init", "sbin/openrc-run", "etc/inittab"), InitSystem.OPENRC),
        ("/usr/sbin/init", ("sbin/init", "etc/inittab"), InitSystem.SYSVINIT),
        ("/usr/sbin/init", ("usr/sbin/init",), InitSystem.OTHER),
        ("", (), None),
    ],
)
def test_the_init_system(init: str, present: tuple[str, ...], expected: InitSystem | None) -> None:
    assert read(init=init, present=present).init is expected


@pytest.mark.parametrize(
    ("config", "sources"),
    [
        ("datasource_list: [ Azure ]", ("Azure",)),
        ("datasource_list: ['NoCloud', \"None\"] # why", ("NoCloud", "None")),
        ("datasource_list:\n# the first\n  - Azure\n  - None\nother: 1\n- no", ("Azure", "None")),
        ("datasource_list: [ NoCloud ]\ndatasource_list: [ Ec2 ]", ("Ec2",)),
        ("#datasource_list: [ Azure ]", ()),
        ("  datasource_list: [ Azure ]", ()),
    ],
)
def test_the_data_sources_of_cloud_init(config: str, sources: tuple[str, ...]) -> None:
    found = read({"etc/cloud/cloud.cfg": config}, present=("usr/bin/cloud-init",))

    assert found.cloud_init is not None
    assert (found.cloud_init.is_enabled, found.cloud_init.has_run, found.cloud_init.data_sources) == (
        True,
        False,
        sources,
    )


def test_later_files_of_cloud_init_win() -> None:
    files = {
        "etc/cloud/cloud.cfg": "datasource_list: [ NoCloud ]",
        "etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [ Azure ]",
        "etc/cloud/cloud.cfg.d/95.cfg": "hostname: x",
    }
    found = read(files, present=("usr/bin/cloud-init", "etc/cloud/cloud-init.disabled", "var/lib/cloud/instance"))

    assert found.cloud_init is not None
    assert (found.cloud_init.is_enabled, found.cloud_init.has_run, found.cloud_init.data_sources) == (
        False,
        True,
        ("Azure",),
    )
    assert read(files).cloud_init is None


def test_accounts_with_a_usable_password_or_key() -> None:
    passwd = [
        "root:x:0:0::/root:/bin/bash",  # locked, but with a key that may only say whom to be instead
        "prof:x:1000:1000::/home/prof:/bin/bash",
        "keys:x:1001:1001::/home/keys:/bin/zsh",
        "open:x:1002:1002::/home/open:/bin/sh",
        "old:abcdefghijklm:1003:1003::/home/old:/bin/sh",
        "locked:x:1004:1004::/home/locked:/bin/sh",
        "daemon:x:1:1::/:/usr/sbin/nologin",
        "group:x:1005:27::/home/group:/bin/sh",
        "short:x:1",
    ]
    shadow = "root:*:1\nprof:$6$salt$hash:1\nkeys:!:1\nopen::1\nlocked:!$6$salt$hash:1\ndaemon:$6$a$b:1\ngroup:$y$a$b:1"
    files = {
        "etc/passwd": "\n".join(passwd),
        "etc/shadow": shadow,
        "etc/group": "wheel:x:10:keys,\nsudo:x:27:\nbroken",
        "root/.ssh/authorized_keys": 'no-port-forwarding,command="echo no" ssh-ed25519 AAAA\n',
        "home/keys/.ssh/authorized_keys": "ssh-ed25519 AAAA\n\n# comment\necdsa-sha2-nistp256 BBBB\n",
    }

    assert read(files).accounts == (
        FoundAccount(name="prof", has_password=True, keys=0),
        FoundAccount(name="keys", has_password=False, keys=2, is_administrator=True),
        FoundAccount(name="open", has_password=True, keys=0),
        FoundAccount(name="old", has_password=True, keys=0),
        FoundAccount(name="group", has_password=True, keys=0, is_administrator=True),
    )
    assert "hash" not in repr(read(files))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"etc/ssh/sshd_config": "#PasswordAuthentication no\npasswordauthentication yes"}, True),
        ({"etc/ssh/sshd_config": "Match User a\nPasswordAuthentication no"}, None),
        (
            {
                "etc/ssh/sshd_config": "PasswordAuthentication yes",
                "etc/ssh/sshd_config.d/50.conf": "PasswordAuthentication=no",
            },
            False,
        ),
        ({"etc/ssh/sshd_config": "PasswordAuthentication maybe"}, None),
    ],
)
def test_whether_the_ssh_server_takes_passwords(files: dict[str, str], expected: bool | None) -> None:
    found = read(files, present=("usr/sbin/sshd", "etc/ssh/ssh_host_rsa_key"))

    assert found.ssh is not None
    assert (found.ssh.name, found.ssh.has_host_keys, found.ssh.allows_passwords) == ("openssh", True, expected)


def test_network_files_that_name_a_card() -> None:
    files = {
        "etc/netplan/50.yaml": 'macaddress: "52:54:00:AB:CD:EF"',
        "etc/systemd/network/10-eth.link": "MACAddress=00-0d-3a-11-22-33",
        "etc/udev/rules.d/70-persistent-net.rules": 'ATTR{address}=="00:15:5d:01:02:03"\n# 11:22:33:44:55:66',
        "etc/sysconfig/network-scripts/ifcfg-eth0": "HWADDR=52:54:00:00:00:01\nHWADDR=52:54:00:00:00:01",
        "etc/network/interfaces": "iface eth0 inet dhcp",
        "etc/netplan/60.yaml": "x: ff:ff:ff:ff:ff:ff\ny: 2001:db8:11:22:33:44:55:66\nz: 11:22:33:44:55:66:77",
        "etc/passwd": "52:54:00:00:00:07:x",
    }

    assert [(each.path, each.addresses) for each in read(files).network_files] == [
        ("/etc/netplan/50.yaml", ("52:54:00:ab:cd:ef",)),
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", ("52:54:00:00:00:01",)),
        ("/etc/systemd/network/10-eth.link", ("00:0d:3a:11:22:33",)),
        ("/etc/udev/rules.d/70-persistent-net.rules", ("00:15:5d:01:02:03",)),
    ]


def test_the_name_of_the_only_card_that_has_a_network() -> None:
    assert read({"etc/systemd/network/10.network": "[Match]\nName=ens7\n[Network]\nDHCP=yes"}).card_name == "ens7"


@pytest.mark.parametrize(
    ("first_sector", "boot", "firmware", "loader"),
    [
        (BOOT_SECTOR, "", (Firmware.BIOS,), "grub"),
        (NO_PROGRAM, "/fat/EFI/BOOT/BOOTX64.EFI", (Firmware.UEFI,), ""),
        (NO_PROGRAM, "/fat/EFI/systemd/systemd-bootx64.efi", (Firmware.UEFI,), "systemd-boot"),
        (b"\x33\xc0".ljust(510, b"\0") + b"\x55\xaa", "/fat/ldlinux.sys", (Firmware.BIOS,), "syslinux"),
        (b"", "", (), ""),
        (b"\xff" * 512, "", (), ""),
    ],
)
def test_what_starts_the_disk(first_sector: bytes, boot: str, firmware: tuple[Firmware, ...], loader: str) -> None:
    found = read(first_sector=first_sector, boot=boot)

    assert (found.firmware, found.boot_loader) == (firmware, loader)


def test_drivers_are_those_of_the_kernel_and_its_initramfs() -> None:
    built_in = {"lib/modules/6.1/modules.builtin": "kernel/drivers/nvme/host/nvme.ko\nkernel/fs/ext4/ext4.ko\n"}

    assert read(built_in, kernel="6.1", modules=["hv_storvsc", "loop"]).drivers == ("nvme", "hv_storvsc")
    assert read(built_in, kernel="6.1", modules=[]).drivers == ("nvme",)
    assert read(built_in, kernel="6.1", modules=None).drivers is None


@pytest.mark.parametrize(
    ("line", "was_in_use"),
    [
        ("[    3.7] EXT4-fs (vda2): recovery complete", True),
        ("[    3.7] XFS (dm-0): Ending recovery (logdev: internal)", True),
        ("[    3.7] BTRFS info (device vdc): start tree-log replay", True),
        ("[    3.7] EXT4-fs (vda2): mounted filesystem with ordered data mode", False),
    ],
)
def test_a_replayed_journal_tells_that_the_disk_was_in_use(line: str, was_in_use: bool) -> None:
    assert read(log=line).was_in_use is was_in_use


@pytest.mark.parametrize(
    ("space", "expected"),
    [("4096 100 50", (409_600, 204_800)), ("4096 100", (0, 0)), ("x y z", (0, 0)), ("9" * 18 + " 9 9", (2**62, 2**62))],
)
def test_room(space: str, expected: tuple[int, int]) -> None:
    found = read(space=space)

    assert (found.root_bytes, found.free_bytes) == expected


def test_agents() -> None:
    present = ("usr/bin/qemu-ga", "usr/sbin/waagent", "usr/bin/vmtoolsd", "usr/sbin/hv_kvp_daemon")

    assert set(read(present=present).agents) == set(GuestAgent)


NAMES = (
    "etc/passwd",
    "etc/shadow",
    "etc/group",
    "etc/os-release",
    "etc/netplan/a",
    "etc/cloud/cloud.cfg",
    "etc/ssh/sshd_config",
)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=400), note=st.binary(max_size=100))
def test_whatever_stands_in_the_files_nothing_breaks(content: bytes, note: bytes) -> None:
    names = ("volumes", "present", "init", "boot", "kernel", "space", "log")
    answer = Answer(
        notes={name: note for name in names} | {"root": b"/dev/vda1 ext4"}, files=dict.fromkeys(NAMES, content)
    )
    answer.notes["present"] = b"usr/sbin/sshd\nusr/bin/cloud-init\n" + note

    found = read_findings(answer, note, [])

    assert repr(found).isprintable()


@pytest.mark.parametrize(
    ("network", "built_in", "drivers"),
    [
        ("", "", None),
        ("looked", "", ()),
        ("lib/modules/6/kernel/drivers/net/virtio_net.ko.xz\nlooked", "", ("virtio_net",)),
        ("looked", "kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko", ("e1000e",)),
        ("usr/lib/modules/6/kernel/drivers/net/ethernet/realtek/8139cp.ko\nlooked", "", ("8139cp",)),
    ],
)
def test_the_network_cards_that_the_kernel_can_drive(
    network: str, built_in: str, drivers: tuple[str, ...] | None
) -> None:
    found = read({"lib/modules/6/modules.builtin": built_in}, network=network, kernel="6")

    assert found.network_drivers == drivers


def test_the_programs_that_firmware_can_start() -> None:
    boot = "/fat/EFI/debian/grubx64.efi\n/fat/EFI/BOOT/BOOTX64.EFI\n/fat/ldlinux.sys\n/fat/" + "x" * 200 + ".efi"

    assert read(boot=boot).efi_programs == ("EFI/BOOT/BOOTX64.EFI", "EFI/debian/grubx64.efi")
    assert read(boot="/fat/EFI/Microsoft/Boot/bootmgfw.efi", root="", volumes="/dev/vda1 ntfs - - -").efi_programs == (
        "EFI/Microsoft/Boot/bootmgfw.efi",
    )

"""Real changes with the real appliance: every layout after a power cut, and disks that were made to do harm."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.adapters.inspection.appliance_machine import LookLimits
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.guests import GuestSources
from tests.adapters.inspection.changed_disks import (
    CHANGES,
    FILES,
    FOLDERS,
    LINKS,
    NEW,
    OLD,
    change,
    read,
    small_disk,
    with_debugfs,
)
from tests.adapters.inspection.crowded_folders import crowded_disk
from tests.adapters.inspection.workshop import WorkshopDisks, make_disks, run, tar_of

pytestmark = pytest.mark.system


@pytest.fixture(scope="session")
def disks(sources: GuestSources, tmp_path_factory: pytest.TempPathFactory) -> WorkshopDisks:
    return make_disks(tmp_path_factory.mktemp("changed"), sources, tar_of(FILES, LINKS, FOLDERS))


Chosen = Callable[[WorkshopDisks], Path]


@pytest.mark.parametrize("choose", [lambda made: made.ext4, lambda made: made.lvm, lambda made: made.btrfs])
def test_a_disk_that_lost_its_power_opens_for_the_new_account_only(
    choose: Chosen, disks: WorkshopDisks, appliance: Path
) -> None:
    """`late` was written last: it is closed only where the journal was replayed before."""
    disk = choose(disks)

    closed = change(disk, appliance, CHANGES)

    assert closed == ("late", "open", "prof", "root")
    found = read(disk, appliance)
    assert found.lines("etc/passwd") == [
        "root:x:0:0:root:/root:/bin/bash",
        "daemon:x:1:1::/:/usr/sbin/nologin",
        "prof:x:1000:1000::/home/prof:/bin/bash",
        "open:!:1005:1005::/home/open:/bin/sh",
        "late:x:1002:1002::/home/late:/bin/bash",
        "ana:x:1006:1006::/home/ana:/bin/bash",
        "",
    ]
    shadow = {line.split(":")[0]: line.split(":")[1] for line in found.lines("etc/shadow") if line}
    assert shadow == {"root": "*", "daemon": "*", "prof": f"!{OLD}", "late": "!$6$late$x", "ana": NEW}
    assert found.lines("etc/group")[1:] == ["sudo:x:27:prof,ana", "wheel:x:28:ana", "prof:x:1000:", "ana:x:1006:", ""]
    assert not [name for name in found.files if name.endswith("authorized_keys")]
    assert found.lines("etc/ssh/sshd_config.d/00-galeria.conf") == ["PasswordAuthentication yes", ""]
    assert "datasource_list: [ NoCloud, Azure, None ]" in found.lines("etc/cloud/cloud.cfg.d/zz-galeria.cfg")
    assert found.lines("etc/cloud/ds-identify.cfg") == ["# Galeria: datasource: Azure", ""]
    present = found.note("present")
    assert {f"etc/ssh/ssh_host_{kind}_key" for kind in ("rsa", "ecdsa", "ed25519")} <= set(present)
    assert not any("recovery" in line.lower() and "root" in line for line in found.note("log"))


def test_doing_it_again_changes_nothing_more(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)
    change(disk, appliance, CHANGES)
    first = read(disk, appliance)

    assert change(disk, appliance, CHANGES) == ()

    assert read(disk, appliance).files == first.files


def test_files_keep_their_owners_and_new_ones_get_the_right_ones(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)
    with_debugfs(disk, "ea_set /etc/shadow security.selinux system_u:object_r:shadow_t:s0")
    with_debugfs(disk, "set_inode_field /etc/shadow mode 0100640")
    with_debugfs(disk, "set_inode_field /etc/shadow gid 42")

    change(disk, appliance, replace(CHANGES, ssh_keys=("ssh-ed25519 BBBB ana",), new_identity=True))

    assert "shadow_t" in with_debugfs(disk, "ea_get /etc/shadow security.selinux")
    shadow, home = with_debugfs(disk, "stat /etc/shadow"), with_debugfs(disk, "stat /home/ana/.profile")
    assert "Mode:  0640" in shadow
    assert "Group:    42" in shadow
    assert "User:  1006   Group:  1006" in home
    keys = with_debugfs(disk, "stat /home/ana/.ssh/authorized_keys")
    assert "User:  1006   Group:  1006" in keys
    assert "Mode:  0600" in keys
    assert "Mode:  0440" in with_debugfs(disk, "stat /etc/sudoers.d/90-galeria")
    assert with_debugfs(disk, "cat /etc/sudoers.d/90-galeria") == "ana ALL=(ALL) ALL\n"
    assert with_debugfs(disk, "cat /etc/gshadow") == "root:*::\nsudo:*::prof,ana\nana:!::\n"
    assert with_debugfs(disk, "cat /etc/hosts") == "127.0.0.1 localhost\n127.0.1.1\tlab-one\n"
    assert with_debugfs(disk, "cat /etc/hostname") == "lab-one\n"
    assert with_debugfs(disk, "cat /home/prof/.ssh/authorized_keys.retired") == "ssh-ed25519 AAAA prof\n"
    assert len(with_debugfs(disk, "cat /etc/machine-id")) == 33
    assert "0123456789" not in with_debugfs(disk, "cat /etc/machine-id")
    with_debugfs(disk, f"dump /etc/ssh/ssh_host_ed25519_key {tmp_path / 'key'}")
    (tmp_path / "key").chmod(0o600)
    assert run("ssh-keygen", "-y", "-f", tmp_path / "key").startswith("ssh-ed25519 ")
    assert run("e2fsck", "-f", "-n", f"{disk}?offset={1 << 20}")


def test_accounts_that_are_kept_stay_and_the_own_one_loses_its_old_key(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)

    closed = change(disk, appliance, replace(CHANGES, user_name="prof", keep=("root",)))

    assert closed == ("open", "prof")
    found = read(disk, appliance)
    assert found.lines("root/.ssh/authorized_keys") == ["ssh-ed25519 AAAA boss", ""]
    assert "home/prof/.ssh/authorized_keys" not in found.files
    assert any(line.startswith(f"prof:{NEW}:") for line in found.lines("etc/shadow"))


def test_only_named_accounts_are_closed_where_only_those_are(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)

    assert change(disk, appliance, DiskChanges(retire=("prof",))) == ("prof",)

    found = read(disk, appliance)
    assert "root/.ssh/authorized_keys" in found.files
    assert "open::1005:1005::/home/open:/bin/sh" in found.lines("etc/passwd")


def test_keys_lie_where_the_ssh_server_looks_for_them(tmp_path: Path, appliance: Path) -> None:
    places = {
        "etc/ssh/sshd_config": b"AuthorizedKeysFile /etc/ssh/keys/%u mine/%u.pub\n",
        "etc/ssh/keys/prof": b"ssh-ed25519 AAAA prof\n",
        "home/prof/mine/prof.pub": b"ssh-ed25519 AAAA prof\n",
    }
    disk = small_disk(tmp_path, FILES | places, LINKS)

    change(disk, appliance, CHANGES)

    assert "prof.retired" in with_debugfs(disk, "ls /etc/ssh/keys")
    assert "prof.pub.retired" in with_debugfs(disk, "ls /home/prof/mine")


def test_a_work_disk_is_mounted_and_named_once(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)
    for _ in range(2):
        change(disk, appliance, DiskChanges(work_folder="/work"))

    assert with_debugfs(disk, "cat /etc/fstab") == FILES["etc/fstab"].decode() + (
        "LABEL=galeria-work /work ext4 defaults,nofail 0 2\n"
    )
    assert "Mode:  0755" in with_debugfs(disk, "stat /work")


def test_an_account_without_rights_has_a_number_that_a_template_gives_to_nobody(
    tmp_path: Path, appliance: Path
) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)
    change(disk, appliance, DiskChanges(user_name="ana", password_hash=NEW, is_admin=False))
    assert "ana:x:5000:5000::/home/ana:" in with_debugfs(disk, "cat /etc/passwd")


def test_a_system_that_wants_labels_gives_them_at_its_next_start(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES | {"etc/selinux/config": b"SELINUX=enforcing\n"}, LINKS)

    change(disk, appliance, CHANGES)

    assert ".autorelabel" in with_debugfs(disk, "ls /")


def test_the_card_is_called_as_the_settings_call_it(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES | {"usr/lib/udev/rules.d/80-net.rules": b""}, LINKS)

    change(disk, appliance, replace(CHANGES, card_name="ens7"))

    assert 'NAME="ens7"' in with_debugfs(disk, "cat /etc/udev/rules.d/70-galeria-card.rules")
    assert "Mode:  0755" in with_debugfs(disk, "stat /etc/udev/rules.d")
    assert "Mode:  0644" in with_debugfs(disk, "stat /etc/udev/rules.d/70-galeria-card.rules")


REFUSED = {
    "a NUL in passwd": ({"etc/passwd": b"root:x:0:0::/root:/bin/sh\0\n"}, {}, "no plain text"),
    "a million lines": ({"etc/passwd": b"a:x:1:1::/:/bin/sh\n" * 1_000_000}, {}, "more than 1 MiB"),
    "shadow leads nowhere": ({}, {"etc/shadow": "/run/shadow"}, "no plain text"),
    "passwd is a folder": ({"etc/group/x": b""}, {}, "no plain text"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_leaves_the_disk_as_it_was(case: str, tmp_path: Path, appliance: Path) -> None:
    files, links, reason = REFUSED[case]
    left_out = {*links, *(name.rpartition("/")[0] for name in files)}
    kept = {name: content for name, content in FILES.items() if name not in left_out}
    disk = small_disk(tmp_path, kept | files, LINKS | links, size="64M")
    before = disk.read_bytes()

    with pytest.raises(MachineFailed, match=reason):
        change(disk, appliance, CHANGES)

    assert disk.read_bytes() == before


def test_protected_files_and_full_disks_are_left_as_they_were(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)
    with_debugfs(disk, "set_inode_field /etc/shadow flags 0x80010")
    with pytest.raises(MachineFailed, match=r"could not be written.*etc/shadow"):
        change(disk, appliance, CHANGES)

    (tmp_path / "full").mkdir()
    full = small_disk(tmp_path / "full", FILES | {"etc/skel/large": b"x" * (9 << 20)}, LINKS, size="16M")
    before = full.read_bytes()
    with pytest.raises(MachineFailed, match="could not be written"):
        change(full, appliance, CHANGES)
    assert full.read_bytes() == before


def test_homes_lead_nowhere_outside_and_names_are_no_patterns(tmp_path: Path, appliance: Path) -> None:
    hostile = {
        "etc/passwd": b"root:x:0:0::/:/bin/sh\n../../x:x:5:5::/../../../tools:/bin/sh\n"
        b"$(reboot):x:6:6::/home/$(reboot):/bin/sh\n.*:x:7:7::/home/prof:/bin/sh\nprof:x:1000:1000::/home/prof:/bin/sh\n"
        b"-n:x:8:8:&:/home/&%h\\1:/bin/sh\n:x:9:9::/:/bin/sh\nshort:x\n",
        ".ssh/authorized_keys": b"ssh-ed25519 AAAA top\n",
        "home/&%h\\1/.ssh/authorized_keys": b"ssh-ed25519 AAAA odd\n",
    }
    disk = small_disk(tmp_path, FILES | hostile, LINKS)

    closed = change(disk, appliance, replace(CHANGES, keep=("prof",)))

    assert closed == ("-n", ".*", "root")
    found = read(disk, appliance)
    assert "home/prof/.ssh/authorized_keys" not in found.files  # it was also the key of `.*`
    assert any(line.startswith(f"prof:{OLD}:") for line in found.lines("etc/shadow"))


def test_folders_with_a_million_names_keep_no_account_open(tmp_path: Path, appliance: Path) -> None:
    crowded = {"home/prof/.ssh": "authorized_keys{:x}"}
    files = {name: content for name, content in FILES.items() if not name.startswith("home/prof/.ssh/")}
    disk = crowded_disk(tmp_path, files | {"run/x": b""}, crowded)

    assert {"open", "prof"} <= set(change(disk, appliance, CHANGES))

    assert f"prof:!{OLD}" in with_debugfs(disk, "cat /etc/shadow")


def test_what_cannot_be_read_in_time_is_not_changed(tmp_path: Path, appliance: Path) -> None:
    """The settings of an SSH server say where keys lie; there are too many of them."""
    files = {name: content for name, content in FILES.items() if not name.startswith("etc/ssh/sshd_config.d/")}
    disk = crowded_disk(tmp_path, files | {"run/x": b""}, {"etc/ssh/sshd_config.d": "{:x}.conf"})

    with pytest.raises(MachineFailed, match=r"more than 200 files.*etc/ssh/sshd_config\.d"):
        change(disk, appliance, CHANGES)


def test_a_change_that_takes_too_long_ends_without_one(tmp_path: Path, appliance: Path) -> None:
    disk = small_disk(tmp_path, FILES, LINKS)
    with pytest.raises(MachineFailed, match="did not end within"):
        change(disk, appliance, CHANGES, LookLimits(seconds=0.05))


def test_a_disk_without_linux_is_left_as_it_was(tmp_path: Path, appliance: Path) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(bytes(1 << 20))
    with pytest.raises(MachineFailed, match="no Linux system"):
        change(disk, appliance, CHANGES)

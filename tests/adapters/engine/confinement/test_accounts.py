"""Which account a machine's process has, what it is let, and what limits it, without machines."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from galeria.adapters.engine.confinement import accounts
from galeria.adapters.engine.confinement.accounts import Account, account_of, find_obstacle, first_number, give
from galeria.adapters.engine.confinement.checks import find_controllers
from galeria.adapters.engine.confinement.limits import find_limit
from galeria.adapters.engine.confinement.permits import PASS, READ, Permit, changed, permitted
from galeria.domain.labs.machine_accounts import COUNT, AccountSettings

DEFAULT = AccountSettings()
NUMBER = 1_900_000_123
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
# The header of linux/posix_acl_xattr.h: owner, a user, group, mask, others.
OWNER, USER, GROUP, MASK, OTHERS, NOBODY = 1, 2, 4, 16, 32, 2**32 - 1


def test_each_machine_has_a_number_of_its_own_among_those_of_its_installation() -> None:
    first = first_number("abc", DEFAULT)
    assert 1_879_048_192 <= first <= 2**31 - COUNT
    assert first_number("abc", DEFAULT) == first != first_number("abd", DEFAULT)
    found = {account_of("abc", DEFAULT, port).number for port in (1, 16384, 32767, 65535)}
    assert found == {first + 1, first + 16384, first + 32767, first + 65535}
    assert account_of("abc", AccountSettings(first=100_000), 5) == Account(100_005)
    assert Account(5).label == "+5:+5"
    with pytest.raises(ValueError, match="65536"):
        account_of("abc", DEFAULT, COUNT)


@AS_ROOT
def test_what_stands_in_the_way_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_obstacle("abc", DEFAULT) == ""
    assert find_obstacle("abc", AccountSettings(is_own=False)) == "the settings say so"
    narrow = tmp_path / "map"
    narrow.write_text("         0     100000      65536\n", encoding="ascii")
    with monkeypatch.context() as container:
        container.setattr(accounts, "MAPS", (narrow,))
        assert "this container has no accounts" in find_obstacle("abc", DEFAULT)
        narrow.write_text("0 100000 1000\n70000 300000 65536\n", encoding="ascii")
        assert find_obstacle("abc", AccountSettings(first=70_000)) == ""
        assert "no accounts" in find_obstacle("abc", AccountSettings(first=70_001))
    person = SimpleNamespace(pw_name="ana", pw_uid=first_number("abc", DEFAULT) + 7)
    monkeypatch.setattr(accounts, "pwd", SimpleNamespace(getpwall=lambda: [person]))
    assert find_obstacle("abc", DEFAULT) == "the account ana has one of their numbers"
    assert find_obstacle("abd", DEFAULT) == ""


def test_entries_are_added_and_taken_back() -> None:
    plain = [(OWNER, 7, NOBODY), (GROUP, 5, NOBODY), (OTHERS, 0, NOBODY)]
    one = changed(plain, 9, PASS)
    assert one == [
        (OWNER, 7, NOBODY),
        (USER, PASS, 9),
        (GROUP, 5, NOBODY),
        (MASK, 5, NOBODY),
        (OTHERS, 0, NOBODY),
    ]
    two = changed(one, 8, READ)
    assert [each[2] for each in two if each[0] == USER] == [8, 9]
    assert changed(two, 8, 0) == one
    assert changed(one, 9, 0) == plain


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that everybody may pass, as the folders above it."""
    folder = tmp_path_factory.mktemp("permits")
    for each in (folder, *folder.parents):
        if each.stat().st_uid == os.geteuid() and each.name.startswith(("pytest", "popen", "permits")):
            each.chmod(each.stat().st_mode | 0o011)
    return folder


def _reads(path: Path, number: int) -> bool:
    command = ["cat", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, user=number, group=number, extra_groups=[])
    return done.returncode == 0


@AS_ROOT
def test_an_account_reads_what_it_is_permitted_and_no_longer(place: Path) -> None:
    base = place / "base"
    base.write_text("content", encoding="ascii")
    base.chmod(0o444)
    assert _reads(base, NUMBER)
    with permitted(Account(NUMBER), [Permit(base, READ, is_closed=True)]):
        assert _reads(base, NUMBER)
        assert not _reads(base, NUMBER + 1)
        with permitted(Account(NUMBER + 1), [Permit(base, READ, is_closed=True)]):
            assert _reads(base, NUMBER + 1)
            assert _reads(base, NUMBER)
        assert not _reads(base, NUMBER + 1)
    assert not _reads(base, NUMBER)
    assert base.stat().st_mode & 0o777 == 0o400


@AS_ROOT
def test_an_account_passes_a_folder_meanwhile_and_others_keep_what_they_had(place: Path) -> None:
    folder = place / "folder"
    folder.mkdir()
    folder.chmod(0o770)
    (folder / "file").write_text("content", encoding="ascii")
    with permitted(Account(NUMBER), [Permit(folder, PASS)]):
        assert _reads(folder / "file", NUMBER)
        assert not _reads(folder / "file", NUMBER + 1)
    assert not _reads(folder / "file", NUMBER)
    assert folder.stat().st_mode & 0o777 == 0o770


@AS_ROOT
def test_given_files_are_the_accounts_alone(place: Path) -> None:
    file = place / "disk"
    file.write_text("content", encoding="ascii")
    give([file], Account(NUMBER))
    assert _reads(file, NUMBER)
    assert not _reads(file, NUMBER + 1)


def test_the_limit_is_that_of_the_machines_own_group(tmp_path: Path) -> None:
    own = tmp_path / "machine.slice" / "machine-qemu.scope"
    (own / "libvirt" / "emulator").mkdir(parents=True)
    for folder in (tmp_path / "machine.slice", own):
        (folder / "pids.max").touch()
    unified = "0::/machine.slice/machine-qemu.scope/libvirt/emulator\n"
    assert find_limit(unified, tmp_path) == own / "pids.max"
    (tmp_path / "pids" / "machine" / "qemu-1-a").mkdir(parents=True)
    (tmp_path / "pids" / "machine" / "qemu-1-a" / "pids.max").touch()
    old = "4:memory:/machine/qemu-1-a\n3:cpu,pids:/\n2:pids:/machine/qemu-1-a\n"
    assert find_limit(old, tmp_path) == tmp_path / "pids" / "machine" / "qemu-1-a" / "pids.max"
    for shared in ("8:pids:/\n0::/machine/nothing\n", "0::/\n", "5:pids:/user.slice\n"):
        assert find_limit(shared, tmp_path) is None


def test_which_limits_the_host_has_is_read_of_its_control_groups(tmp_path: Path) -> None:
    for name in ("memory", "pids", "cpu"):
        (tmp_path / name).mkdir()
    assert find_controllers(tmp_path) == {"memory", "cpu"}
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n", encoding="ascii")
    assert find_controllers(tmp_path) == {"cpu", "memory", "pids"}

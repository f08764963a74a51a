"""A state that was saved once serves every disk; where it does not fit, the appliance starts with its kernel."""

import shutil
import time
from pathlib import Path

import pytest

from galeria.adapters.inspection.saved_state import PREFIX, find_state
from tests.adapters.inspection.changed_disks import CHANGES, FILES, LINKS, change, read, small_disk, with_debugfs

pytestmark = pytest.mark.system


@pytest.fixture
def copied(appliance: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(appliance, tmp_path / "copied"))


def test_it_gives_the_same_as_a_start_with_the_kernel(tmp_path: Path, appliance: Path, copied: Path) -> None:
    disks = {}
    for name in ("saved", "started"):
        (tmp_path / name).mkdir()
        disks[name] = small_disk(tmp_path / name, FILES, LINKS)
    for state in copied.glob(f"{PREFIX}*"):
        state.unlink()
    assert find_state(appliance) is not None
    assert find_state(copied) is None

    closed = {change(disks["saved"], appliance, CHANGES), change(disks["started"], copied, CHANGES)}

    assert len(closed) == 1
    saved, started = read(disks["saved"], appliance), read(disks["started"], copied)
    assert (set(saved.files), saved.note("present")) == (set(started.files), started.note("present"))
    for name in ("etc/passwd", "etc/shadow", "etc/group", "etc/ssh/sshd_config.d/00-galeria.conf"):
        assert saved.files[name] == started.files[name]


def test_what_is_written_has_the_time_of_now(tmp_path: Path, appliance: Path) -> None:
    """The machine that goes on has the clock of the moment at which it was saved."""
    disk = small_disk(tmp_path, FILES, LINKS)
    before = int(time.time())

    change(disk, appliance, CHANGES)

    changed = next(line for line in with_debugfs(disk, "stat /etc/shadow").splitlines() if "mtime: " in line)
    assert before <= int(changed.split()[1].partition(":")[0], 16) <= time.time() + 1


def test_a_state_of_other_files_is_not_found(copied: Path) -> None:
    state = next(copied.glob(f"{PREFIX}*"))
    (copied / state.name).rename(copied / f"{PREFIX}of-another-qemu")

    assert find_state(copied) is None


def test_a_state_that_qemu_refuses_hinders_no_look(
    tmp_path: Path, copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = find_state(copied)
    assert state is not None
    state.chmod(0o644)
    state.write_bytes(state.read_bytes()[: 1 << 20])

    assert read(small_disk(tmp_path, FILES, LINKS), copied).lines("etc/hostname") == []

    assert "is started anew" in caplog.text

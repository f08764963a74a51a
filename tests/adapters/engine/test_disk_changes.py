"""Changes of a stopped machine's disk: whole or not at all, whatever happens; and one machine that boots with them."""

from pathlib import Path

import asyncssh
import pytest

from galeria.adapters.engine.disks import create_overlay
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.nbd import NbdClient
from galeria.adapters.engine.nbd_source import open_chain, open_writable
from galeria.adapters.engine.offline.disk_changes import change_disk, finish_changes
from galeria.adapters.inspection.disk_changer import ApplianceDiskChanger, WorkedOut
from galeria.domain.errors import MachineFailed, ToolFailed
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.ways_in import WayIn
from galeria.domain.messages import Message
from galeria.guests import GuestSources
from galeria.guests.appliance import build_appliance
from galeria.ports.disks import DiskSource
from tests.adapters.engine.conftest import (
    BOOT_SECONDS,
    libvirt_case,
    new_spec,
    password_hash,
    place_of,
    ssh,
)

MIB = 1 << 20
BLOCKS = ((4096, b"C" * 4096), (3 * MIB, b"D" * MIB))
CHANGES = DiskChanges(user_name="ana", password_hash="$6$a$b")


class FixedChanger(ApplianceDiskChanger):
    """Finds the same to write on every disk, after it has read from it."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self._failure = failure

    def work_out(self, disk: DiskSource, changes: DiskChanges) -> WorkedOut:
        assert disk.reader().read(0, 1) == b"B"
        if self._failure:
            raise self._failure
        return WorkedOut(blocks=BLOCKS, closed=("prof",))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    base = tmp_path / "base.raw"
    base.write_bytes(b"B" * (8 * MIB))
    create_overlay(tmp_path / "first.qcow2", backing=base, backing_format="raw")
    return tmp_path / "first.qcow2"


def content(top: Path) -> bytes:
    with open_chain(top, own_files=1) as disk:
        return disk.reader().read(0, disk.size)


def changed() -> bytes:
    expected = bytearray(b"B" * (8 * MIB))
    for place, block in BLOCKS:
        expected[place : place + len(block)] = block
    return bytes(expected)


def test_a_change_is_written_to_the_machines_own_file(top: Path) -> None:
    assert change_disk(top.parent / "changes", top, CHANGES, FixedChanger()) == ("prof",)

    assert content(top) == changed()
    assert (top.parent / "base.raw").read_bytes() == b"B" * (8 * MIB)
    assert sorted(path.name for path in top.parent.iterdir()) == ["base.raw", "first.qcow2"]


def test_a_change_that_cannot_be_worked_out_leaves_the_disk_as_it_was(top: Path) -> None:
    with pytest.raises(MachineFailed):
        change_disk(
            top.parent / "changes", top, CHANGES, FixedChanger(MachineFailed(Message("No."), hint=Message("None.")))
        )

    assert content(top) == b"B" * (8 * MIB)
    assert not (top.parent / "changes").exists()


def test_what_a_crash_left_is_finished_by_whoever_comes_next(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies after the first bytes were written: what is missing stands in a file that only its owner reads."""
    pending = top.parent / "changes"
    with monkeypatch.context() as crashing:
        crashing.setattr(NbdClient, "flush", _crash)
        with pytest.raises(KeyboardInterrupt):
            change_disk(pending, top, CHANGES, FixedChanger())
    assert pending.stat().st_mode & 0o777 == 0o600

    finish_changes(pending, top)

    assert content(top) == changed()
    assert not pending.exists()
    finish_changes(pending, top)


def _crash(_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("damage", [b"", b"galeria disk changes 1\n" + b"x" * 64])
def test_a_damaged_remainder_is_not_written(top: Path, damage: bytes) -> None:
    (top.parent / "changes").write_bytes(damage)

    with pytest.raises(MachineFailed, match="damaged"):
        finish_changes(top.parent / "changes", top)

    assert content(top) == b"B" * (8 * MIB)


def test_a_disk_in_use_is_not_changed(top: Path) -> None:
    with open_writable(top), pytest.raises(ToolFailed, match="another process"):
        change_disk(top.parent / "changes", top, CHANGES, FixedChanger())


@pytest.mark.system
def test_a_machine_from_a_used_disk_opens_for_its_own_account_only(
    work: Path, guest_image: Path, probed: Path, sources: GuestSources
) -> None:
    """The old password and key were good before; the machine's name and keys are new. No agent takes part."""
    build_appliance(work / "appliance", sources)
    changer = ApplianceDiskChanger(appliance=work / "appliance")
    case, engine = libvirt_case(work, guest_image, probed, changer=changer)
    key = asyncssh.generate_private_key("ssh-ed25519")
    spec = new_spec()
    case.made.append(spec.machine)
    try:
        engine.ensure_machine(spec, None)
        engine.change_disk(spec.machine, _account("prof", "Old-Secret-1", key.export_public_key().decode().strip()))

        closed = engine.change_disk(spec.machine, _new_owner())

        assert closed == ("prof",)
        engine.start(spec.machine, ssh=True)
        with pytest.raises(MachineFailed, match="runs"):
            engine.change_disk(spec.machine, CHANGES)
        engine.wait_ready(spec.machine, way=WayIn.SSH, seconds=3 * BOOT_SECONDS)
        place = place_of(engine, spec)
        rights = "echo New-Secret-1 | sudo -S id -un"
        assert ssh(place, "ana", "New-Secret-1", f"hostname; pwd; {rights}") == "lab-one\n/home/ana\nroot\n"
        with pytest.raises(asyncssh.PermissionDenied):
            ssh(place, "prof", "Old-Secret-1", "true")
        with pytest.raises(asyncssh.PermissionDenied):
            ssh(place, "prof", "", "true", key=key)
    finally:
        case.clean()
        engine.close()
    assert not Layout(work).machine(spec.machine).exists()


def _account(name: str, password: str, key: str) -> DiskChanges:
    return DiskChanges(user_name=name, password_hash=password_hash(password), ssh_keys=(key,))


def _new_owner() -> DiskChanges:
    return DiskChanges(
        user_name="ana",
        password_hash=password_hash("New-Secret-1"),
        close_others=True,
        host_name="lab-one",
        new_identity=True,
    )

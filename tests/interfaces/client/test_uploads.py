"""Files arrive whole, whatever happens to the line, and what arrived is not sent again."""

import os
import threading
from pathlib import Path

import pytest

from galeria.domain import errors
from galeria.interfaces.client import uploads as module
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.uploads import UploadsClient
from tests.interfaces.client.rest_double import RestDouble, Told, refused

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "álgebra.img"
    path.write_bytes(os.urandom(3 * MIB + 17))
    return path


@pytest.fixture
def sender(connection: ServerConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UploadsClient:
    monkeypatch.setattr(module, "PIECE", MIB)
    monkeypatch.setattr(module, "_PAUSE", 0.02)
    return UploadsClient(connection, tmp_path / "state", patience=5)


def sent_bytes(double: RestDouble) -> int:
    return sum(len(each.body) for each in double.asked if each.method == "PATCH")


def test_a_file_is_sent_in_pieces_and_its_progress_is_heard(
    double: RestDouble, sender: UploadsClient, disk: Path
) -> None:
    heard: list[tuple[int, int]] = []

    upload = sender.send(disk, heard=lambda done, total: heard.append((done, total)))

    assert double.uploads[upload] == disk.read_bytes()
    assert [len(each.body) for each in double.asked if each.method == "PATCH"] == [MIB, MIB, MIB, 17]
    assert heard == sorted(heard)
    assert heard[-1] == (3 * MIB + 17, 3 * MIB + 17)


def test_a_line_that_is_cut_in_the_middle_costs_only_what_did_not_arrive(
    double: RestDouble, sender: UploadsClient, disk: Path
) -> None:
    double.drop_after = [300_000, 0]

    upload = sender.send(disk)

    assert double.uploads[upload] == disk.read_bytes()
    assert sent_bytes(double) == disk.stat().st_size - 300_000


def test_a_server_that_restarts_in_the_middle_is_waited_for(
    double: RestDouble, sender: UploadsClient, disk: Path
) -> None:
    restarts: list[int] = []

    def heard(done: int, total: int) -> None:
        if done >= 2 * MIB and not restarts:
            restarts.append(done)
            double.stop()
            threading.Timer(0.3, double.start).start()

    upload = sender.send(disk, heard=heard)

    assert restarts
    assert double.uploads[upload] == disk.read_bytes()


def test_another_run_continues_where_the_first_one_stopped(
    double: RestDouble, connection: ServerConnection, sender: UploadsClient, disk: Path, tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 2 * MIB:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sender.send(disk, heard=stop)
    double.wait_until_alone()
    already = sent_bytes(double)

    upload = UploadsClient(connection, tmp_path / "state").send(disk)

    assert already >= MIB
    assert sent_bytes(double) == disk.stat().st_size
    assert double.uploads[upload] == disk.read_bytes()
    assert len(double.uploads) == 1


def test_a_file_that_changed_since_is_sent_anew(double: RestDouble, sender: UploadsClient, disk: Path) -> None:
    first = sender.send(disk)
    disk.write_bytes(b"another")

    second = sender.send(disk)

    assert second != first
    assert double.uploads[second] == b"another"


def test_a_file_that_changes_on_the_way_is_refused(sender: UploadsClient, disk: Path) -> None:
    def grow(done: int, total: int) -> None:
        if done >= 2 * MIB:
            disk.write_bytes(b"shorter")

    with pytest.raises(errors.Conflict, match="changed"):
        sender.send(disk, heard=grow)


def test_a_finished_upload_is_used_again_until_it_is_forgotten(
    double: RestDouble, sender: UploadsClient, disk: Path
) -> None:
    first = sender.send(disk)

    assert sender.send(disk) == first
    assert sent_bytes(double) == disk.stat().st_size
    sender.forget(disk)
    assert sender.send(disk) != first


def test_an_upload_that_the_server_threw_away_begins_anew(
    double: RestDouble, sender: UploadsClient, disk: Path
) -> None:
    first = sender.send(disk)
    del double.uploads[first]

    assert double.uploads[sender.send(disk)] == disk.read_bytes()


def test_a_full_disk_at_the_server_is_reported_at_once(
    double: RestDouble, sender: UploadsClient, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(told: RestDouble, path: str) -> Told:
        return refused(503, "OutOfSpace", "The disk is full.")

    answer = double.told
    monkeypatch.setattr(
        double, "told", lambda asked: full(double, asked.path) if asked.method == "PATCH" else answer(asked)
    )

    with pytest.raises(errors.OutOfSpace):
        sender.send(disk)


def test_an_upload_that_makes_no_headway_ends_with_how_to_go_on(
    double: RestDouble, connection: ServerConnection, disk: Path, tmp_path: Path, sender: UploadsClient
) -> None:
    double.drop_after = [0] * 1000

    with pytest.raises(errors.Unavailable) as raised:
        UploadsClient(connection, tmp_path / "state", patience=0.1).send(disk)

    assert "Run the same command again" in raised.value.hint


def test_what_is_no_file_is_refused(sender: UploadsClient, tmp_path: Path) -> None:
    with pytest.raises(errors.Invalid, match="There is no file"):
        sender.send(tmp_path)


def test_the_address_of_an_upload_is_for_its_owner_only(sender: UploadsClient, disk: Path, tmp_path: Path) -> None:
    sender.send(disk)

    (note,) = (tmp_path / "state" / "uploads").iterdir()
    assert note.stat().st_mode & 0o077 == 0

"""Slots for senders: whoever sends too slowly makes room, and whoever finds none is told so."""

import socket
from pathlib import Path

import httpx
import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.interfaces.uploads import body
from galeria.interfaces.uploads.slots import ReceivingSlots
from tests.adapters.files.tus_client import DATA, created, error_code, offset_of, open_patch, sent
from tests.adapters.files.tus_server import make_app, serving
from tests.waiting import until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


def test_whoever_trickles_makes_room_is_told_and_goes_on(
    database: SqlDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "RATE_WINDOW", 0.3)
    one = ReceivingSlots(each=1, in_all=1)
    with (
        serving(make_app(database, folder, slots=one, least_rate=64 * 1024)) as endpoint,
        httpx.Client(base_url=endpoint, headers={"Authorization": "Bearer ana"}, timeout=30) as ana,
    ):
        place, other = created(ana, 100), created(ana, 3)
        with open_patch(place, endpoint, 0, 100) as line:
            told = trickled(line)
        assert told.startswith(b"HTTP/1.1 503")
        assert b"UploadTooSlow" in told
        assert b"at least 64 KiB a second are needed" in told
        kept = offset_of(ana, place)
        assert 0 < kept < 100
        assert sent(ana, other, 0, b"abc").status_code == 204  # the only slot is free
        assert sent(ana, place, kept, bytes(100 - kept)).status_code == 204


def trickled(line: socket.socket) -> bytes:
    """Send a byte now and then until there is an answer, and return that."""
    line.settimeout(0.05)
    for _ in range(95):
        try:
            told = line.recv(4000)
            break
        except TimeoutError:
            line.sendall(b"x")
    else:
        raise AssertionError("nobody minds")
    line.settimeout(20)
    while not told.endswith(b"}}"):
        told += line.recv(4000)
    return told


def test_whoever_finds_no_slot_is_told_so_and_goes_on(database: SqlDatabase, folder: Path) -> None:
    slots = ReceivingSlots(each=1, in_all=2, wait=0.2)
    with (
        serving(make_app(database, folder, slots=slots)) as endpoint,
        httpx.Client(base_url=endpoint, headers={"Authorization": "Bearer ana"}, timeout=30) as ana,
        httpx.Client(base_url=endpoint, headers={"Authorization": "Bearer bia"}, timeout=30) as bia,
        httpx.Client(base_url=endpoint, headers={"Authorization": "Bearer eva"}, timeout=30) as eva,
    ):
        held, second = created(ana, len(DATA)), created(ana, 3)
        with open_patch(held, endpoint, 0, len(DATA)) as line:
            line.sendall(DATA[: 2 << 20])
            until(lambda: offset_of(ana, held) > 0, "the slot is taken")
            refused = sent(ana, second, 0, b"abc")
            assert (refused.status_code, error_code(refused)) == (503, "UploadSlotsTaken")
            assert "as many as one person may at the same moment" in refused.text
            assert refused.headers["retry-after"] == "5"
            theirs = created(bia, len(DATA))
            with open_patch(theirs, endpoint, 0, len(DATA), who="bia") as more:
                more.sendall(DATA[: 2 << 20])
                until(lambda: offset_of(bia, theirs) > 0, "the last slot is taken")
                refused = sent(eva, created(eva, 3), 0, b"abc")
                assert (refused.status_code, error_code(refused)) == (503, "UploadSlotsTaken")
                assert "The server is receiving 2 files" in refused.text
        until(lambda: sent(ana, second, 0, b"abc").status_code == 204, "the slot is free again")

"""The tus endpoint as clients meet it, over real HTTP: whole files, broken lines, killed servers, strangers."""

import base64
import hashlib
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import httpx
import pytest

from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.files.upload_files import DirectoryUploads
from tests.adapters.files.disk_files import converted, raw_disk
from tests.adapters.files.tus_client import (
    DATA,
    PIECE,
    TUS,
    created,
    error_code,
    offset_of,
    on,
    open_patch,
    sent,
    stored,
)
from tests.adapters.files.tus_server import LIMIT, make_app, serving
from tests.waiting import until


def test_the_door_says_what_it_can(ana: httpx.Client) -> None:
    answer = ana.options("", headers={"Authorization": ""})
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(LIMIT)
    assert answer.headers["tus-extension"].split(",") == [
        *("creation", "creation-with-upload", "termination", "checksum"),
        "sparse",
    ]
    assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")


def test_a_file_arrives_in_pieces_and_becomes_a_disk(
    ana: httpx.Client, tmp_path: Path, folder: Path, database: SqlDatabase
) -> None:
    data = converted(raw_disk(tmp_path / "raw"), tmp_path / "disk", "vhdx").read_bytes()
    place = created(ana, len(data), "Ubuntu açaí.vhdx")
    offset = 0
    while offset < len(data):  # the loop of every tus client
        answer = sent(ana, place, offset, data[offset : offset + 5_000_000])
        assert answer.status_code == 204
        offset = int(answer.headers["upload-offset"])
        assert offset_of(ana, place) == offset
    assert stored(folder, place) == data
    id = place.rsplit("/")[-1]
    with database(reading=True) as uow:
        upload = uow.uploads.get(id)
        assert (upload.file_name, upload.offset, upload.length) == ("Ubuntu açaí.vhdx", len(data), len(data))
    assert DirectoryUploads(folder, open_image).inspect(id).format == "vhdx"


def test_a_file_may_come_with_its_creation(ana: httpx.Client, folder: Path) -> None:
    answer = ana.post("", headers={**PIECE, "Upload-Length": "6"}, content=b"abc")
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "3")
    assert sent(ana, answer.headers["location"], 3, b"def").status_code == 204
    assert stored(folder, answer.headers["location"]) == b"abcdef"


def test_an_empty_file_is_complete_at_once(ana: httpx.Client) -> None:
    assert offset_of(ana, created(ana, 0)) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_with_a_wrong_checksum_is_not_kept(ana: httpx.Client, folder: Path, algorithm: str) -> None:
    place = created(ana, len(DATA))
    right = algorithm + " " + base64.b64encode(hashlib.new(algorithm, DATA).digest()).decode()
    wrong = algorithm + " " + base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
    answer = sent(ana, place, 0, DATA, Upload_Checksum=wrong)
    assert (answer.status_code, error_code(answer)) == (460, "ChecksumMismatch")
    assert offset_of(ana, place) == 0
    assert sent(ana, place, 0, DATA, Upload_Checksum=right).status_code == 204
    assert stored(folder, place) == DATA


@pytest.mark.parametrize("checksum", ["md5 AAAA", "sha1", "sha1 ???", "sha256 AAAA", ""])
def test_a_checksum_that_cannot_be_compared_is_refused(ana: httpx.Client, checksum: str) -> None:
    place = created(ana, 3)
    assert sent(ana, place, 0, b"abc", Upload_Checksum=checksum).status_code == 400
    assert offset_of(ana, place) == 0


@pytest.mark.parametrize("offset", ["1", "4", "99999999999"])
def test_an_offset_that_is_not_the_files_end_is_refused(ana: httpx.Client, folder: Path, offset: str) -> None:
    place = created(ana, 10)
    sent(ana, place, 0, b"abc")
    answer = sent(ana, place, int(offset), b"")
    assert (answer.status_code, error_code(answer)) == (409, "OffsetMismatch")
    assert stored(folder, place) == b"abc"


@pytest.mark.parametrize("offset", ["", "-1", "x", "1e3", "+3", "٣".encode().decode("latin-1"), "9" * 40])
def test_an_offset_that_is_no_number_is_refused(ana: httpx.Client, offset: str) -> None:
    place = created(ana, 10)
    headers = [*PIECE.items(), ("Upload-Offset", offset)]
    answer = ana.patch(on(ana, place), headers=[(k.encode(), v.encode("latin-1")) for k, v in headers], content=b"a")
    assert answer.status_code == 400


def test_more_bytes_than_announced_are_refused(ana: httpx.Client, folder: Path) -> None:
    place = created(ana, 5)
    assert error_code(sent(ana, place, 0, b"123456")) == "RequestEntityTooLarge"
    chunked = ana.patch(on(ana, place), headers={**PIECE, "Upload-Offset": "0"}, content=iter([b"123", b"456"]))
    assert chunked.status_code == 413
    assert offset_of(ana, place) == 0


def test_files_beyond_the_limit_are_refused_before_a_byte_is_sent(ana: httpx.Client) -> None:
    answer = ana.post("", headers={**TUS, "Upload-Length": str(LIMIT + 1)})
    assert (answer.status_code, error_code(answer)) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Length": "-5"}, 400),
        ({"Upload-Length": "ten"}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Metadata": "filename ???"}, 400),
        ({"Upload-Metadata": "filename " + "A" * 8000}, 400),
        ({"Authorization": ""}, 401),
    ],
)
def test_wrong_announcements_are_refused(ana: httpx.Client, change: dict[str, str], status: int) -> None:
    answer = ana.post("", headers={**TUS, "Upload-Length": "5", **change})
    assert answer.status_code == status
    assert error_code(answer)


def test_another_version_is_reported_which_one_is_spoken(ana: httpx.Client) -> None:
    answer = ana.post("", headers={"Upload-Length": "5"})
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


def test_another_body_type_is_refused(ana: httpx.Client) -> None:
    place = created(ana, 5)
    answer = sent(ana, place, 0, b"abc", Content_Type="application/json")
    assert answer.status_code == 415


def test_strangers_find_nothing(ana: httpx.Client, folder: Path) -> None:
    place = created(ana, 5)
    bruno = {"Authorization": "Bearer bruno"}
    url = on(ana, place)
    absent = str(url).replace(place[-4:], "0000")
    for method, more in (("HEAD", TUS), ("PATCH", {**PIECE, "Upload-Offset": "0"}), ("DELETE", TUS)):
        body = b"evil" if method == "PATCH" else None
        answers = [
            ana.request(method, address, headers={**more, **bruno}, content=body) for address in (str(url), absent)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text.replace(place[-4:], "0000") == answers[1].text
    assert offset_of(ana, place) == 0


@pytest.mark.parametrize("id", ["..", "%2e%2e%2fetc", "..%2f..%2fetc%2fpasswd", "%00", "x" * 3000, "A B"])
def test_odd_ids_find_nothing(ana: httpx.Client, id: str) -> None:
    answer = ana.head(f"{ana.base_url}{id}", headers=TUS)
    assert answer.status_code in (400, 404, 405)


def test_a_file_can_be_given_up(ana: httpx.Client, folder: Path) -> None:
    place = created(ana, 5)
    sent(ana, place, 0, b"abc")
    assert ana.delete(on(ana, place), headers=TUS).status_code == 204
    assert list(folder.iterdir()) == []
    assert ana.head(on(ana, place), headers=TUS).status_code == 404
    assert ana.delete(on(ana, place), headers=TUS).status_code == 404


def test_the_method_may_stand_in_a_header(ana: httpx.Client, folder: Path) -> None:
    place = created(ana, 3)
    override = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert ana.post(on(ana, place), headers=override, content=b"abc").status_code == 204
    assert stored(folder, place) == b"abc"
    assert ana.post(on(ana, place), headers=TUS).status_code == 405
    assert ana.post(on(ana, place), headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204


def test_what_arrived_before_the_line_broke_is_kept(ana: httpx.Client, endpoint: str, folder: Path) -> None:
    place = created(ana, len(DATA))
    with open_patch(place, endpoint, 0, len(DATA)) as line:
        line.sendall(DATA[:2_000_000])
    until(lambda: offset_of(ana, place) == 2_000_000, "the first part is kept")
    until(lambda: sent(ana, place, 2_000_000, DATA[2_000_000:]).status_code == 204, "the rest is taken")
    assert stored(folder, place) == DATA


def test_a_checksummed_piece_whose_line_broke_is_not_kept(ana: httpx.Client, endpoint: str, folder: Path) -> None:
    place = created(ana, len(DATA))
    checksum = "sha1 " + base64.b64encode(hashlib.sha1(DATA).digest()).decode()
    with open_patch(f"{place} HTTP/1.1\r\nUpload-Checksum: {checksum}\r\nX: y", endpoint, 0, len(DATA)) as line:
        line.sendall(DATA[:2_000_000])
        until(lambda: offset_of(ana, place) > 0, "some of it arrived")
    until(lambda: offset_of(ana, place) == 0, "it was taken back")


def test_a_second_sender_is_turned_away_while_the_first_one_sends(
    ana: httpx.Client, endpoint: str, folder: Path
) -> None:
    place = created(ana, len(DATA))
    with open_patch(place, endpoint, 0, len(DATA)) as line, ThreadPoolExecutor(1) as pool:
        line.sendall(DATA[: 1 << 20])
        until(lambda: offset_of(ana, place) > 0, "the first is being received")
        second = pool.submit(sent, ana, place, 0, b"XXX")
        position = 1 << 20
        while not second.done():
            line.sendall(DATA[position : position + 1024])
            position += 1024
            wait([second], timeout=0.1)
        assert (second.result().status_code, error_code(second.result())) == (423, "UploadBusy")
        line.sendall(DATA[position:])
        assert line.recv(100).startswith(b"HTTP/1.1 204")
    assert stored(folder, place) == DATA


def test_a_lost_line_frees_its_file_for_the_same_person_at_once(ana: httpx.Client, endpoint: str, folder: Path) -> None:
    """The server is never told: it would wait for 30 seconds. The client asks where it is, and goes on there, once."""
    place = created(ana, len(DATA))
    with open_patch(place, endpoint, 0, len(DATA)) as line:
        line.sendall(DATA[: 1 << 20])
        until(lambda: offset_of(ana, place) == 1 << 20, "it is being received")
        assert sent(ana, place, 1 << 20, DATA[1 << 20 :]).status_code == 204
        assert line.recv(1000)  # the lost one is answered, should somebody still hear it
    assert stored(folder, place) == DATA


def test_a_sender_that_falls_silent_makes_room(database: SqlDatabase, folder: Path) -> None:
    with (
        serving(make_app(database, folder, idle_seconds=0.3)) as endpoint,
        httpx.Client(base_url=endpoint, headers={"Authorization": "Bearer ana"}) as ana,
    ):
        place = created(ana, 10)
        with open_patch(place, endpoint, 0, 10) as line:
            line.sendall(b"abc")
            until(lambda: offset_of(ana, place) == 3, "what came is kept")
            until(lambda: sent(ana, place, 3, b"defghij").status_code == 204, "another line goes on")
        assert stored(folder, place) == b"abcdefghij"


def test_removing_a_file_ends_its_reception(ana: httpx.Client, endpoint: str, folder: Path) -> None:
    place = created(ana, len(DATA))
    with open_patch(place, endpoint, 0, len(DATA)) as line:
        line.sendall(DATA[: 2 << 20])
        until(lambda: offset_of(ana, place) > 0, "it is being received")
        assert ana.delete(on(ana, place), headers=TUS).status_code == 204
        line.sendall(DATA[2 << 20 :])
        assert line.recv(100).startswith(b"HTTP/1.1 404")
    assert list(folder.iterdir()) == []


def start_server(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.adapters.files.tus_server", str(folder), str(port)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[3])


def test_a_killed_server_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/uploads"
    server = start_server(tmp_path, port)
    try:
        with httpx.Client(base_url=address, headers={"Authorization": "Bearer ana"}, timeout=30) as ana:
            until(lambda: answers(ana), "the server listens", seconds=60)
            place = created(ana, len(DATA))
            with open_patch(place, address, 0, len(DATA)) as line:
                line.sendall(DATA[: 2 << 20])
                until(lambda: offset_of(ana, place) > 0, "some of it arrived")
                server.kill()
                server.wait(20)
            server = start_server(tmp_path, port)
            until(lambda: answers(ana), "the server listens again", seconds=60)
            offset = offset_of(ana, place)
            assert 0 < offset <= 2 << 20
            assert sent(ana, place, offset, DATA[offset:]).status_code == 204
        assert stored(tmp_path / "uploads", place) == DATA
    finally:
        server.kill()
        server.wait(20)


def answers(client: httpx.Client) -> bool:
    try:
        return client.options("").status_code == 204
    except httpx.TransportError:
        return False


def test_the_row_learns_what_only_the_disk_knew(database: SqlDatabase, folder: Path, ana: httpx.Client) -> None:
    """A server killed after the last byte and before the commit."""
    place = created(ana, 3)
    id = place.rsplit("/")[-1]
    files = DirectoryUploads(folder, open_image)
    files.append(id, 0, [b"abc"], limit=3)
    assert offset_of(ana, place) == 3
    with database(reading=True) as uow:
        assert uow.uploads.get(id).offset == 3

"""Bytes arrive in order, stay, and are nobody else's; files on their way in survive what happens to their senders."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galeria.actions.storage.uploads import shown_name
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.files.writing import write_pieces
from galeria.domain.disk_margin import NO_MARGIN
from galeria.domain.errors import Conflict, Invalid, NotFound, OutOfSpace, TooLarge
from galeria.domain.messages import Message
from galeria.ports.disks import OpenDisk
from galeria.ports.files import FileFacts, UploadFiles
from tests.adapters.files.disk_files import SIZE, raw_disk

ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32


def raw_only(path: Path, format: str) -> OpenDisk:
    assert format == "raw"
    return open_raw_file(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def uploads(folder: Path) -> UploadFiles:
    return DirectoryUploads(folder, raw_only)


def stored(folder: Path, id: str = ID) -> bytes:
    return (folder / id / "file").read_bytes()


def breaking_off(*pieces: bytes, error: Exception) -> Iterator[bytes]:
    yield from pieces
    raise error


def test_pieces_follow_each_other(uploads: UploadFiles, folder: Path) -> None:
    assert uploads.size(ID) == 0
    assert uploads.append(ID, 0, [b"one", b"", b"two"], limit=9) == 6
    assert uploads.append(ID, 6, [b"end"], limit=9) == uploads.size(ID) == 9
    assert stored(folder) == b"onetwoend"
    assert uploads.all() == [ID]


@pytest.mark.parametrize("offset", [0, 2, 4, 99])
def test_a_piece_that_does_not_continue_the_file_is_refused(uploads: UploadFiles, folder: Path, offset: int) -> None:
    uploads.append(ID, 0, [b"abc"], limit=100)
    with pytest.raises(Conflict) as caught:
        uploads.append(ID, offset, [b"XXX"], limit=100)
    assert caught.value.code == "OffsetMismatch"
    assert stored(folder) == b"abc"


def test_what_arrived_before_a_break_is_kept(uploads: UploadFiles, folder: Path) -> None:
    with pytest.raises(RuntimeError):
        uploads.append(ID, 0, breaking_off(b"abc", b"def", error=RuntimeError()), limit=100)
    assert uploads.size(ID) == 6
    assert uploads.append(ID, 6, [b"ghi"], limit=100) == 9
    assert stored(folder) == b"abcdefghi"


def test_bytes_that_are_wrong_are_taken_back(uploads: UploadFiles, folder: Path) -> None:
    uploads.append(ID, 0, [b"abc"], limit=100)
    with pytest.raises(Invalid):
        uploads.append(
            ID,
            3,
            breaking_off(b"def", error=Invalid(Message("The checksum is wrong."), hint=Message("Again."))),
            limit=100,
        )
    assert stored(folder) == b"abc"


def test_more_than_the_limit_is_refused_and_taken_back(uploads: UploadFiles, folder: Path) -> None:
    uploads.append(ID, 0, [b"abc"], limit=5)
    with pytest.raises(TooLarge):
        uploads.append(ID, 3, [b"d", b"ef"], limit=5)
    assert stored(folder) == b"abc"
    assert uploads.append(ID, 3, [b"de"], limit=5) == 5


def test_two_writers_never_mix(uploads: UploadFiles, folder: Path) -> None:
    services, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b"first"
        services.set()
        assert go_on.wait(10)
        yield b"second"

    thread = threading.Thread(target=lambda: uploads.append(ID, 0, slowly(), limit=100))
    thread.start()
    assert services.wait(10)
    for offset in (0, 5):
        with pytest.raises(Conflict) as caught:
            uploads.append(ID, offset, [b"XXXX"], limit=100)
        assert caught.value.code == "UploadBusy"
    with pytest.raises(Conflict):
        uploads.inspect(ID)
    go_on.set()
    thread.join(10)
    assert stored(folder) == b"firstsecond"


def test_a_file_removed_while_it_is_received_takes_no_more_room(uploads: UploadFiles, folder: Path) -> None:
    """CVE-2014-5356: deleting during the upload was the way round the quota."""

    def pieces() -> Iterator[bytes]:
        yield b"one"
        uploads.remove(ID)
        for _ in range(1000):
            yield bytes(1 << 20)
        pytest.fail("It went on writing.")

    with pytest.raises(NotFound):
        uploads.append(ID, 0, pieces(), limit=1 << 40)
    assert uploads.all() == []
    uploads.remove(ID)


def test_zeros_become_holes_and_count(uploads: UploadFiles, folder: Path) -> None:
    size = 64 << 20
    assert uploads.append(ID, 0, [bytes(1 << 20)] * 63 + [b"x".rjust(1 << 20, b"\0")], limit=size) == size
    found = (folder / ID / "file").stat()
    assert found.st_size == size
    assert found.st_blocks * 512 < 1 << 20


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=300), st.integers(0, 200_000).map(bytes), st.just(b"\0" * 70_000 + b"x" + b"\0" * 9)
        )
    )
)
def test_any_pieces_are_stored_as_they_came(uploads: UploadFiles, folder: Path, pieces: list[bytes]) -> None:
    uploads.remove(ID)
    whole = b"".join(pieces)
    cut = len(pieces) // 2
    middle = uploads.append(ID, 0, pieces[:cut], limit=len(whole))
    assert uploads.append(ID, middle, pieces[cut:], limit=len(whole)) == len(whole)
    assert stored(folder) == whole


@pytest.mark.parametrize("id", ["", "..", "../../etc/passwd", "A" * 32, "a/b", "0123", "0" * 65, "\0" * 32, "é" * 32])
def test_only_ids_of_ours_become_paths(uploads: UploadFiles, folder: Path, id: str) -> None:
    uses: tuple[Callable[[], object], ...] = (
        lambda: uploads.append(id, 0, [b"x"], limit=1),
        lambda: uploads.size(id),
        lambda: uploads.inspect(id),
        lambda: uploads.remove(id),
    )
    for use in uses:
        with pytest.raises(Invalid):
            use()
    assert not folder.exists()


def test_links_are_not_followed(uploads: UploadFiles, folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    (folder / ID).mkdir(parents=True)
    (folder / ID / "file").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        uploads.append(ID, 0, [b"x"], limit=1)
    assert victim.read_bytes() == b""


def test_an_inspected_file_is_sealed(uploads: UploadFiles, tmp_path: Path, folder: Path) -> None:
    data = raw_disk(tmp_path / "disk").read_bytes()
    uploads.append(ID, 0, [data], limit=SIZE)
    facts = uploads.inspect(ID)
    assert facts == FileFacts(format="raw", virtual_size=SIZE, file_size=SIZE)
    assert (folder / ID / "file").stat().st_mode & 0o777 == 0o400
    with pytest.raises(Conflict):
        uploads.append(ID, SIZE, [b"x"], limit=SIZE + 1)
    with uploads.open(ID, facts) as disk:
        assert disk.size == SIZE
    assert uploads.inspect(ID) == facts


def test_a_file_that_was_changed_after_inspection_is_not_opened(
    uploads: UploadFiles, tmp_path: Path, folder: Path
) -> None:
    uploads.append(ID, 0, [raw_disk(tmp_path / "disk").read_bytes()], limit=SIZE)
    facts = uploads.inspect(ID)
    os.truncate(folder / ID / "file", SIZE - 512)
    with pytest.raises(Conflict):
        uploads.open(ID, facts)
    uploads.remove(ID)
    with pytest.raises(NotFound):
        uploads.open(ID, facts)
    with pytest.raises(NotFound):
        uploads.inspect(ID)


def test_a_refused_file_stays_for_nobody_to_read(uploads: UploadFiles, folder: Path) -> None:
    uploads.append(ID, 0, [b"no disk at all" * 100], limit=1400)
    with pytest.raises(Invalid):
        uploads.inspect(ID)
    assert folder.stat().st_mode & 0o077 == 0
    assert uploads.all() == [ID]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_a_full_disk_is_reported(folder: Path, tmp_path: Path) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OutOfSpace) as caught:
            write_pieces(descriptor, 0, [b"x"], limit=10, margin=NO_MARGIN)
    finally:
        os.close(descriptor)
    assert "continue" in caught.value.hint


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("disk.vhd", "disk.vhd"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\Ubuntu 22.04: açaí.vhdx", "Ubuntu 22.04: açaí.vhdx"),
        ("a\r\nSet-Cookie: x\x00.vhd", "aSet-Cookie: x.vhd"),
        ("gnp\u202ecod.exe", "gnpcod.exe"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("///", "unnamed"),
        ("日" * 300 + ".vhd", "日" * 238 + "…" + "日" * 12 + ".vhd"),
    ],
)
def test_file_names_are_only_shown_and_shown_safely(given_name: str, shown: str) -> None:
    assert shown_name(given_name) == shown
    assert len(shown_name(given_name)) <= 255


@given(st.text(max_size=600))
def test_no_name_can_be_a_path_or_a_header(name: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown) <= 255
    assert not set(shown) & set("/\\\r\n\0")

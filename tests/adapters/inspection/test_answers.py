"""The appliance's answer is read strictly: archives of GNU tar in one form, and nothing else."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galeria.adapters.inspection.answers import MOST_FILES, SMALL, Answer, read_answer
from galeria.domain.errors import ToolFailed


def archive(**files: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def answer_of(content: bytes, folder: Path) -> Answer:
    path = folder / "answer"
    path.write_bytes(content)
    with path.open("rb") as file:
        return read_answer(file)


def test_notes_files_and_the_place_of_the_initramfs_are_read(tmp_path: Path) -> None:
    large = b"\1" * (SMALL + 1)
    content = archive(**{"notes/root": b"/dev/vda1 ext4\n"}) + archive(**{"etc/passwd": b"a\nb", "boot/initrd": large})

    answer = answer_of(content + b"end\n", tmp_path)

    assert answer.note("root") == ["/dev/vda1 ext4", ""]
    assert answer.lines("etc/passwd") == ["a", "b"]
    assert (answer.initramfs, answer.initramfs_size) == ("boot/initrd", len(large))
    assert content[answer.initramfs_offset :][: len(large)] == large
    assert answer.lines("etc/shadow") == []


def test_a_second_name_of_a_file_has_its_content(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as tar:
        entry = tarfile.TarInfo("etc/a")
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
        entry = tarfile.TarInfo("etc/b")
        entry.type, entry.linkname = tarfile.LNKTYPE, "etc/a"
        tar.addfile(entry)

    assert answer_of(made.getvalue() + b"end\n", tmp_path).lines("etc/b") == ["x"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: whole[:-4],  # the machine crashed before it said that this is all
        lambda whole: whole[:700],
        lambda whole: b"",
        lambda whole: b"end",
        lambda whole: b"x" * len(whole),
        lambda whole: whole.replace(b"ustar", b"pstar", 1),
        lambda whole: whole.replace(b"0000000", b"0000001", 1),  # the sum does not fit any more
        lambda whole: archive(**{f"etc/{number}": b"" for number in range(MOST_FILES + 1)}) + b"end\n",
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(spoil: object, tmp_path: Path) -> None:
    assert callable(spoil)
    with pytest.raises(ToolFailed):
        answer_of(spoil(archive(**{"etc/passwd": b"x" * 600}) + b"end\n"), tmp_path)


def test_a_length_beyond_the_end_is_refused(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("etc/passwd")
    entry.size = 1 << 40
    with pytest.raises(ToolFailed):
        answer_of(entry.tobuf(tarfile.GNU_FORMAT) + b"end\n", tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_SPARSE])
def test_entries_that_the_appliance_never_sends_are_refused(kind: bytes, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("etc/passwd")
    entry.type, entry.linkname = kind, "/etc/shadow"
    with pytest.raises(ToolFailed):
        answer_of(entry.tobuf(tarfile.GNU_FORMAT) + b"end\n", tmp_path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2047), piece=st.binary(min_size=1, max_size=40))
def test_no_change_of_a_byte_breaks_the_reader(place: int, piece: bytes, tmp_path: Path) -> None:
    whole = bytearray(archive(**{"notes/volumes": b"x" * 300, "etc/passwd": b"y" * 100}) + b"end\n")
    whole[place : place + len(piece)] = piece
    try:
        answer = answer_of(bytes(whole), tmp_path)
    except ToolFailed:
        return
    assert sum(map(len, answer.files.values())) <= len(whole)

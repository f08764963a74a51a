"""What takes long to make is made once, whole or not at all, and does not fill the disk."""

import os
import threading
import time
from pathlib import Path

import pytest

from tests.real_guests import cache
from tests.real_guests.cache import KEEP_SECONDS, FileCache, digest


def test_a_file_is_made_once_for_all_who_ask_at_the_same_time(tmp_path: Path) -> None:
    made: list[Path] = []
    all_ask = threading.Barrier(3)

    def make(target: Path) -> None:
        made.append(target)
        target.write_text("whole")

    def ask() -> None:
        all_ask.wait()
        assert FileCache(tmp_path).get("disk", make).read_text() == "whole"

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(made) == 1


def test_what_was_not_finished_is_made_again(tmp_path: Path) -> None:
    def fail(target: Path) -> None:
        target.write_text("half")
        raise OSError("no room")

    files = FileCache(tmp_path)
    with pytest.raises(OSError, match="no room"):
        files.get("disk", fail)
    assert [path.name for path in tmp_path.iterdir()] == [".lock-disk"]
    assert files.get("disk", lambda target: _write(target, "whole")).read_text() == "whole"


def test_old_files_go_that_nothing_needs(tmp_path: Path) -> None:
    files = FileCache(tmp_path)
    for name in ("needed", "old", "new"):
        files.get(name, lambda target: _write(target, "x"))
    (tmp_path / ".work-old").mkdir()
    before = time.time() - KEEP_SECONDS - 60
    for name in ("needed", "old", ".lock-old", ".work-old"):
        os.utime(tmp_path / name, (before, before))
    files.remove_others({"needed"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".lock-needed",
        ".lock-new",
        ".lock-removal",
        "needed",
        "new",
    ]


def test_the_oldest_go_first_where_they_occupy_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FileCache(tmp_path)
    for age, name in enumerate(("newest", "older", "oldest")):
        path = files.get(name, lambda target: _write(target, "x" * (1 << 20)))
        os.utime(path, (time.time() - age, time.time() - age))
    monkeypatch.setattr(cache, "MOST_BYTES", 5 << 19)
    files.remove_others({"oldest"})
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")} == {"newest", "oldest"}


def test_a_digest_tells_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", b"c") == digest(b"ab", "c")


def _write(target: Path, text: str) -> None:
    target.write_text(text)

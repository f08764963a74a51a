"""The search finds a secret in whatever form and packing it was put anywhere, and nothing where there is none."""

import base64
import gzip
import html
import json
import os
import pickle
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import zstandard

from tests.secret_search import Hit, keeping_log, search, search_texts

SECRET = 'Zq7-planted_"ção" & more'
PLAIN = "j0vYk2planted-Secret_8"


def found(folder: Path, scratch: Path, secret: str = SECRET) -> list[Hit]:
    scratch.mkdir()
    return search({"planted": secret}, [folder], scratch)


@pytest.mark.parametrize("secret", [SECRET, PLAIN])
@pytest.mark.parametrize(
    "written",
    [
        str.encode,
        lambda secret: json.dumps({"password": secret}).encode(),
        lambda secret: urlencode({"password": secret}).encode(),
        lambda secret: f"https://x/?sig={quote(secret, safe='')}&se=1".encode(),
        lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()).encode(),
        lambda secret: html.escape(secret).encode(),
        lambda secret: secret.encode("utf-16-le"),
        lambda secret: secret.encode("utf-16"),
        lambda secret: secret.encode("utf-16-be"),
        lambda secret: secret.encode().hex().encode(),
        lambda secret: secret.encode().hex().upper().encode(),
        lambda secret: base64.b64encode(secret.encode()),
        lambda secret: base64.b64encode(f"a:{secret}:b".encode()),
        lambda secret: base64.urlsafe_b64encode(f"user:{secret}".encode()),
        lambda secret: base64.b64encode(pickle.dumps({"error": f"no {secret}!"})),
        lambda secret: gzip.compress(f"before {secret} behind".encode()),
        lambda secret: b"a log\n" + gzip.compress(secret.encode()) + b"and more",
        lambda secret: zlib.compress(secret.encode()),
        lambda secret: bytes(999) + zstandard.compress(secret.encode()) + bytes(9),
    ],
)
def test_every_form_is_found(tmp_path: Path, written: Callable[[str], bytes], secret: str) -> None:
    folder = tmp_path / "data"
    (folder / "deep" / "er").mkdir(parents=True)
    file = folder / "deep" / "er" / "a file"
    file.write_bytes(
        b"\0\xff before " + written(secret) + b" behind \xfe\0" if written(secret)[:1] != b"\x78" else written(secret)
    )
    hits = found(folder, tmp_path / "scratch", secret)
    assert {each.file for each in hits} == {str(file)}


def test_what_is_deleted_in_a_database_is_found_in_its_free_pages(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "a.db")) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("CREATE TABLE t (value TEXT)")
        connection.executemany("INSERT INTO t VALUES (?)", [(f"{SECRET}{number}" * 20,) for number in range(200)])
        connection.commit()
        connection.execute("DELETE FROM t")
        connection.commit()
    assert found(folder, tmp_path / "scratch")


def test_a_long_value_of_a_database_is_found_across_its_pages(tmp_path: Path) -> None:
    """Some of these secrets lie over the end of a page: the file has them in two pieces."""
    folder, scratch = tmp_path / "data", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    file = folder / "a.db"
    secrets = {str(number): f"planted-{number:04}-{'s' * 30}" for number in range(250)}
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (value TEXT)")
        for number, secret in secrets.items():
            connection.execute("INSERT INTO t VALUES (?)", (("x" * 17 * int(number) + secret).ljust(14000, "y"),))
        connection.commit()
    hits = search(secrets, [folder], scratch)
    assert {each.secret for each in hits if each.place == f"{file}!rows"} == set(secrets)
    assert {each.secret for each in hits if each.place == str(file)} < set(secrets)


def test_sparse_files_links_and_pipes_do_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with (folder / "sparse").open("wb") as file:
        file.truncate(8 << 30)
        file.seek(4 << 30)
        file.write(PLAIN.encode())
    (folder / "link").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")
    assert {each.file for each in found(folder, tmp_path / "scratch", PLAIN)} == {str(folder / "sparse")}


def test_texts_are_searched_like_files(tmp_path: Path) -> None:
    texts = {"process 7": b"az\0login\0-p\0" + PLAIN.encode() + b"\0", "process 8": b"qemu-img\0info"}
    (hit,) = search_texts({"planted": PLAIN}, texts, tmp_path)
    assert (hit.secret, hit.place, hit.form) == ("planted", "process 7", "raw")


def test_where_nothing_is_nothing_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").write_bytes(gzip.compress(PLAIN[:-1].encode()) + PLAIN[1:].encode() + b"\x28\xb5\x2f\xfd")
    assert found(folder, tmp_path / "scratch", PLAIN) == []


def test_a_secret_that_is_too_short_to_be_searched_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="too short"):
        found(tmp_path, tmp_path / "scratch", "short")


def test_the_log_of_a_database_keeps_what_was_deleted_although_its_files_are_searched(tmp_path: Path) -> None:
    """Another process removes the secret and would cut the log off, after a first search has opened and closed each file."""
    folder, database = tmp_path / "data", tmp_path / "data" / "some.db"
    folder.mkdir()
    change = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); [*map(c.execute, sys.argv[2:])]"
    )
    _changed(change, database, "PRAGMA journal_mode = WAL", "CREATE TABLE kept (secret TEXT)")
    with keeping_log(database):
        _changed(change, database, "PRAGMA secure_delete = ON", f"INSERT INTO kept VALUES ('{PLAIN}')")
        first = found(folder, tmp_path / "first", PLAIN)
        _changed(
            change, database, "DELETE FROM kept", "PRAGMA wal_checkpoint(TRUNCATE)", "INSERT INTO kept VALUES ('other')"
        )
        assert f"{database}-wal" in {hit.file for hit in found(folder, tmp_path / "again", PLAIN)}
    assert first
    _changed(change, database, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert found(folder, tmp_path / "last", PLAIN) == []


def _changed(program: str, database: Path, *statements: str) -> None:
    subprocess.run([sys.executable, "-c", program, str(database), *statements], check=True)

"""Backups are whole or not written, and only what Galeria wrote is restored, all of it or nothing."""

import contextlib
import gzip
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from galeria.adapters.backup.contents import LIST
from galeria.adapters.backup.restoring import restore_backup
from galeria.adapters.backup.writing import write_backup
from galeria.domain.errors import Conflict, Corrupt, GaleriaError, Invalid, NotFound
from galeria.domain.serving.backups import Backup

NOW = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path, migrated_file: Path) -> Path:
    """An installation's folder as a running server keeps it."""
    data = tmp_path / "data"
    for name in ("private/identity", "private/network", "regions/here/store"):
        (data / name).mkdir(parents=True)
    certificate = tmp_path / "chain.pem"
    certificate.write_text("a chain")
    files = {
        "galeria.toml": f'[server]\ncertificate = "{certificate}"\nkey = "{certificate}"\n',
        "mail.secret": "a secret",
        "connect.json": "{}",
        "serve.lock": "1",
        "disk.vhd": "x" * (1024 * 1024 + 1),
        "private/bootstrap.json": "{}",
        "private/boot-id": "of this computer",
        "private/activity.jsonl": "{}\n",
        "private/network/rules": "of this host",
        "private/identity/installation.json": json.dumps({"installation": "i-1"}),
        "private/identity/manifest.key": "a key",
        "regions/here/store/pack": "many bytes",
    }
    for name, text in files.items():
        (data / name).write_text(text, encoding="utf-8")
    (data / "private/galeria.db").write_bytes(migrated_file.read_bytes())
    with contextlib.closing(sqlite3.connect(data / "private/work.db")) as work:
        work.execute("CREATE TABLE steps (name TEXT)")
    return data


def write(data: Path, target: Path) -> Backup:
    return write_backup(data, target, now=NOW, version="1.2.3")


@pytest.fixture
def backup(data: Path, tmp_path: Path) -> Backup:
    return write(data, tmp_path / "backup.gz")


def test_it_holds_state_keys_and_settings_and_nothing_of_this_computer(backup: Backup, data: Path) -> None:
    assert set(backup.names) == {
        *("galeria.toml", "mail.secret", "connect.json", "private/bootstrap.json", "private/activity.jsonl"),
        *(
            "private/identity/installation.json",
            "private/identity/manifest.key",
            "private/galeria.db",
            "private/work.db",
        ),
    }
    assert backup.left_out == ("disk.vhd",)
    assert backup.elsewhere == (str(data.parent / "chain.pem"),)
    assert (backup.installation, backup.version, backup.size) == ("i-1", "1.2.3", backup.file.stat().st_size)
    assert backup.file.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in data.parent.iterdir()) == ["backup.gz", "chain.pem", "data"]


def test_what_is_restored_is_what_there_was(backup: Backup, data: Path, tmp_path: Path) -> None:
    restored = restore_backup(backup.file, tmp_path / "new")
    assert (restored.names, restored.created_at) == (backup.names, NOW)
    for name in backup.names:
        if not name.endswith(".db"):
            assert (tmp_path / "new" / name).read_bytes() == (data / name).read_bytes()
        assert (tmp_path / "new" / name).stat().st_mode & 0o077 == 0
    assert (tmp_path / "new/private").stat().st_mode & 0o777 == 0o700
    assert tables(tmp_path / "new/private/galeria.db") == tables(data / "private/galeria.db")
    assert not [each for each in (tmp_path / "new").iterdir() if each.name.startswith(".")]


def test_a_transaction_that_is_not_committed_is_not_in_it(data: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / "private/galeria.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE notes (text)")
        writer.execute("INSERT INTO notes VALUES ('committed')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO notes VALUES ('not yet')")
        restored = restore_backup(write(data, tmp_path / "backup.gz").file, tmp_path / "new")
        writer.execute("ROLLBACK")
    assert "private/galeria.db" in restored.names
    with contextlib.closing(sqlite3.connect(tmp_path / "new/private/galeria.db")) as reader:
        assert reader.execute("SELECT text FROM notes").fetchall() == [("committed",)]


def test_a_file_that_is_there_is_not_replaced(backup: Backup, data: Path) -> None:
    before = backup.file.read_bytes()
    with pytest.raises(Conflict, match="already"):
        write(data, backup.file)
    assert backup.file.read_bytes() == before


def test_a_damaged_database_is_told_and_not_backed_up(data: Path, tmp_path: Path) -> None:
    with (data / "private/galeria.db").open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(40 * 4096))
    with pytest.raises(GaleriaError):
        write(data, tmp_path / "backup.gz")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["chain.pem", "data"]


def test_where_nothing_was_served_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        write(tmp_path, tmp_path / "backup.gz")


def test_an_installation_is_not_written_over(backup: Backup, data: Path) -> None:
    before = (data / "private/identity/manifest.key").read_bytes()
    with pytest.raises(Conflict, match="is not empty"):
        restore_backup(backup.file, data)
    assert (data / "private/identity/manifest.key").read_bytes() == before


def test_stores_may_be_there_and_settings_are_kept(backup: Backup, data: Path, tmp_path: Path) -> None:
    new, elsewhere = tmp_path / "new", tmp_path / "etc.toml"
    (new / "regions/here/store").mkdir(parents=True)
    elsewhere.write_text("# of the package\n")
    (new / "galeria.toml").symlink_to(elsewhere)
    restore_backup(backup.file, new)
    assert (new / "galeria.toml").is_symlink()
    assert elsewhere.read_bytes() == (data / "galeria.toml").read_bytes()
    assert (new / "galeria.toml.before-restore").read_text() == "# of the package\n"


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {each.name: found.read() for each in archive if (found := archive.extractfile(each))}


def pack(file: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(file, "w:gz") as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def changed_key(content: dict[str, bytes]) -> dict[str, bytes]:
    return content | {"private/identity/manifest.key": b"another key"}


def without_key(content: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in content.items() if name != "private/identity/manifest.key"}


def with_more(content: dict[str, bytes]) -> dict[str, bytes]:
    return content | {"../outside": b"x"}


def leading_elsewhere(content: dict[str, bytes]) -> dict[str, bytes]:
    listed = json.loads(content[LIST])
    listed["files"]["../outside"] = listed["files"].pop("mail.secret")
    changed = {("../outside" if name == "mail.secret" else name): data for name, data in content.items()}
    return changed | {LIST: json.dumps(listed).encode()}


def without_list(content: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in content.items() if name != LIST}


def newer(content: dict[str, bytes]) -> dict[str, bytes]:
    return content | {LIST: json.dumps(json.loads(content[LIST]) | {"revision": "9999"}).encode()}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (changed_key, Corrupt),
        (without_key, Invalid),
        (with_more, Invalid),
        (leading_elsewhere, Invalid),
        (without_list, Invalid),
        (newer, Conflict),
    ],
)
def test_what_was_changed_is_not_restored(
    backup: Backup, tmp_path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]], kind: type[GaleriaError]
) -> None:
    pack(tmp_path / "changed.gz", change(members(backup.file)))
    with pytest.raises(kind) as refused:
        restore_backup(tmp_path / "changed.gz", tmp_path / "new")
    assert refused.value.hint
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", gzip.compress(b"no archive either", mtime=0)])
def test_what_is_no_backup_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(Invalid, match="no backup"):
        restore_backup(tmp_path / "other", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_half_a_backup_is_told(backup: Backup, tmp_path: Path) -> None:
    whole = backup.file.read_bytes()
    (tmp_path / "half.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Invalid, match="cut off"):
        restore_backup(tmp_path / "half.gz", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def tables(path: Path) -> list[tuple[str]]:
    def rows() -> Iterator[tuple[str]]:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            yield from connection.execute("SELECT sql FROM sqlite_schema ORDER BY name")

    return list(rows())

"""An installation moves from a file to PostgreSQL and back, and loses nothing."""

import signal
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.labs import NewLab
from tests.system.many.computers import Computers, Process, random_disk
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, begin_disks, open_gallery
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

MOVE_FIRST = "Move it with 'galeria database move'"


def test_everything_moves_there_and_back(computers: Computers, tmp_path: Path) -> None:
    data = computers.data("first")
    file = data / "private" / "galeria.db"
    version = begin_alone(computers, tmp_path)
    before = rows_of(file)
    assert MOVE_FIRST in computers.run("first", "serve", "--fake", "--port", "0").log
    move(computers)
    assert not file.exists()

    server, endpoint = computers.serve("first")
    expect_whole(computers.galeria(endpoint), version)
    expect_backup(computers, tmp_path, before)
    assert f"Process {server.pid} on" in computers.run("first", "database", "move", "--back").log
    stop(server)
    move(computers, "--back")

    assert MOVE_FIRST in computers.run("first", "serve", "--fake", "--port", "0").log
    after = rows_of(file)
    kept = {"image_versions", "version_disks", "chunks", "packs", "labs", "role_assignments", "credentials"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert {row[0] for row in before["operations"]} < {row[0] for row in after["operations"]}
    computers.settle(data, is_shared=False)
    _, endpoint = computers.serve("first")
    expect_whole(computers.galeria(endpoint), version)


def begin_alone(computers: Computers, folder: Path) -> dict[str, object]:
    """An installation on a file with an image and a lab, stopped; then its settings name the shared database."""
    data = computers.data("first")
    computers.settle(data, is_shared=False)
    server, endpoint = computers.serve("first")
    galeria = computers.galeria(endpoint)
    open_gallery(galeria)
    imported = begin_disks(galeria, "linux", random_disk(folder / "disk.raw", 4), regions=(SOUTH, SOUTHEAST))
    galeria.wait(imported.begun, seconds=60)
    image = str(galeria.images.get("linux")["properties"]["sharedGalleryId"])
    lab = NewLab(image=image, user="ana", password="Course-Work-2026", region=SOUTH, size="Tiny")
    galeria.wait(galeria.labs.create("algebra", lab), seconds=60)
    version = galeria.versions.get(GALLERY, imported.image, imported.version)
    computers.settle(data, is_shared=True)
    assert f"process {server.pid}, works on" in computers.run("first", "database", "move").log
    stop(server)
    return dict(version)


def move(computers: Computers, *options: str) -> None:
    """As soon as the others take the stopped server for gone."""
    until(lambda: computers.run("first", "database", "move", *options).exit_code == 0, "it is moved", seconds=30)


def expect_whole(galeria: Galeria, version: dict[str, object]) -> None:
    assert galeria.versions.by_id(str(version["id"])) == version
    galeria.wait(galeria.machines.start("algebra"), seconds=60)
    assert galeria.machines.get("algebra")["properties"]["state"] == "Running"
    galeria.wait(galeria.machines.stop("algebra"), seconds=60)


def expect_backup(computers: Computers, folder: Path, before: dict[str, set[tuple[object, ...]]]) -> None:
    """While the server runs, a backup holds the state that is in the shared database."""
    target = folder / "whole.tar.gz"
    done = computers.run("first", "backup", str(target))
    assert done.exit_code == 0, done.log
    with tarfile.open(target) as archive:
        archive.extract("private/galeria.db", folder / "backup", filter="data")
    kept = rows_of(folder / "backup" / "private" / "galeria.db")
    assert {name: kept[name] for name in ("labs", "chunks")} == {name: before[name] for name in ("labs", "chunks")}


def stop(server: Process) -> None:
    server.send(signal.SIGTERM)
    assert server.wait() == 0


def rows_of(file: Path) -> dict[str, set[tuple[object, ...]]]:
    """Every row of every table, as SQLite keeps it."""
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: set(connection.execute(f"SELECT * FROM {name}")) for name in names}

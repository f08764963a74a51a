"""Installations that many tests begin with: made once in each process by real work, and copied with all rows and files."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.local_installation import GALLERY, MIB, LocalInstallation, disk_bytes, make_installation, open_installation

Prepare = Callable[[LocalInstallation], None]


class MakeInstallation(Protocol):
    """A new installation, as `prepare` leaves one behind; the same function at every call lets it run only once."""

    def __call__(self, prepare: Prepare = ...) -> LocalInstallation: ...


def with_people(_installation: LocalInstallation) -> None:
    """With people, a gallery and a lab account."""


def with_linux(installation: LocalInstallation) -> None:
    """With the image `linux` in brazilsouth."""
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))


def with_lab(installation: LocalInstallation) -> None:
    """With the educator's lab `algebra`, whose template is off."""
    with_linux(installation)
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))


def with_running_lab(installation: LocalInstallation) -> None:
    with_lab(installation)
    installation.run(installation.begin_start("algebra"))


class PreparedInstallations:
    """What was prepared so far. Nobody works there: everyone gets a copy."""

    def __init__(self, folder: Path, empty_database: Path) -> None:
        self._folder = folder
        self._empty_database = empty_database
        self._prepared: dict[Prepare, Path] = {}
        self._numbers = itertools.count()

    def copy(self, prepare: Prepare, folder: Path) -> tuple[LocalInstallation, Callable[[], None]]:
        """The second value closes it."""
        if prepare not in self._prepared:
            self._prepared[prepare] = self._made(prepare)
        shutil.copytree(self._prepared[prepare], folder)
        return open_installation(folder)

    def _made(self, prepare: Prepare) -> Path:
        folder = self._folder / f"{next(self._numbers)}-{prepare.__name__}"
        if prepare is with_people:
            installation, close = make_installation(folder, self._empty_database)
        else:
            installation, close = self.copy(with_people, folder)
        try:
            prepare(installation)
        finally:
            close()
        return folder

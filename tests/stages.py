"""Scenes that many tests begin with: made once in each process by real work, and copied with all rows and files."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.scene import GALLERY, MIB, Scene, disk_bytes, make_scene, open_scene

Prepare = Callable[[Scene], None]


class MakeScene(Protocol):
    """A new scene, as `prepare` leaves one behind; the same function at every call lets it run only once."""

    def __call__(self, prepare: Prepare = ...) -> Scene: ...


def founded(_scene: Scene) -> None:
    """With people, a gallery and a lab account."""


def with_linux(scene: Scene) -> None:
    """With the image `linux` in brazilsouth."""
    scene.run(scene.begin_import("linux", disk_bytes(MIB)))


def with_lab(scene: Scene) -> None:
    """With the educator's lab `algebra`, whose template is off."""
    with_linux(scene)
    scene.run(scene.begin_lab("algebra", GALLERY.child("images", "linux")))


def with_running_lab(scene: Scene) -> None:
    with_lab(scene)
    scene.run(scene.begin_start("algebra"))


class Stages:
    """What was prepared so far. Nobody works there: everyone gets a copy."""

    def __init__(self, folder: Path, empty_database: Path) -> None:
        self._folder = folder
        self._empty_database = empty_database
        self._prepared: dict[Prepare, Path] = {}
        self._numbers = itertools.count()

    def copy(self, prepare: Prepare, folder: Path) -> tuple[Scene, Callable[[], None]]:
        """The second value closes it."""
        if prepare not in self._prepared:
            self._prepared[prepare] = self._made(prepare)
        shutil.copytree(self._prepared[prepare], folder)
        return open_scene(folder)

    def _made(self, prepare: Prepare) -> Path:
        folder = self._folder / f"{next(self._numbers)}-{prepare.__name__}"
        if prepare is founded:
            scene, close = make_scene(folder, self._empty_database)
        else:
            scene, close = self.copy(founded, folder)
        try:
            prepare(scene)
        finally:
            close()
        return folder

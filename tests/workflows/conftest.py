"""Scenes for workflows: as many as a test wants, each on its own database and stores."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scene import Scene, empty_database, make_scene

MakeScene = Callable[[], Scene]


@pytest.fixture(scope="session")
def database_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; every scene begins with a copy."""
    return empty_database(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def new_scene(tmp_path: Path, database_file: Path) -> Iterator[MakeScene]:
    closers: list[Callable[[], None]] = []

    def make() -> Scene:
        scene, close = make_scene(tmp_path / f"scene{len(closers)}", database_file)
        closers.append(close)
        return scene

    yield make
    for close in closers:
        close()


@pytest.fixture
def scene(new_scene: MakeScene) -> Scene:
    return new_scene()

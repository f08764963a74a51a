"""Options of the whole test suite, and what tests of every room may ask for."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.mapping import map_classes
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.uow import SqlDatabase
from tests.scene import MakeScene, Scene, make_scene


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="rewrite the golden files from what the code says now")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with all tables, to be copied: migrating anew for every test would take most of the time."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def database_engine(tmp_path: Path, migrated_file: Path) -> Iterator[sa.Engine]:
    path = tmp_path / "galeria.db"
    shutil.copyfile(migrated_file, path)
    engine = make_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def database(database_engine: sa.Engine) -> SqlDatabase:
    """A real database of its own, empty and up to date."""
    map_classes()
    return SqlDatabase(database_engine)


@pytest.fixture
def new_scene(tmp_path: Path, migrated_file: Path) -> Iterator[MakeScene]:
    """Scenes: as many as a test wants, each on its own database and stores."""
    closers: list[Callable[[], None]] = []

    def make() -> Scene:
        scene, close = make_scene(tmp_path / f"scene{len(closers)}", migrated_file)
        closers.append(close)
        return scene

    yield make
    for close in closers:
        close()


@pytest.fixture
def scene(new_scene: MakeScene) -> Scene:
    return new_scene()

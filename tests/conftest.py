"""Options of the whole test suite, and what every test may ask for."""

import gc
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.migrate import migrate
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from tests.compiled_statements import make_test_engine
from tests.local_installation import LocalInstallation
from tests.prepared_installations import MakeInstallation, Prepare, PreparedInstallations, with_people

# Where several processes test side by side, each of these stays in one of them: they share a server, a cloud, a browser, a
# guest's image, the ports that every installation gives to its labs, beginning with the same one, or the project's parsed
# sources. Everything else goes file by file to whoever is free. The longest groups come first, in this order, then the files
# with most slow tests: short files at the end keep all processes busy until then.
TOGETHER = {
    "tests/browser/test_scenarios.py": "installations",
    "tests/browser/": "browser",
    "tests/system/": "installations",
    "tests/adapters/engine/": "machines",
    "tests/bench/": "machines",
    "tests/guests/": "machines",
    "tests/deploy/": "packages",
    "tests/clients/": "clients",
    "tests/rules/": "rules",
    "tests/cloud/openstack/": "openstack",
    "tests/cloud/stores/": "stores",
}
# Here each test takes minutes, and every process has an installation of its own.
ONE_BY_ONE = "tests/real_guests/"
# These take long, and need programs of their own: they run where they are named, as `make test-guests` and
# `make test-cloud` do it.
collect_ignore = ["real_guests", "cloud"]

# Modules of tests that others take into their own.
pytest.register_assert_rewrite("tests.adapters.store.promises")

LONGEST = list(dict.fromkeys(TOGETHER.values()))

# Nothing is judged by the time that it takes: the computer may have other work.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

EXTRA_LINES = pytest.StashKey[list[str]]()
"""What other processes have to say at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="rewrite the golden files from what the code says now")
    parser.addoption("--thorough", action="store_true", help="put every hostile value in every field: 20 minutes")


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out groups of tests. The package's own way of grouping, by marks, finds none with this pytest."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling | None:
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = Counter(_group(item.nodeid) for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (_place(_group(item.nodeid)), -slow[_group(item.nodeid)]))


def pytest_collection_finish() -> None:
    """All that was imported stays until the end, and is not to be looked through again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """The last collection of what nobody closed; pytest's own five collections then find nothing more to go through."""
    gc.collect()
    gc.freeze()


def _group(nodeid: str) -> str:
    if nodeid.startswith(ONE_BY_ONE):
        return nodeid
    file = nodeid.partition("::")[0]
    return next((name for start, name in TOGETHER.items() if file.startswith(start)), file)


def _place(group: str) -> int:
    if group.startswith(ONE_BY_ONE):
        return len(LONGEST)
    return LONGEST.index(group) if group in LONGEST else len(LONGEST) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process has ended; none has written to the terminal itself."""
    node.config.stash.setdefault(EXTRA_LINES, []).extend(getattr(node, "workeroutput", {}).get("told", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(EXTRA_LINES, []):
        terminalreporter.write_line(line)


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
    engine = make_test_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def database(database_engine: sa.Engine) -> SqlDatabase:
    """A real database of its own, empty and up to date."""
    map_classes()
    return SqlDatabase(database_engine)


@pytest.fixture(scope="session")
def prepared_installations(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> PreparedInstallations:
    return PreparedInstallations(tmp_path_factory.mktemp("prepared"), migrated_file)


@pytest.fixture
def new_installation(tmp_path: Path, prepared_installations: PreparedInstallations) -> Iterator[MakeInstallation]:
    """Installations: as many as a test wants, each on its own database and stores."""
    closers: list[Callable[[], None]] = []

    def make(prepare: Prepare = with_people) -> LocalInstallation:
        installation, close = prepared_installations.copy(prepare, tmp_path / f"installation{len(closers)}")
        closers.append(close)
        return installation

    yield make
    for close in closers:
        close()


@pytest.fixture
def installation(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation()

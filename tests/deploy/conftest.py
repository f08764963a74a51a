"""The wheel and the Debian package, built once from a clean copy of the sources."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.building import ROOT, build_wheel, copy_sources
from tests.deploy.debian_tree import make_base


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    sources = copy_sources(folder / "sources")
    built = build_wheel(sources, folder / "built")
    assert built.returncode == 0, built.stderr
    (wheel,) = (folder / "built").glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def debian_package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    command = [sys.executable, str(ROOT / "deploy" / "build_deb.py"), str(wheel), str(folder)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.strip())


@pytest.fixture(scope="session")
def debian_base(debian_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = make_base(tmp_path_factory.mktemp("base") / "base.tar", debian_package)
    yield base
    base.unlink()

"""A wheel has all that the program reads, and a server starts from it. Without the pages' scripts none is built."""

import re
import zipfile
from pathlib import Path

import pytest

from tests.bootstrap.served_process import served
from tests.deploy.building import ROOT, VENDOR, build_wheel, copy_sources, install, loaded_from, tracked


@pytest.mark.slow
def test_everything_of_the_package_is_in_it(wheel: Path) -> None:
    fetched = [str(path.relative_to(ROOT)) for path in (ROOT / VENDOR).rglob("*") if path.is_file()]
    wanted = {name.removeprefix("src/") for name in (*tracked("src"), *fetched)}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == wanted


@pytest.mark.slow
def test_a_server_starts_from_it_and_its_pages_have_their_styles_and_scripts(wheel: Path, tmp_path: Path) -> None:
    interpreter = install(wheel, tmp_path / "environment")
    assert loaded_from(interpreter).is_relative_to(tmp_path / "environment")
    with served([str(interpreter), "-I", "-m", "galeria"], tmp_path / "data") as server:
        page = server.get("/sign-in")
        assert page.status_code == 200
        named = re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg))"', page.text)
        assert {name.rpartition(".")[2] for name in named} >= {"js", "css"}
        assert any("/vendor/" in name for name in named)
        for name in named:
            answer = server.get(name)
            assert (answer.status_code, bool(answer.content)) == (200, True), name


@pytest.mark.slow
def test_none_is_built_without_the_scripts_of_the_pages(tmp_path: Path) -> None:
    sources = copy_sources(tmp_path / "sources", assets=False)
    built = build_wheel(sources, tmp_path / "built")
    assert built.returncode != 0
    assert "Run scripts/assets, then build again." in built.stdout + built.stderr
    assert not list(tmp_path.glob("built/*.whl"))

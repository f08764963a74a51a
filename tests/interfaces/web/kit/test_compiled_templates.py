"""Compiled templates are kept for the next process, and never used for a template that has changed."""

import stat
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from galeria.interfaces.web.kit.rendering import CompiledTemplates

PAGE = {"page.html": "<p>{{ name }}"}


def page(folder: Path, sources: dict[str, str]) -> str:
    """As a new process renders it."""
    environment = Environment(loader=DictLoader(sources), autoescape=True, bytecode_cache=CompiledTemplates(folder))
    return environment.get_template("page.html").render(name="Ana")


def test_what_one_process_compiled_the_next_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert page(tmp_path, PAGE) == "<p>Ana"
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(Environment, "compile", None)
    assert page(tmp_path, PAGE) == "<p>Ana"


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    page(tmp_path, PAGE)
    assert page(tmp_path, {"page.html": "<b>{{ name }}"}) == "<b>Ana"
    assert page(tmp_path, PAGE) == "<p>Ana"


@pytest.mark.parametrize("content", [b"", b"nothing that Jinja wrote", b"\0" * 4096])
def test_a_damaged_file_is_not_used(tmp_path: Path, content: bytes) -> None:
    page(tmp_path, PAGE)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert page(tmp_path, PAGE) == "<p>Ana"


def test_a_file_that_was_cut_off_is_not_used(tmp_path: Path) -> None:
    page(tmp_path, PAGE)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    assert page(tmp_path, PAGE) == "<p>Ana"


@pytest.mark.parametrize("place", ["absent", "file/below"])
def test_pages_are_rendered_where_nothing_can_be_kept(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert page(tmp_path / place, PAGE) == "<p>Ana"
    assert not (tmp_path / place).exists()


def test_others_cannot_change_what_was_compiled(tmp_path: Path) -> None:
    page(tmp_path, PAGE)
    (file,) = tmp_path.iterdir()
    assert not file.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)

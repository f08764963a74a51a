"""Starting a command runs no other program: it would get the environment, in which passwords may be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPILERS = ("gcc", "cc", "ld", "ldconfig", "objdump")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("--help",), ("connect", "--data", "nowhere"), ("image", "list", "--data", "nowhere")]
)
def test_a_command_looks_for_no_library_with_a_compiler(tmp_path: Path, words: tuple[str, ...]) -> None:
    told = tmp_path / "told"
    for name in COMPILERS:
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$GALERIA_PASSWORD" >> {told}\n', encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "GALERIA_PASSWORD": "planted"}
    subprocess.run([sys.executable, "-m", "galeria", *words], env=environment, capture_output=True, check=False)
    assert not told.exists(), told.read_text(encoding="utf-8")


def test_such_a_look_would_be_noticed(tmp_path: Path) -> None:
    told, compiler = tmp_path / "told", tmp_path / "gcc"
    compiler.write_text(f"#!/bin/sh\necho gcc >> {told}\n", encoding="utf-8")
    compiler.chmod(0o755)
    looking = "import ctypes.util; ctypes.util.find_library('a-library-that-nobody-has')"
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([sys.executable, "-c", looking], env=environment, check=True)
    assert told.exists()

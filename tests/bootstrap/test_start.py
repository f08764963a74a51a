"""Starting a command runs no other program with a secret: it would get the environment, in which passwords may be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until

PROGRAMS = ("gcc", "cc", "ld", "ldconfig", "objdump", "file", "uname", "git")
SECRETS = {"GALERIA_PASSWORD": "planted", "AWS_SECRET_ACCESS_KEY": "planted"}


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where the programs in `tmp_path` write their names, and what they know."""
    told = tmp_path / "told"
    for name in PROGRAMS:
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {told}\nenv >> {told}\n', encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    return told


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, **SECRETS, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("--help",), ("connect", "--data", "nowhere"), ("image", "list", "--data", "nowhere")]
)
def test_a_command_runs_no_program(tmp_path: Path, told: Path, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "galeria", *words]
    subprocess.run(command, env=environment(tmp_path), capture_output=True, check=False)
    assert not told.exists(), told.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_server_keeps_its_secrets_from_programs_that_libraries_run(tmp_path: Path, told: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "galeria", "serve", "--fake", "--port", "0", "--data", str(data)]
    own = environment(tmp_path)
    with subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: (data / "connect.json").is_file() or server.poll() is not None, "it serves", seconds=60)
            known = Path(f"/proc/{server.pid}/environ").read_bytes()
        finally:
            server.terminate()
    assert b"AWS_SECRET_ACCESS_KEY=planted" in known
    text = told.read_text(encoding="utf-8") if told.exists() else ""
    assert "planted" not in text, text


def test_such_a_program_would_be_noticed(tmp_path: Path, told: Path) -> None:
    looking = (
        "import ctypes.util, platform; ctypes.util.find_library('a-library-that-nobody-has'); platform.architecture()"
    )
    subprocess.run([sys.executable, "-c", looking], env=environment(tmp_path), check=True)
    assert {"gcc", "file"} <= {line.split()[0] for line in told.read_text(encoding="utf-8").splitlines() if line}
    assert "AWS_SECRET_ACCESS_KEY=planted" in told.read_text(encoding="utf-8")

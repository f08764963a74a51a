"""qemu-img reads files from outside in a sandbox."""

import os
from pathlib import Path

import pytest

from galeria.adapters.files.qemu_img import CPU, MEMORY, inspect_with_qemu, sandbox
from galeria.domain.errors import Invalid, ToolFailed
from galeria.programs import run
from tests.adapters.files.disk_files import converted, raw_disk


def test_memory_time_and_writing_are_bounded() -> None:
    lines = run([*sandbox(), "cat", "/proc/self/limits"]).splitlines()
    hard = {line[:25].strip(): line[47:67].strip() for line in lines}
    assert hard["Max address space"] == str(MEMORY)
    assert hard["Max cpu time"] == str(CPU)
    assert hard["Max file size"] == "0"
    assert hard["Max core file size"] == "0"


def test_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed):
        run([*sandbox(), "cp", "/etc/hostname", tmp_path / "copy"])
    assert not (tmp_path / "copy").exists() or (tmp_path / "copy").stat().st_size == 0


def test_no_new_privileges_can_be_had() -> None:
    assert "NoNewPrivs:\t1" in run([*sandbox(), "cat", "/proc/self/status"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take the network away")
def test_there_is_no_network_and_no_privilege() -> None:
    interfaces = run([*sandbox(), "cat", "/proc/self/net/dev"]).splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    assert "CapEff:\t0000000000000000" in run([*sandbox(), "cat", "/proc/self/status"])


def test_a_file_is_read_in_the_named_format_only(tmp_path: Path) -> None:
    file = converted(raw_disk(tmp_path / "raw"), tmp_path / "file", "qcow2")
    assert inspect_with_qemu(file, "qcow2").suspicious == ()
    with pytest.raises(Invalid, match="cannot be read as VHDX"):
        inspect_with_qemu(file, "vhdx")

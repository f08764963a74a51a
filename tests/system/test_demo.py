"""`galeria demo` runs from beginning to end on this host and leaves nothing."""

import os
import subprocess
import sys
from pathlib import Path

import libvirt
import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def test_the_demonstration_succeeds_and_leaves_nothing(tmp_path: Path) -> None:
    before = demo_folders()
    command = [sys.executable, "-m", "galeria", "demo"]
    environment = {**os.environ, "COLUMNS": "200", "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = Path(done.stdout.split("Everything is under ")[1].split(".\n")[0])
    assert "What happened" in done.stdout
    assert "only the new credentials work" in done.stdout
    assert "Nothing is left running" in done.stdout
    assert folder not in demo_folders() - before
    assert not folder.exists()
    assert not processes_of(folder)
    assert machines_of(folder) == []
    assert list(tmp_path.iterdir()) == []


def demo_folders() -> set[Path]:
    return set(Path("/var/tmp").glob("galeria-demo-*"))


def machines_of(folder: Path) -> list[str]:
    """Those that have a disk, a socket or anything else in the folder."""
    found = []
    with libvirt.open("qemu:///system") as connection:
        for domain in connection.listAllDomains():
            try:
                if str(folder) in domain.XMLDesc():
                    found.append(domain.name())
            except libvirt.libvirtError as error:  # another test has just removed its own
                if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                    raise
    return found


def processes_of(folder: Path) -> list[str]:
    """Those that name the folder on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:  # it ended in between
            continue
        if os.fsencode(folder) in words:
            found.append(path.parent.name)
    return found

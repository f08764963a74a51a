"""The scripts run in any POSIX shell, and install what the program asks for."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from galeria.adapters.engine.host import TOOLS
from galeria.guests import HOST_PACKAGES

# Part of every Debian and Ubuntu.
ESSENTIAL = {"apt", "dpkg"}
SCRIPTS = ("scripts/setup", "scripts/clients", "scripts/assets", "scripts/azurite", ".ci/run")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_plain_shell_and_may_be_run(root: Path, name: str) -> None:
    script = root / name

    assert script.stat().st_mode & 0o111
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", script], check=True, timeout=20)


def test_setup_installs_every_package_that_the_program_names(root: Path) -> None:
    text = (root / "scripts" / "setup").read_text(encoding="utf-8")
    lists = dict(re.findall(r"^(\w+)_packages='([^']*)'", text, re.MULTILINE))
    wanted = {*HOST_PACKAGES, *(package for _, package in TOOLS), "ovmf", "libvirt-daemon-system"} - ESSENTIAL

    assert set(lists) == {"run", "asset", "test", "guests", "bench", "cloud"}
    assert not wanted - set(lists["run"].split())


def test_the_lock_names_hashes_and_no_place_to_get_packages_from(root: Path) -> None:
    lock = (root / "requirements.lock").read_text(encoding="utf-8")

    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_the_pages_packages_are_pinned_by_hash_and_name_no_place_to_get_them_from(root: Path) -> None:
    wanted = json.loads((root / "assets" / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((root / "assets" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path.removeprefix("node_modules/"): each for path, each in lock["packages"].items() if path}

    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert packages[name]["version"] == version
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert "omit-lockfile-registry-resolved=true" in (root / "assets" / ".npmrc").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["setup", "assets"])
def test_a_script_refuses_an_unknown_mode(root: Path, name: str) -> None:
    done = subprocess.run(
        [root / "scripts" / name, "everything"], capture_output=True, text=True, check=False, timeout=20
    )

    assert done.returncode == 1
    assert f"usage: scripts/{name} [run|test" in done.stderr


def test_the_makefile_tells_of_every_target(root: Path) -> None:
    text = (root / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):(?!=)", text, re.MULTILINE)
    told = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=root, capture_output=True, text=True, check=True, timeout=20
    ).stdout

    assert len(text.splitlines()) < 80
    assert targets
    assert all(f"make {target} " in told for target in targets)

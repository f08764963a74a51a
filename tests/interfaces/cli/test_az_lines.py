"""`galeria connect --az`: lines for a shell, and one file with every authority that az must trust."""

import os
import subprocess
from pathlib import Path

import pytest

from galeria.domain.errors import Invalid
from galeria.interfaces.cli.kit.az_lines import BUNDLE, write_bundle
from tests.interfaces.cli.conftest import Run

OURS = "-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"
SYSTEM = "-----BEGIN CERTIFICATE-----\nsystem\n-----END CERTIFICATE-----\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "the place"
    folder.mkdir()
    (folder / "ca.pem").write_text(OURS, encoding="utf-8")
    return folder


@pytest.fixture
def system(tmp_path: Path) -> Path:
    path = tmp_path / "system.pem"
    path.write_text(SYSTEM, encoding="utf-8")
    return path


def test_bundle_holds_the_systems_authorities_and_ours(data: Path, system: Path) -> None:
    bundle = write_bundle(data / "ca.pem", data, {}, system)

    assert bundle.read_text(encoding="utf-8") == SYSTEM + OURS
    assert bundle.stat().st_mode & 0o777 == 0o644
    assert bundle.is_absolute()


def test_bundle_begins_with_what_was_trusted_before(data: Path, system: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.pem"
    site.write_text("site\n", encoding="utf-8")

    bundle = write_bundle(data / "ca.pem", data, {"REQUESTS_CA_BUNDLE": str(site)}, system)
    again = write_bundle(data / "ca.pem", data, {"REQUESTS_CA_BUNDLE": str(bundle)}, system)

    assert again.read_text(encoding="utf-8") == "site\n" + OURS


def test_bundle_without_any_other_authority(data: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"

    assert write_bundle(data / "ca.pem", data, {}, missing).read_text(encoding="utf-8") == OURS
    named = {"REQUESTS_CA_BUNDLE": str(data / BUNDLE)}
    (data / BUNDLE).unlink()
    assert write_bundle(data / "ca.pem", data, named, missing).read_text(encoding="utf-8") == OURS


def test_folder_of_authorities_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not a file") as told:
        write_bundle(data / "ca.pem", data, {"REQUESTS_CA_BUNDLE": str(tmp_path)})
    assert "REQUESTS_CA_BUNDLE" in told.value.hint


def test_lines_run_in_a_shell_and_keep_the_secret_off_the_screen(local: Run, data: Path, tmp_path: Path) -> None:
    result = local("connect", "--az", "--data", str(data), REQUESTS_CA_BUNDLE="")

    assert result.exit_code == 0, result.stderr
    assert "hidden-secret" not in result.stdout
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, does in {"az": 'echo az "$@"; [ "$1" != login ] || cat', "galeria": "echo the-secret"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    script = result.stdout + 'echo "$REQUESTS_CA_BUNDLE"\n'
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(["sh", "-e"], input=script, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "az cloud register -n Galeria --endpoint-resource-manager https://127.0.0.1:8443",
        "az cloud set -n Galeria",
        "az login --service-principal -u c-1 -p @- --tenant t-1",
        "the-secret",
        "az account set -s s-1",
        str(data.resolve() / BUNDLE),
    ]


def test_connect_without_a_choice_tells_the_facts_but_the_secret(local: Run) -> None:
    result = local("connect")

    assert "https://127.0.0.1:8443" in result.stdout
    assert "--az" in result.stderr

"""What commands print, word for word, for people and for programs. `pytest --regenerate` writes the files anew."""

import json
from pathlib import Path

import pytest

from tests.interfaces.cli.canned import OPERATION
from tests.interfaces.cli.conftest import CannedDoors, Run

GOLDEN = Path(__file__).parents[2] / "golden" / "cli"

REMOTE = {
    "image-list": ["image", "list"],
    "image-list-gallery": ["image", "list", "--gallery", "campus"],
    "image-show": ["image", "show", "Álgebra"],
    "gallery-list": ["gallery", "list"],
    "gallery-show": ["gallery", "show"],
    "gallery-costs": ["gallery", "costs"],
    "account-list": ["account", "list"],
    "account-show": ["account", "show"],
    "lab-list": ["lab", "list"],
    "lab-show": ["lab", "show", "turma-a"],
    "schedule-list": ["schedule", "list", "turma-a"],
    "lab-connect": ["lab", "connect", "turma-a"],
    "lab-estimate": ["lab", "estimate", "turma-a", "--name", "Álgebra"],
    "operation-list": ["operation", "list"],
    "operation-show": ["operation", "show", OPERATION],
    "person-list": ["person", "list"],
    "role-list": ["role", "list"],
    "group-list": ["group", "list"],
}
LOCAL = {
    "doctor": ["doctor"],
    "connect": ["connect", "--data", "place"],
    "audit-verify": ["audit", "verify"],
    "relay-list": ["relay", "list"],
    "backup": ["backup", "of-today.gz", "--data", "place"],
    "restore": ["restore", "of-today.gz", "--data", "place"],
    "store-status": ["store", "status"],
    "store-verify": ["store", "verify"],
    "store-gc": ["store", "gc", "--dry-run"],
    "store-rebuild-index": ["store", "rebuild-index"],
    "database-move": ["database", "move"],
}


def compare(name: str, text: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / name
    # Trailing blanks only fill the last column.
    shown = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    if request.config.getoption("--regenerate"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REMOTE)
def test_tables_of_what_the_server_knows(name: str, run: Run, request: pytest.FixtureRequest) -> None:
    result = run(*REMOTE[name])

    assert result.exit_code == 0, result.stderr
    compare(f"{name}.txt", result.stdout, request)


@pytest.mark.parametrize("name", REMOTE)
def test_json_of_what_the_server_knows(name: str, run: Run, request: pytest.FixtureRequest) -> None:
    result = run(*REMOTE[name], "-o", "json")

    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    json.loads(result.stdout)
    compare(f"{name}.json", result.stdout, request)


@pytest.mark.parametrize("name", LOCAL)
def test_tables_of_what_the_host_knows(name: str, local: Run, request: pytest.FixtureRequest) -> None:
    result = local(*LOCAL[name])

    assert result.exit_code == 0, result.stderr
    compare(f"{name}.txt", result.stdout, request)


@pytest.mark.parametrize("name", LOCAL)
def test_json_of_what_the_host_knows(name: str, local: Run, request: pytest.FixtureRequest) -> None:
    result = local(*LOCAL[name], "-o", "json")

    assert result.exit_code == 0, result.stderr
    json.loads(result.stdout)
    compare(f"{name}.json", result.stdout, request)


def test_a_name_from_the_server_cannot_steer_the_terminal(run: Run) -> None:
    assert "\x1b" not in run("image", "list").stdout


def test_connect_shows_the_secret_only_where_it_is_asked_for(local: Run) -> None:
    assert "hidden-secret" not in local("connect").stdout
    assert local("connect", "--field", "client_secret").stdout == "hidden-secret\n"


def test_the_host_is_not_ready_while_something_required_is_missing(local: Run, host_commands: CannedDoors) -> None:
    host_commands.libvirt = False

    result = local("doctor")

    assert result.exit_code == 1
    assert "MISSING" in result.stdout
    assert "libvirt" in result.stderr

"""Commands start quickly: what one of them does not need it does not import. Kept by the modules' names, not by time."""

import os
import subprocess
import sys

import pytest

from tests.interfaces.client.rest_double import RestDouble

SERVER = {
    "alembic",
    "apsw",
    "argon2",
    "authlib",
    "babel",
    "cryptography",
    "dbos",
    "fastapi",
    "jinja2",
    "joserfc",
    "libvirt",
    "obstore",
    "prometheus_client",
    "psycopg",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}
"""Libraries of the server, of which each takes a tenth of a second and more, or belongs to one that does."""

ALLOWED = ("galeria", "galeria.bootstrap", "galeria.domain", "galeria.interfaces", "galeria.ports", "galeria.programs")


def imported(*words: str, **environment: str) -> set[str]:
    """The modules that a command imported in a process of its own."""
    command = [sys.executable, "-X", "importtime", "-m", "galeria", *words]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GALERIA_")}
    done = subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def of_server(modules: set[str]) -> set[str]:
    ours = {each for each in modules if each.split(".")[0] == "galeria"}
    strange = {each for each in ours if ".".join(each.split(".")[:2]) not in ALLOWED}
    return {each for each in modules if each.split(".")[0] in SERVER} | strange


@pytest.mark.parametrize("words", [("--help",), ("image", "--help"), ("serve", "--help")])
def test_help_needs_no_library_of_the_server(words: tuple[str, ...]) -> None:
    assert of_server(imported(*words)) == set()


@pytest.mark.parametrize(
    "words", [("image", "list"), ("lab", "list"), ("gallery", "costs", "campus"), ("group", "list")]
)
def test_a_list_needs_no_library_of_the_server(
    environment: dict[str, str], double: RestDouble, words: tuple[str, ...]
) -> None:
    signed_in = {"GALERIA_ENDPOINT": double.endpoint, "GALERIA_CLIENT_ID": "robot", "GALERIA_CLIENT_SECRET": "s"}
    assert of_server(imported(*words, **environment, **signed_in)) == set()


def test_what_works_on_the_host_itself_is_loaded_when_it_is_called(environment: dict[str, str]) -> None:
    assert {"sqlalchemy", "alembic"} <= of_server(imported("audit", "verify", "--data", "new", **environment))

"""The parts of this harness that judge: what they say of answers, of refusals and of what was used."""

from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from tests.clients.clients import command_of, refused
from tests.clients.coverage import Coverage
from tests.clients.drivers.shapes import faults
from tests.clients.work_folder import ROOT


class State(Enum):
    READY = "Ready"


class Disk:
    _attribute_map: ClassVar[dict[str, Any]] = {"size": {"key": "size", "type": "int"}}
    _validation: ClassVar[dict[str, Any]] = {"size": {"maximum": 64, "minimum": 8}}


class Machine:
    """As the older SDKs describe a model.

    :vartype state: str or ~lab.models.State
    """

    _attribute_map: ClassVar[dict[str, Any]] = {
        "name": {"key": "name", "type": "str"},
        "state": {"key": "properties.state", "type": "str"},
        "disks": {"key": "properties.disks", "type": "[Disk]"},
        "created": {"key": "properties.createdAt", "type": "iso-8601"},
        "idle": {"key": "properties.idleDelay", "type": "duration"},
    }
    _validation: ClassVar[dict[str, Any]] = {"name": {"required": True, "max_length": 8}}


MODELS = SimpleNamespace(Machine=Machine, Disk=Disk, State=State)


def test_an_answer_as_described_has_no_faults() -> None:
    answer = {
        "name": "small",
        "more": "than described",
        "properties": {
            "state": "Ready",
            "disks": [{"size": 32}],
            "createdAt": "2026-11-23T09:00:00.123Z",
            "idleDelay": "PT1H30M",
        },
    }

    assert list(faults("[Machine]", [answer], MODELS)) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({}, ".name: missing"),
        ({"name": None}, ".name: null"),
        ({"name": 7}, ".name: 7 is of another type"),
        ({"name": "much-too-long"}, "longer than 8"),
        ({"name": "a", "properties": {"state": "ready"}}, ".properties.state: 'ready' is not one of ['Ready']"),
        ({"name": "a", "properties": {"disks": {}}}, ".properties.disks: {} is no list"),
        ({"name": "a", "properties": {"disks": [{"size": True}]}}, ".disks[0].size: True is of another type"),
        ({"name": "a", "properties": {"disks": [{"size": 65}]}}, ".disks[0].size: 65 is out of range"),
        ({"name": "a", "properties": {"createdAt": "yesterday"}}, "no time of RFC 3339"),
        ({"name": "a", "properties": {"idleDelay": "1:30"}}, "no duration of ISO 8601"),
    ],
)
def test_each_departure_from_the_description_is_reported(answer: dict[str, Any], said: str) -> None:
    found = list(faults(Machine, answer, MODELS))

    assert len(found) == 1
    assert said in found[0]


def test_a_refusal_is_read_from_what_the_cli_prints() -> None:
    error = refused(
        "WARNING: soon\nERROR: (Conflict) It is taken. Choose another.\nCode: Conflict\nMessage: It is taken.\n"
    )

    assert (error.code, error.message) == ("Conflict", "It is taken. Choose another.")
    assert refused("ERROR: Please run 'az login'").message == "Please run 'az login'"


def test_what_was_not_used_is_named() -> None:
    coverage = Coverage(title="az sig commands")
    coverage.know(["sig create", "sig delete", "sig show"])
    coverage.use(command_of(("sig", "show", "-g", "campus")))
    coverage.refuse("sig delete")

    assert coverage.lines() == ["az sig commands 1/3", "  not used: sig create", "  only refused: sig delete"]


@pytest.mark.parametrize("name", ["az", "sdk-new", "sdk-old"])
def test_the_clients_are_locked_with_hashes_and_no_place_to_get_them_from(name: str) -> None:
    lock = (ROOT / "tests" / "clients" / f"{name}.lock").read_text(encoding="utf-8")
    wanted = (ROOT / "tests" / "clients" / f"{name}.in").read_text(encoding="utf-8").split()

    assert "--hash=sha256:" in lock
    assert "://" not in lock
    assert all(f"\n{each}" in lock for each in wanted)


def test_the_installing_script_may_be_run() -> None:
    script: Path = ROOT / "scripts" / "clients"

    assert script.stat().st_mode & 0o111
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")

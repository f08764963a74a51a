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


class Colour(Enum):
    RED = "Red"


class Wheel:
    _attribute_map: ClassVar[dict[str, Any]] = {"spokes": {"key": "spokes", "type": "int"}}
    _validation: ClassVar[dict[str, Any]] = {"spokes": {"maximum": 64, "minimum": 8}}


class Bicycle:
    """As the older SDKs describe a model.

    :vartype colour: str or ~shop.models.Colour
    """

    _attribute_map: ClassVar[dict[str, Any]] = {
        "name": {"key": "name", "type": "str"},
        "colour": {"key": "properties.colour", "type": "str"},
        "wheels": {"key": "properties.wheels", "type": "[Wheel]"},
        "sold": {"key": "properties.soldAt", "type": "iso-8601"},
        "lent": {"key": "properties.lentFor", "type": "duration"},
    }
    _validation: ClassVar[dict[str, Any]] = {"name": {"required": True, "max_length": 8}}


MODELS = SimpleNamespace(Bicycle=Bicycle, Wheel=Wheel, Colour=Colour)


def test_an_answer_as_described_has_no_faults() -> None:
    answer = {
        "name": "tourer",
        "more": "than described",
        "properties": {
            "colour": "Red",
            "wheels": [{"spokes": 32}],
            "soldAt": "2026-11-23T09:00:00.123Z",
            "lentFor": "PT1H30M",
        },
    }

    assert list(faults("[Bicycle]", [answer], MODELS)) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({}, ".name: missing"),
        ({"name": None}, ".name: null"),
        ({"name": 7}, ".name: 7 is of another type"),
        ({"name": "velocipede"}, "longer than 8"),
        ({"name": "a", "properties": {"colour": "red"}}, ".properties.colour: 'red' is not one of ['Red']"),
        ({"name": "a", "properties": {"wheels": {}}}, ".properties.wheels: {} is no list"),
        ({"name": "a", "properties": {"wheels": [{"spokes": True}]}}, ".wheels[0].spokes: True is of another type"),
        ({"name": "a", "properties": {"wheels": [{"spokes": 65}]}}, ".wheels[0].spokes: 65 is out of range"),
        ({"name": "a", "properties": {"soldAt": "yesterday"}}, "no time of RFC 3339"),
        ({"name": "a", "properties": {"lentFor": "1:30"}}, "no duration of ISO 8601"),
    ],
)
def test_each_departure_from_the_description_is_told(answer: dict[str, Any], said: str) -> None:
    found = list(faults(Bicycle, answer, MODELS))

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

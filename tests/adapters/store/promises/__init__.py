"""Tests of what every store promises: their modules are taken by those that test a kind of store."""

from types import ModuleType
from typing import Any


def promised_by(*modules: ModuleType) -> dict[str, Any]:
    """Return the tests of the modules by name, for the namespace of a module that takes them."""
    return {name: each for module in modules for name, each in vars(module).items() if name.startswith("test_")}

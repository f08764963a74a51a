"""What tests of several interfaces may ask for."""

import pytest

from tests.interfaces.fuzz.values import Shares


@pytest.fixture
def shares(pytestconfig: pytest.Config) -> Shares:
    """Some of many values for each place; all of them with --thorough."""
    return Shares(all=pytestconfig.getoption("--thorough"))

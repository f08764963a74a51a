"""Fixtures of the identity tests."""

import pytest

from galeria.ports.database import Database
from tests.identity.worlds import World, founded


@pytest.fixture
def world(database: Database) -> World:
    return founded(database)

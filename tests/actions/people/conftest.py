"""Fixtures of the identity tests."""

import pytest

from galeria.ports.database import Database
from tests.identity_context import IdentityContext, first_start


@pytest.fixture
def context(database: Database) -> IdentityContext:
    return first_start(database)

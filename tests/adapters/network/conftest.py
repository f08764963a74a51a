"""The world, for the tests of one file."""

from collections.abc import Iterator

import pytest

from tests.adapters.network.running import World, existing


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with existing(tmp_path_factory.mktemp("world")) as world:
        yield world

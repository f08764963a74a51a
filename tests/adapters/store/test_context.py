"""How many threads capture at once."""

import pytest

from galeria.adapters.store.context import workers


@pytest.mark.parametrize(("processors", "threads"), [(1, 2), (2, 3), (7, 8), (8, 8), (128, 8)])
def test_a_thread_more_than_processors_works_until_memory_forbids(processors: int, threads: int) -> None:
    assert workers(processors) == threads

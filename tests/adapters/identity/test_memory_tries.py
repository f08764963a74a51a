"""Wrong tries in memory are bounded. What holds wherever they are counted: tests/adapters/db/shared/test_wrong_tries.py."""

import pytest

from galeria.adapters.identity import memory_tries
from galeria.adapters.identity.memory_tries import MemoryTries
from tests.identity_context import MovedClock


def test_invented_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_tries, "MOST_KEYS", 10)
    tries = MemoryTries(MovedClock())
    for number in range(100):
        tries.count(f"name-{number}", limit=5)
    for _ in range(5):
        tries.count("ana", limit=5)
    assert tries.blocked_seconds("ana") == 10
    assert len(tries._tries) == 10

"""A portal that never waits for its stores, and stores that tell what they hold only when they are let."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.adapters.store.region_store import RegionStore
from tests.interfaces.web.served import Portal, serving
from tests.prepared_installations import PreparedInstallations, with_linux

VERSION = "/galleries/campus/gal/images/linux/versions/1.0.0"
"""What is in it."""


@dataclass
class Gate:
    """Stands before an answer until it is opened."""

    event: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    def ask(self) -> str:
        self.asked += 1
        assert self.event.wait(20)
        return f"answer {self.asked}"


@contextmanager
def serving_slowly(
    folder: Path, prepared_installations: PreparedInstallations, key: RSAPrivateKey, gate: Gate
) -> Iterator[Portal]:
    holding = RegionStore.holding

    def slowly(store: RegionStore, *digests: Any, **others: Any) -> Any:
        gate.ask()
        return holding(store, *digests, **others)

    with (
        pytest.MonkeyPatch.context() as patch,
        serving(folder, prepared_installations, key, prepare=with_linux, patience=0) as portal,
    ):
        patch.setattr(RegionStore, "holding", slowly)
        yield portal
        gate.event.set()  # no thread is left behind

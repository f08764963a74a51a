"""What every repository promises."""

from typing import Protocol, TypeVar

T = TypeVar("T")


class Repository(Protocol[T]):
    """Things with an id of ours."""

    def add(self, thing: T) -> None: ...

    def remove(self, thing: T) -> None: ...

    def find(self, id: str) -> T | None: ...

    def get(self, id: str) -> T: ...

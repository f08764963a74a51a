"""The operations that every repository has, and those of repositories of ARM resources."""

from collections.abc import Collection
from typing import Protocol, TypeVar

T = TypeVar("T")


class Repository(Protocol[T]):
    """A collection of objects of one kind in the database, found by the id that the database knows them by."""

    def add(self, thing: T) -> None:
        """Adds an object; it is kept when the unit of work is committed."""
        ...

    def remove(self, thing: T) -> None:
        """Removes an object at once, so that another of the same name can be added in the same unit of work."""
        ...

    def find(self, id: str) -> T | None:
        """Returns the object with that id, or None."""
        ...

    def get(self, id: str) -> T:
        """Returns the object with that id. Raises NotFound with its kind and id."""
        ...

    def of_ids(self, ids: Collection[str]) -> list[T]:
        """Returns the objects with these ids, by id; those that do not exist are left out."""
        ...

    def ids(self) -> set[str]:
        """Returns the ids of all of them."""
        ...


class ResourceRepository(Repository[T], Protocol[T]):
    """A collection of ARM resources of one type. A `key` is the lower-case form of an ARM id."""

    def find_by_key(self, key: str) -> T | None:
        """Returns the resource with that key, or None."""
        ...

    def get_by_key(self, key: str) -> T:
        """Returns the resource with that key. Raises NotFound with its type and name."""
        ...

    def spelled(self, keys: Collection[str]) -> dict[str, str]:
        """Returns key → ARM id as its owner spelled it, for those of the keys that exist."""
        ...

    def below(self, prefix: str) -> list[T]:
        """Returns every resource whose key lies below `prefix` (a key without a slash at the end), by name."""
        ...

    def count(self, prefix: str, location: str) -> int:
        """Returns how many resources in the region lie below the key `prefix`."""
        ...

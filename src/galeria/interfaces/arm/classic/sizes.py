"""The three size categories of the API of 2018. A machine's size belongs to one of them by its cores."""

from typing import Any

from galeria.domain.errors import Invalid
from galeria.domain.labs.sizes import Size
from galeria.domain.messages import Message

# The first category whose bound is above the number of cores. Source: the sizes of former lab accounts (2, 4 and 8 cores).
_BELOW = (("Basic", 4), ("Standard", 8))
_REST = "Performance"
CATEGORIES = (*(name for name, _ in _BELOW), _REST)


def category(size: Size) -> str:
    return next((name for name, bound in _BELOW if size.vcpus < bound), _REST)


def named_size(sizes: tuple[Size, ...], word: str) -> str:
    """Return a category's largest size, or the size of that name. Raises Invalid for a category without sizes."""
    if word.lower() not in {each.lower() for each in CATEGORIES}:
        return word
    services = _sizes_in(sizes, word)
    if not services:
        names = ", ".join(each.name for each in sizes)
        raise Invalid(
            Message("There is no size of the category '{word}' here.", word=word),
            hint=Message("Sizes: {names}.", names=names),
            target="size",
        )
    return max(services, key=lambda size: (size.vcpus, size.memory_mib)).name


def size_configuration(sizes: tuple[Size, ...]) -> dict[str, Any]:
    filled = [(each, _sizes_in(sizes, each)) for each in CATEGORIES]
    return {"environmentSizes": [_environment_size(name, services) for name, services in filled if services]}


def availability(sizes: tuple[Size, ...]) -> list[dict[str, Any]]:
    return [{"sizeCategory": each, "isAvailable": bool(_sizes_in(sizes, each))} for each in CATEGORIES]


def _sizes_in(sizes: tuple[Size, ...], word: str) -> list[Size]:
    return [size for size in sizes if category(size).lower() == word.lower()]


def _environment_size(name: str, sizes: list[Size]) -> dict[str, Any]:
    return {
        "name": name,
        "vmSizes": [
            {"computeSize": size.name, "numberOfCores": size.vcpus, "memory": size.memory_mib / 1024} for size in sizes
        ],
        "minNumberOfCores": min(size.vcpus for size in sizes),
        "minMemory": min(size.memory_mib for size in sizes) / 1024,
    }

"""The catalogue of machine sizes: Azure's Small, Medium and Large, and Tiny for demonstrations (docs/rules.md, "Labs")."""

from dataclasses import dataclass

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """A machine size: a name with numbers of virtual CPUs and MiB of memory."""

    name: str
    vcpus: int
    memory_mib: int


SIZES: tuple[Size, ...] = (
    Size(name="Tiny", vcpus=1, memory_mib=512),
    Size(name="Small", vcpus=2, memory_mib=4096),
    Size(name="Medium", vcpus=4, memory_mib=8192),
    Size(name="Large", vcpus=8, memory_mib=16384),
)


def get_size(sizes: tuple[Size, ...], name: str) -> Size:
    """Returns the size of that name, in any case. Raises Invalid with the names that exist."""
    for size in sizes:
        if size.name.lower() == name.lower():
            return size
    names = ", ".join(size.name for size in sizes)
    raise Invalid(
        Message("There is no size '{name}' here.", name=name),
        hint=Message("Sizes: {names}.", names=names),
        target="sku.name",
    )

"""The catalogue of machine sizes: Azure's Small, Medium and Large, and Tiny for demonstrations (docs/rules.md, "Labs").

Scripts for Azure Lab Services have its names of SKUs, such as Classic_Fsv2_2_4GB_128_S_SSD: a tier, the family of virtual
machines, cores, memory, and the disk. Such a name stands for the size here of as many cores and as much memory.
"""

import re
from dataclasses import dataclass

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """A machine size: a name with numbers of virtual CPUs and MiB of memory."""

    name: str
    vcpus: int
    memory_mib: int


_AZURE_NAME = re.compile(
    r"(?:Classic_)?([A-Z][A-Za-z0-9]*)_([0-9]{1,3})_([0-9]{1,4})GB_[0-9]{1,5}_[SP]_SSD", re.IGNORECASE
)
_GPU_FAMILIES = "N"  # what the names of Azure's families with graphics processors begin with
_CLASSIC = "Classic_"
_FAMILY = "Fsv2"  # of the sizes without nested virtualization

SIZES: tuple[Size, ...] = (
    Size(name="Tiny", vcpus=1, memory_mib=512),
    Size(name="Small", vcpus=2, memory_mib=4096),
    Size(name="Medium", vcpus=4, memory_mib=8192),
    Size(name="Large", vcpus=8, memory_mib=16384),
)


def get_size(sizes: tuple[Size, ...], name: str) -> Size:
    """Returns the size of that name, in any case, or the one that a name of Azure Lab Services stands for.

    Raises Invalid with the names that exist, or the nearest size for a name of Azure that none here equals.
    """
    for size in sizes:
        if size.name.lower() == name.lower():
            return size
    azure = _AZURE_NAME.fullmatch(name)
    if azure:
        return _equal_size(sizes, name, azure[1], int(azure[2]), int(azure[3]))
    names = ", ".join(size.name for size in sizes)
    raise Invalid(
        Message("There is no size '{name}' here.", name=name),
        hint=Message("Sizes: {names}.", names=names),
        target="sku.name",
    )


def azure_name(size: Size) -> str:
    """Returns the name that Azure Lab Services has for a size of so many cores and so much memory.

    It is empty for a size without whole GiB, which none of its names can say.
    """
    whole, rest = divmod(size.memory_mib, 1024)
    return "" if rest else f"{_CLASSIC}{_FAMILY}_{size.vcpus}_{whole}GB_128_S_SSD"


def _equal_size(sizes: tuple[Size, ...], name: str, family: str, cores: int, memory_gib: int) -> Size:
    memory = memory_gib * 1024
    nearest = min(sizes, key=lambda size: (abs(size.vcpus - cores), abs(size.memory_mib - memory)))
    if family.upper().startswith(_GPU_FAMILIES):
        raise Invalid(
            Message("'{name}' has a graphics processor, and no machine here has one.", name=name),
            hint=Message("The nearest size here is {nearest}.", nearest=nearest.name),
            target="sku.name",
        )
    if (nearest.vcpus, nearest.memory_mib) != (cores, memory):
        raise Invalid(
            Message(
                "There is no size of {cores} cores and {memory} GB here, as '{name}' is.",
                cores=cores,
                memory=memory_gib,
                name=name,
            ),
            hint=Message("The nearest size here is {nearest}.", nearest=nearest.name),
            target="sku.name",
        )
    return nearest

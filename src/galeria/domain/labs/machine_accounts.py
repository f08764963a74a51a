"""Which accounts of the host the processes of machines have."""

from dataclasses import dataclass

COUNT = 65536
"""How many numbers of accounts an installation has for its machines: one for each port that a machine may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountSettings:
    """What the administrator chose. Numbers stand for users and for groups; there are no names to them."""

    is_own: bool = True  # one for each machine, where the host can; else all share that of libvirt
    first: int = 0  # the first number; 0: one that follows from the installation

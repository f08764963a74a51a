"""The units in which Azure and this service give the sizes of disks and files, and sizes as sentences write them."""

from galeria.domain.messages import Message, verbatim

GB = 1024**3
"""Bytes of a gigabyte, as Azure counts them."""

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def gigabytes(size: int) -> int:
    """Returns a size in bytes as gigabytes of 1024³ bytes, rounded up, as clients show it."""
    return -(-size // GB)


def readable(size: int) -> Message:
    """Returns a size in bytes as a sentence writes it, such as 60 TiB, 1.5 GiB or 511 bytes."""
    if abs(size) < 1024:
        return Message("{size} bytes", size=size)
    power = 1
    while power < len(_UNITS) and abs(size) / 1024**power >= 999.95:
        power += 1
    return verbatim(f"{size / 1024**power:.1f}".removesuffix(".0") + f" {_UNITS[power - 1]}")


def told_apart(first: int, second: int) -> tuple[Message, Message]:
    """Returns two sizes in bytes as a sentence compares them: where they would look alike, both to the byte."""
    if first == second or readable(first) != readable(second):
        return readable(first), readable(second)
    return _exact(first), _exact(second)


def _exact(size: int) -> Message:
    return Message("{size:,} bytes", size=size)

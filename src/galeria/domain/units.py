"""The unit in which Azure and this service give the sizes of disks and files."""

GB = 1024**3
"""Bytes of a gigabyte, as Azure counts them."""


def gigabytes(size: int) -> int:
    """Returns a size in bytes as gigabytes of 1024³ bytes, rounded up, as clients show it."""
    return -(-size // GB)

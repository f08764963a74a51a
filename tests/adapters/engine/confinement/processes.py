"""The processes of machines, as this host has them."""

from pathlib import Path


def process_of(machine: str) -> Path:
    """The QEMU process of a machine, by the name that it was started with."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it ended in between
            continue
        if words[0].endswith(b"qemu-system-x86_64") and any(machine.encode() in each for each in words):
            return path.parent
    raise AssertionError("the machine has no process")

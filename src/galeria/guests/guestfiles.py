"""The guest's own scripts and settings, which are installed beside this module in the folder `files`."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable


def read_guest_file(name: str) -> bytes:
    """Return the content of one file; `name` is a path below `files`, such as `initramfs/init`."""
    return files(__package__).joinpath("files", name).read_bytes()


def walk_guest_files(folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield the path below `folder` and the content of every file in it, sorted."""
    yield from _walk(files(__package__).joinpath("files", folder), "")


def file_mode(path: str, content: bytes) -> int:
    """Return the permissions of a file in the guest.

    Scripts are recognised by their first line, because an installed package does not always keep the executable bit.
    """
    if content.startswith(b"#!"):
        return 0o755
    return 0o600 if path in ("etc/shadow", "etc/sudoers") else 0o644


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()

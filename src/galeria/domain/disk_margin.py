"""The room that is left free on every disk that Galeria writes to."""

import math
from dataclasses import dataclass

from galeria.domain.errors import OutOfSpace
from galeria.domain.messages import Message
from galeria.domain.units import GB


@dataclass(frozen=True, kw_only=True)
class DiskMargin:
    """What stays free for the database, logs and running machines: so many bytes or so much of the disk, whichever is more."""

    size: int = GB  # bytes
    percent: int = 0  # of the file system

    def _of(self, total: int) -> int:
        return max(self.size, total * self.percent // 100)

    def share(self, *, free: int, total: int) -> float:
        """Returns the free bytes of a disk of `total` bytes as a multiple of the margin; infinite without a margin."""
        margin = self._of(total)
        return free / margin if margin else math.inf

    def require(self, *, needed: int, free: int, total: int) -> None:
        """Raises OutOfSpace unless the margin stays free after `needed` more bytes on a disk of `total` bytes."""
        margin = self._of(total)
        if free - needed >= margin:
            return
        if needed:
            message = Message(
                "This needs {needed} GB of a disk that has {free} GB free, of which {margin} GB must stay free.",
                needed=_shown(needed),
                free=_shown(free),
                margin=_shown(margin),
            )
        else:
            message = Message(
                "The disk has {free} GB free, and {margin} GB must stay free.", free=_shown(free), margin=_shown(margin)
            )
        raise OutOfSpace(
            message,
            hint=Message(
                "Delete images, files or labs that nobody needs, then try again; an administrator can give the server a larger "
                "disk or a smaller margin ([disks] in galeria.toml). Nothing that was stored is lost."
            ),
        )


NO_MARGIN = DiskMargin(size=0)
"""Bytes may be written until the disk is full."""


def _shown(size: int) -> str:
    """Returns bytes in GB with one decimal place, small ones with more, so that no difference looks like none."""
    return f"{size / GB:.1f}" if size >= GB / 10 else f"{size / GB:.3g}"

"""The part of a unit of work that long lists of images are read from, page by page."""

from collections.abc import Sequence
from typing import Protocol

from galeria.domain.images.galleries import ImageVersion, VersionNumber


class VersionQueries(Protocol):
    """A few questions for each answer, however many versions there are. Deleted ones are never among them."""

    def versions(
        self, definition_id: str, *, retained: bool = False, starting: str = "", offset: int = 0, limit: int = 50
    ) -> tuple[list[ImageVersion], int]:
        """The highest numbers first, and how many there are in all.

        `retained`: those that were put aside and can come back, else the others; `starting`: what their numbers begin with.
        """
        ...

    def retained(self, gallery_id: str, *, limit: int = 50) -> tuple[list[ImageVersion], int]:
        """Those that were put aside and can come back, the first to go coming first, and how many there are in all."""
        ...

    def version_counts(self, definition_ids: Sequence[str]) -> dict[str, int]:
        """How many each has, those that were put aside left out."""
        ...

    def definition_counts(self) -> dict[str, int]:
        """How many each gallery has."""
        ...

    def newest(self, definition_ids: Sequence[str]) -> dict[str, VersionNumber]:
        """The highest number of each that can be used in some region, excluded ones included."""
        ...

    def latest(self, definition_id: str) -> dict[str, str]:
        """Region → id of the version that is the latest there, by the rule of domain.images.galleries.latest_version."""
        ...

    def from_uploads(self, upload_ids: Sequence[str]) -> list[ImageVersion]:
        """Those whose OS disk is one of these files, the newest first."""
        ...

"""Queries that page through long lists of image versions."""

from collections.abc import Sequence
from typing import Protocol

from galeria.domain.images.galleries import ImageVersion, VersionNumber


class VersionQueries(Protocol):
    """Queries over image versions; their number does not grow with the number of versions.

    Deleted versions are left out.
    """

    def versions(
        self, definition_id: str, *, retained: bool = False, starting: str = "", offset: int = 0, limit: int = 50
    ) -> tuple[list[ImageVersion], int]:
        """Returns a page of an image's versions, the highest numbers first, and how many there are in all.

        `retained` chooses the soft-deleted versions, otherwise they are left out; `starting` is what the numbers begin
        with.
        """
        ...

    def following(
        self,
        definition_id: str,
        *,
        after: VersionNumber | None = None,
        retained: bool = False,
        offered_in: str = "",
        limit: int = 50,
    ) -> list[ImageVersion]:
        """Returns an image's versions after that number, the lowest first.

        `retained` chooses the soft-deleted versions, otherwise they are left out. With `offered_in`, a region, they are
        those that can be used there.
        """
        ...

    def regions_of(self, gallery_id: str) -> list[str]:
        """Returns the regions that hold a verified copy of any version of the gallery that labs can use, by name."""
        ...

    def retained(self, gallery_id: str, *, limit: int = 50) -> tuple[list[ImageVersion], int]:
        """Returns the gallery's soft-deleted versions, those to be removed first in front, and how many there are in all."""
        ...

    def version_counts(self, definition_ids: Sequence[str]) -> dict[str, int]:
        """Returns a definition's id → how many versions it has, soft-deleted ones left out."""
        ...

    def definition_counts(self) -> dict[str, int]:
        """Returns a gallery's id → how many images it has."""
        ...

    def newest(self, definition_ids: Sequence[str]) -> dict[str, VersionNumber]:
        """Returns a definition's id → the highest version number that can be used in some region, excluded ones included."""
        ...

    def latest(self, definition_id: str) -> dict[str, str]:
        """Region → id of the version that is the latest there, by the rule of domain.images.galleries.latest_version."""
        ...

    def from_uploads(self, upload_ids: Sequence[str]) -> list[ImageVersion]:
        """Returns the versions whose OS disk is one of these uploads, newest first."""
        ...

"""Queries over thousands of images at once, which return rows instead of whole objects."""

from collections.abc import Sequence
from typing import Protocol

from galeria.domain.images.eligibility import ImageOutline, VersionOutline
from galeria.domain.images.galleries import ImageDefinition, ImageVersion


class ImageQueries(Protocol):
    """Queries over all images of a gallery; their number does not grow with the number of versions.

    "Offered" means ImageVersion.is_offered.
    """

    def outlines(self, gallery_id: str) -> list[ImageOutline]:
        """Returns the gallery's images in outline, by display name."""
        ...

    def definitions(self, ids: Sequence[str]) -> dict[str, ImageDefinition]:
        """Returns id → image definition, for those that exist."""
        ...

    def titles(self, keys: Sequence[str]) -> dict[str, str]:
        """Returns an image definition's key → its display name, for those that exist."""
        ...

    def versions(self, ids: Sequence[str]) -> list[ImageVersion]:
        """Returns the image versions with these ids, in no particular order."""
        ...

    def highest(self, definition_ids: Sequence[str]) -> dict[str, str]:
        """Returns a definition's id → the id of its highest version that is offered in any region, excluded ones included."""
        ...

    def latest(self, gallery_id: str, region: str, *, definition_id: str = "") -> dict[str, VersionOutline]:
        """Returns a definition's id → its latest version in the region, as `latest_version` chooses; for one image or
        the whole gallery."""
        ...

    def unfinished(self, definition_ids: Sequence[str]) -> list[ImageVersion]:
        """Returns the versions that exist and are not offered (failed or soft-deleted), and all that are still being made."""
        ...

    def regions(self, definition_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Returns a definition's id → the regions that have completed replicas of its offered versions."""
        ...

    def lab_counts(self, account_ids: Sequence[str]) -> dict[str, int]:
        """Returns an account's id → how many labs belong to it; accounts without labs are left out."""
        ...

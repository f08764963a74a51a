"""Parts of a unit of work that look at thousands of things at once, and bring rows instead of objects."""

from collections.abc import Sequence
from typing import Protocol

from galeria.domain.images.eligibility import ImageOutline, VersionOutline
from galeria.domain.images.galleries import ImageDefinition, ImageVersion


class ImageQueries(Protocol):
    """Quick looks at all images of a gallery: a few questions, however many versions there are.

    "Offered" is ImageVersion.is_offered.
    """

    def outlines(self, gallery_id: str) -> list[ImageOutline]:
        """By display name."""
        ...

    def definitions(self, ids: Sequence[str]) -> dict[str, ImageDefinition]:
        """By id."""
        ...

    def versions(self, ids: Sequence[str]) -> list[ImageVersion]: ...

    def highest(self, definition_ids: Sequence[str]) -> dict[str, str]:
        """A definition's id → the id of its highest version that is offered anywhere, excluded ones included."""
        ...

    def latest(self, gallery_id: str, region: str, *, definition_id: str = "") -> dict[str, VersionOutline]:
        """A definition's id → what `latest_version` chooses in the region; of one of the gallery or of all."""
        ...

    def unfinished(self, definition_ids: Sequence[str]) -> list[ImageVersion]:
        """Versions that are there and not offered (failed or retained ones), and all that are still being made."""
        ...

    def regions(self, definition_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """A definition's id → the regions that have completed replicas of its offered versions."""
        ...

    def lab_counts(self, account_ids: Sequence[str]) -> dict[str, int]:
        """An account's id → how many labs belong to it; none where that is 0."""
        ...

"""Parts of a unit of work that look at thousands of things at once, and bring rows instead of objects."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from galeria.domain.galleries import ImageDefinition, ImageVersion
from galeria.domain.offers import DiskShape, ImageOutline


class Offers(Protocol):
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

    def highest(self, gallery_id: str) -> dict[str, str]:
        """A definition's id → the id of its highest version that is offered anywhere, excluded ones included."""
        ...

    def latest(self, highest: Mapping[str, str], region: str) -> dict[str, str]:
        """Of the answer of `highest`: a definition's id → the id of what `latest_version` chooses in the region."""
        ...

    def unfinished(self, definition_ids: Sequence[str]) -> list[ImageVersion]:
        """Versions that are there and not offered (failed or retained ones), and all that are still being made."""
        ...

    def shapes(self, version_ids: Sequence[str]) -> dict[str, DiskShape]:
        """By the version's id."""
        ...

    def regions(self, definition_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """A definition's id → the regions that have completed replicas of its offered versions."""
        ...

    def lab_counts(self, account_ids: Sequence[str]) -> dict[str, int]:
        """An account's id → how many labs belong to it; none where that is 0."""
        ...

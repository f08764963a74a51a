"""What image caches have in common whose bases come as a whole."""

from collections.abc import Mapping

from galeria.ports.images import Digest
from galeria.ports.machines import Arrival


class WholeBases:
    """The part of `ImageCache` that is about bases on their way: there are none, and no process serves anything."""

    def find_arrival(self, region: str, digest: Digest) -> Arrival | None:
        """Return None: machines get whole images only."""
        return None

    def arrivals(self) -> Mapping[tuple[str, Digest], Arrival]:
        return {}

    def keep_serving(self) -> None:
        """Do nothing."""

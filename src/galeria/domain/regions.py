"""The regions of an installation, grouped into geographies."""

from dataclasses import dataclass

from galeria.domain.errors import Invalid
from galeria.domain.ids import location_name
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A region of the installation: a place that stores images and runs machines.

    Its geography is a group of regions that images are replicated among by default.
    """

    name: str  # brazilsouth
    display_name: str  # Brazil South
    geography: str  # brazil
    bucket_url: str = ""  # where its image bytes are; empty: a folder under the data directory


@dataclass(frozen=True, slots=True)
class Regions:
    """All regions of the installation, in the order of the settings."""

    all: tuple[Region, ...]

    def get(self, name: str) -> Region:
        """Returns a region by short or display name, in any case. Raises Invalid with the names that exist."""
        wanted = location_name(name)
        for region in self.all:
            if region.name == wanted:
                return region
        raise Invalid(
            Message("There is no region '{name}' here.", name=name),
            hint=Message("Regions: {regions}.", regions=[region.name for region in self.all]),
            code="LocationNotAvailableForResourceType",
            target="location",
        )

    def of_geography(self, name: str) -> tuple[Region, ...]:
        """Returns every region of the geography that region `name` lies in, that region first.

        Raises Invalid for an unknown one.
        """
        home = self.get(name)
        return (home, *(r for r in self.all if r.geography == home.geography and r != home))

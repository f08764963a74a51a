"""What a gallery costs, computed from the stores themselves at once: what the measured figures must come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.actions.versions.costs import held_digests
from galeria.domain.costs import RegionCost, monthly_price
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import VersionFacts
from galeria.domain.images.galleries import ImageDefinition, ImageVersion
from galeria.domain.labs.labs import Lab
from galeria.ports.images import ImageStore


@dataclass(frozen=True, kw_only=True)
class ReplicaCost(RegionCost):
    """The cost of a version in one region.

    `stored_bytes` leaves out what an older version has there already, so that all figures add up to what is really
    stored.
    """

    whole_bytes: int  # compressed bytes of the whole version, shared ones included


@dataclass(frozen=True, kw_only=True)
class VersionCost:
    """The cost of a version in all regions, and the labs made from it."""

    definition: ImageDefinition
    version: ImageVersion
    logical_bytes: int  # what the guests see
    regions: tuple[ReplicaCost, ...]
    labs: tuple[Lab, ...]  # that the caller may read
    other_labs: int  # how many more there are

    @property
    def price_month(self) -> Decimal:
        """The price per month in all regions."""
        return monthly_price(self.regions)


def gallery_costs(request: Request, gallery_id: ResourceId, stores: Mapping[str, ImageStore]) -> list[VersionCost]:
    """Returns the cost of every version of a gallery, oldest first. Raises Forbidden, NotFound."""
    request.caller.require("Microsoft.Compute/galleries/read", gallery_id.key)
    uow = request.uow
    gallery = uow.galleries.get_by_key(gallery_id.key)
    definitions = {each.id: each for each in uow.definitions.of_gallery(gallery.id)}
    of_images = [version for id in definitions for version in uow.versions.of_definition(id)]
    versions = sorted(of_images, key=lambda version: (version.created_at, version.id))
    facts = uow.versions.facts(versions)
    replicas = _replica_costs(request, facts, stores)
    labs = {each.version.id: _labs(request, each.version.id) for each in facts}
    return [
        VersionCost(
            definition=definitions[each.version.definition_id],
            version=each.version,
            logical_bytes=sum(disk.size for disk in each.disks),
            regions=tuple(replicas[each.version.id]),
            labs=labs[each.version.id][0],
            other_labs=labs[each.version.id][1],
        )
        for each in facts
    ]


def _labs(request: Request, version_id: str) -> tuple[tuple[Lab, ...], int]:
    """Returns the labs made from the version that the caller may read, and how many others there are."""
    labs = request.uow.labs.of_version(version_id)
    seen = tuple(each for each in labs if request.caller.may(f"{LAB}/read", each.key))
    return seen, len(labs) - len(seen)


def _replica_costs(
    request: Request, facts: list[VersionFacts], stores: Mapping[str, ImageStore]
) -> dict[str, list[ReplicaCost]]:
    """A version's id → its cost by region."""
    held: dict[str, dict[str, set[str]]] = {}
    for each in facts:
        for region, digests in held_digests(request, each.version).items():
            held.setdefault(region, {})[each.version.id] = digests
    costs: dict[str, list[ReplicaCost]] = {each.version.id: [] for each in facts}
    for region, versions in sorted(held.items()):
        grown = stores[region].growth(list(versions.values()), before=())
        for (id, digests), stored in zip(versions.items(), grown, strict=True):
            whole = stores[region].holding(digests, others=()).stored_bytes
            cost = ReplicaCost(prices=request.settings.prices, region=region, stored_bytes=stored, whole_bytes=whole)
            costs[id].append(cost)
    return costs

"""What it costs to have a version in each region, estimated before anything is sent."""

from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.galleries.gallery_lists import READ_VERSION
from galeria.actions.versions.replication_size import Measure, ReplicationBytes, ReplicationSources
from galeria.domain.costs import RegionCost
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import ImageVersion, Replica
from galeria.domain.regions import Region
from galeria.domain.states import ReplicaState


@dataclass(frozen=True, kw_only=True)
class RegionPrice:
    """What a version costs in one region: all of it stored there, shared with other images or not, and what is lacking sent.

    `replica` is what is there already, whole or not.
    """

    region: Region
    replica: Replica | None
    is_home: bool
    cost: RegionCost

    @property
    def is_complete(self) -> bool:
        """Whether the region has a completed replica."""
        return self.replica is not None and self.replica.state is ReplicaState.COMPLETED


def region_prices(request: Request, id: ResourceId, measure: Measure) -> tuple[ImageVersion, list[RegionPrice]]:
    """Returns a version with its prices in every region, in the order of the settings; one that is not sealed has no
    bytes to price. Raises Forbidden, NotFound."""
    request.caller.require(READ_VERSION, id.key)
    version = request.uow.versions.get_by_key(id.key)
    replicas = {each.region: each for each in request.uow.versions.replicas(version.id)}
    copies = _copies(request, version, replicas, measure)
    return version, [
        RegionPrice(
            region=region,
            replica=replicas.get(region.name),
            is_home=region.name == version.location,
            cost=RegionCost(
                prices=request.settings.prices,
                region=region.name,
                stored_bytes=copies.whole,
                send_bytes=copies.send.get(region.name, 0),
            ),
        )
        for region in request.settings.regions.all
    ]


def _copies(
    request: Request, version: ImageVersion, replicas: dict[str, Replica], measure: Measure
) -> ReplicationBytes:
    if not version.is_sealed:
        return ReplicationBytes(whole=0, send={})
    complete = {each.region for each in replicas.values() if each.state is ReplicaState.COMPLETED}
    there = complete | {version.location}
    return measure(
        ReplicationSources(
            digests=frozenset(disk.digest for disk in request.uow.versions.disks(version.id) if disk.digest),
            home=version.location,
            lacking=tuple(each.name for each in request.settings.regions.all if each.name not in there),
        )
    )

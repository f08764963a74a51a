"""What it costs to have a version in each region, told before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from galeria.actions.browsing import READ_VERSION
from galeria.actions.request import Request
from galeria.domain.galleries import ImageVersion, Replica
from galeria.domain.ids import ResourceId
from galeria.domain.regions import Region
from galeria.domain.states import ReplicaState
from galeria.ports.images import ImageStore


@dataclass(frozen=True, kw_only=True)
class RegionPrice:
    """Bytes are compressed ones. `replica` is what is there already, whole or not."""

    region: Region
    replica: Replica | None
    is_home: bool
    stored_bytes: int  # of the whole version there, shared with other images or not
    send_bytes: int  # that the region lacks now
    price_month: Decimal
    price_once: Decimal

    @property
    def is_complete(self) -> bool:
        return self.replica is not None and self.replica.state is ReplicaState.COMPLETED


def region_prices(
    request: Request, id: ResourceId, stores: Mapping[str, ImageStore]
) -> tuple[ImageVersion, list[RegionPrice]]:
    """Of every region, in the order of the settings. A version that is not sealed yet has no bytes to price."""
    request.caller.require(READ_VERSION, id.key)
    version = request.uow.versions.get_by_key(id.key)
    digests = {disk.digest for disk in request.uow.versions.disks(version.id) if disk.digest}
    replicas = {each.region: each for each in request.uow.versions.replicas(version.id)}
    home, prices = stores[version.location], request.settings.prices
    whole = home.holding(digests, others=[]).stored_bytes if version.is_sealed else 0
    found = []
    for region in request.settings.regions.all:
        replica = replicas.get(region.name)
        complete = replica is not None and replica.state is ReplicaState.COMPLETED
        lacks = version.is_sealed and not complete and region.name != version.location
        send = sum(stores[region.name].missing_bytes(each, source=home) for each in digests) if lacks else 0
        found.append(
            RegionPrice(
                region=region,
                replica=replica,
                is_home=region.name == version.location,
                stored_bytes=whole,
                send_bytes=send,
                price_month=prices.month(region.name, whole),
                price_once=prices.transfer(send),
            )
        )
    return version, found

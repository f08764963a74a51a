"""The ports of one region in a cloud, as the container takes them."""

from pathlib import Path

from galeria.adapters.openstack.cache import GlanceCache
from galeria.adapters.openstack.engine import OpenStackEngine
from galeria.adapters.openstack.region import CloudRegion
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.domain.labs.guest_network import NetworkException
from galeria.domain.regions import CloudAccess
from galeria.ports.machines import ImageCache, VmEngine


def open_cloud(
    name: str,
    access: CloudAccess,
    *,
    installation: str,
    data: Path,
    margin: DiskMargin = NO_MARGIN,
    exceptions: tuple[NetworkException, ...] = (),
) -> tuple[VmEngine, ImageCache]:
    """Return the machines and bases of region `name`. `exceptions` is what its machines reach whatever a plan says.

    The cloud is first asked when something is wanted of it.
    """
    region = CloudRegion(name, access, installation=installation, data=data, margin=margin, exceptions=exceptions)
    return OpenStackEngine(region), GlanceCache(region.images, work=region.work, margin=margin)

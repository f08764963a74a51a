"""What belongs to one region in a cloud: its project's images, servers and layers."""

from pathlib import Path

from galeria.adapters.openstack.cloud import Cloud
from galeria.adapters.openstack.groups import SecurityGroups
from galeria.adapters.openstack.images import CloudImages
from galeria.adapters.openstack.isolation import Isolation
from galeria.adapters.openstack.layers import CloudLayers
from galeria.adapters.openstack.servers import Servers
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.domain.labs.guest_network import NetworkException
from galeria.domain.regions import CloudAccess


class CloudRegion:
    """A region whose machines run in a cloud. Nothing is asked of the cloud before it is needed."""

    def __init__(
        self,
        name: str,
        access: CloudAccess,
        *,
        installation: str,
        data: Path,
        margin: DiskMargin = NO_MARGIN,
        exceptions: tuple[NetworkException, ...] = (),
    ) -> None:
        self.name = name
        self.work = data.resolve() / "regions" / name / "passing"
        self.cloud = Cloud(access)
        self.images = CloudImages(self.cloud, installation=installation, region=name)
        self.servers = Servers(self.cloud, installation=installation, region=name)
        groups = SecurityGroups(self.cloud, installation=installation, region=name)
        self.isolation = Isolation(self.cloud, groups, exceptions=exceptions)
        self.layers = CloudLayers(self.images, self.servers, work=self.work, margin=margin)

"""The regions of an installation, grouped into geographies."""

from dataclasses import dataclass, field

from galeria.domain.errors import Invalid
from galeria.domain.ids import location_name
from galeria.domain.messages import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketAccess:
    """How a region's bucket is reached. What is empty comes from the environment, as for each cloud's own tools."""

    endpoint: str = ""  # https://s3.example.org; empty: the cloud's own
    account: str = ""  # S3's access key id, or the name of Azure's storage account
    secret: str = field(default="", repr=False)  # S3's secret access key, or the account's key
    signing_region: str = ""  # that S3 requests are signed for; empty: us-east-1, or the environment's
    allow_http: bool = False  # whether the endpoint may be without TLS, as on a network of its own
    authority: str = ""  # a file of what signed the endpoint's certificate; empty: what this computer trusts


BY_ENVIRONMENT = BucketAccess()


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudAccess:
    """The project of an OpenStack cloud that a region's machines run in."""

    name: str  # of its entry in clouds.yaml, which holds address and credentials
    network: str  # the name of the network that machines are on
    file: str = ""  # path of clouds.yaml; empty: where OpenStack's own tools look for it
    reached_from: tuple[str, ...] = ()  # networks that machines see Galeria's hosts in; none: this host's own address


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A region of the installation: a place that stores images and runs machines.

    Its geography is a group of regions that images are replicated among by default.
    """

    name: str  # brazilsouth
    display_name: str  # Brazil South
    geography: str  # brazil
    bucket_url: str = ""  # where its image bytes are; empty: a folder under the data directory
    store: BucketAccess = BY_ENVIRONMENT
    cloud: CloudAccess | None = None  # where its machines run; None: on this host, under libvirt


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

    def in_clouds(self) -> dict[str, CloudAccess]:
        """Returns the regions whose machines run in a cloud and not on this host, by short name."""
        return {region.name: region.cloud for region in self.all if region.cloud is not None}

    def is_in_cloud(self, name: str) -> bool:
        """Returns whether the machines of the region with that short name run in a cloud, which can do less with them."""
        return name in self.in_clouds()

    def of_geography(self, name: str) -> tuple[Region, ...]:
        """Returns every region of the geography that region `name` lies in, that region first.

        Raises Invalid for an unknown one.
        """
        home = self.get(name)
        return (home, *(r for r in self.all if r.geography == home.geography and r != home))

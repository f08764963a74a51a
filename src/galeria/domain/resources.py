"""What every ARM resource carries."""

from dataclasses import dataclass, field
from datetime import datetime

from galeria.domain.ids import ResourceId
from galeria.domain.states import ProvisioningState


@dataclass(eq=False, kw_only=True)
class Resource:
    """`id` is ours and never used again; `resource_id` is the caller's spelling and `key` its comparable form."""

    id: str
    resource_id: str
    key: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    state: ProvisioningState = ProvisioningState.SUCCEEDED
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str

    @property
    def name(self) -> str:
        return self.resource_id.rsplit("/", 1)[-1]

    @property
    def arm_id(self) -> ResourceId:
        return ResourceId.parse(self.resource_id)


class Outline:
    """Of a resource that is known in brief, where thousands are looked through. Each kind says what else it has."""

    __slots__ = ()

    resource_id: str

    @property
    def name(self) -> str:
        return self.resource_id.rpartition("/")[2]

    @property
    def key(self) -> str:
        return self.resource_id.lower()


@dataclass(eq=False, kw_only=True)
class Subscription:
    id: str  # a GUID
    display_name: str


@dataclass(eq=False, kw_only=True)
class ResourceGroup(Resource):
    subscription_id: str

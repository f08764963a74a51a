"""What a machine is to be, from when it is made until its server has been ready once: a small text that Glance keeps."""

import json
from dataclasses import asdict, dataclass, field

from galeria.adapters.openstack.hardware import properties_of
from galeria.ports.images import Digest
from galeria.ports.machines import MachineSpec

# For a disk that has accounts already: a server is something new to cloud-init, which then would make the account of its
# distribution, and other host keys. What it does for the network and for a larger disk stays. It also gives the machine its
# name in the cloud, before it reads this: nothing that is said here would hinder that.
OWN_IDENTITY = "#cloud-config\nusers: []\nssh_deletekeys: false\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class MachinePlan:
    """A machine that was never ready."""

    base: Digest
    vcpus: int
    memory_mib: int
    title: str
    user_data: str  # for cloud-init at its first boot
    hardware: dict[str, str] = field(default_factory=dict)  # what its image asks Nova for, besides the usual

    @classmethod
    def of(cls, spec: MachineSpec, user_data: str) -> "MachinePlan":
        """Raises MachineFailed where no cloud can do it."""
        return cls(
            base=spec.base,
            vcpus=spec.vcpus,
            memory_mib=spec.memory_mib,
            title=spec.title,
            user_data=user_data,
            hardware=properties_of(spec),
        )

    def text(self) -> str:
        return json.dumps(asdict(self))


def read_plan(content: bytes) -> MachinePlan:
    return MachinePlan(**json.loads(content))

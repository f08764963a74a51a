"""A region of an installation of its own in the cloud, and what is asked of its machines."""

import uuid
from dataclasses import dataclass
from functools import cached_property

from galeria.adapters.openstack.cloud import Cloud
from galeria.adapters.openstack.groups import SecurityGroups
from galeria.adapters.openstack.images import CloudImages
from galeria.adapters.openstack.servers import Servers
from galeria.domain.regions import CloudAccess
from galeria.interfaces.demo.shell import SshShell
from galeria.ports.images import Digest
from galeria.ports.machines import FirstBoot, ImageCache, Machine, MachineSpec, VmEngine
from tests.adapters.engine.conftest import password_hash

REGION, USER, PASSWORD = "campus", "ana", "Course-Work-2026"


@dataclass(frozen=True, kw_only=True)
class Campus:
    """One region of an installation of its own in the cloud."""

    engine: VmEngine
    cache: ImageCache
    access: CloudAccess
    installation: str
    base: Digest
    silence: float = 60.0  # seconds after which a machine that says nothing while it is asked is given up

    def made(self) -> Machine:
        machine = Machine(id=uuid.uuid4().hex, region=REGION)
        spec = MachineSpec(machine=machine, base=self.base, generation="V1", vcpus=1, memory_mib=256, ssh_port=0)
        first = FirstBoot(
            instance_id=machine.id,
            host_name="workbench",
            user_name=USER,
            password_hash=password_hash(PASSWORD),
        )
        self.engine.ensure_machine(spec, first)
        return machine

    def inside(self, machine: Machine, script: str) -> str:
        place = self.engine.address(machine)
        return SshShell(host=place, port=22, user=USER, password=PASSWORD, silence=self.silence).run(script)

    def reaches(self, machine: Machine, address: str, port: int = 8000) -> bool:
        """Whether a server answers a probe in the machine."""
        return bool(self.inside(machine, f"nc -w 4 {address} {port} < /dev/null; true"))

    @cached_property
    def cloud(self) -> Cloud:
        """One for all questions: each has a connection of its own, and Neutron answers a hundred."""
        return Cloud(self.access)

    def groups(self) -> SecurityGroups:
        return SecurityGroups(self.cloud, installation=self.installation, region=REGION)

    def images(self) -> CloudImages:
        return CloudImages(self.cloud, installation=self.installation, region=REGION)

    def server(self, machine: Machine) -> str:
        found = Servers(self.cloud, installation=self.installation, region=REGION).find(machine.id)
        assert found
        return found.id

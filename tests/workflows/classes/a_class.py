"""A class of students on the fake engine, whose template holds something."""

from galeria.actions.labs.lab_publishing import begin_scaling, publish_lab
from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.actions.labs.machines import reimage_machine, start_machine, stop_machine
from galeria.actions.rosters.machine_claims import claim_any
from galeria.adapters.fakes.guest import FakeGuest
from galeria.domain.images.findings import CloudInit, Findings, SystemKind
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.operations import Operation
from galeria.ports.machines import Machine
from tests.local_installation import LocalInstallation, lab_id, secrets, version_id

LINUX = Findings(kind=SystemKind.LINUX, cloud_init=CloudInit())
MARK = b"written in the template"
PLACE = 512 * 1024


class Class:
    """A lab `algebra` for some students."""

    def __init__(self, installation: LocalInstallation) -> None:
        self.installation = installation

    def change(self, **wanted: object) -> Operation | None:
        """Change the lab's settings; the operation that scales it is run."""
        with self.installation.request("educator") as request:
            lab = update_lab(request, lab_id("algebra"), LabSettings(**wanted), secrets())  # type: ignore[arg-type]
            operation = begin_scaling(request, lab)
        return self.installation.run(operation) if operation else None

    def publish(self, *, captures: bool = True) -> Operation:
        with self.installation.request("educator") as request:
            operation = publish_lab(request, lab_id("algebra"), captures=captures)
        return self.installation.run(operation)

    @property
    def lab(self) -> Lab:
        with self.installation.context.database(reading=True) as uow:
            return uow.labs.get_by_key(lab_id("algebra").key)

    @property
    def students(self) -> list[LabMachine]:
        with self.installation.context.database(reading=True) as uow:
            machines = uow.machines.of_lab(self.lab.id)
        return [each for each in machines if each.kind is MachineKind.USER]

    def claim(self, who: str) -> LabMachine:
        with self.installation.request(who) as request:
            return claim_any(request, request.uow.labs.get_by_key(lab_id("algebra").key))

    def start(self, name: str, who: str = "educator") -> Operation:
        with self.installation.request(who) as request:
            operation = start_machine(request, lab_id("algebra"), name)
        return self.installation.run(operation)

    def guest(self, machine: LabMachine) -> FakeGuest:
        return self.installation.engine.guest(Machine(id=machine.id, region=machine.region))

    def content(self, machine: LabMachine) -> bytes:
        return self.installation.engine.read(Machine(id=machine.id, region=machine.region), PLACE, len(MARK))

    def named(self, name: str) -> LabMachine:
        return next(each for each in self.students if each.name == name)

    def stop(self, name: str) -> Operation:
        with self.installation.request("educator") as request:
            operation = stop_machine(request, lab_id("algebra"), name)
        return self.installation.run(operation)

    def reimage(self, name: str, who: str = "educator") -> Operation:
        with self.installation.request(who) as request:
            operation = reimage_machine(request, lab_id("algebra"), name)
        return self.installation.run(operation)

    def rewrite(self, content: bytes) -> None:
        """Write this in the template, and publish it as a new revision."""
        self.installation.run(self.installation.begin_start("algebra"))
        self.installation.engine.write(self.installation.guest_of("algebra"), PLACE, content)
        self.publish()


def fill(installation: LocalInstallation) -> Class:
    """Make the lab `algebra` one for eight, whose template was used and holds MARK. Somebody has looked into its image."""
    made = Class(installation)
    with installation.context.database() as uow:
        uow.versions.get_by_key(version_id("linux").key).found = LINUX
        uow.commit()
    made.change(capacity=8, open_access=True, usage_quota="PT10H", profiles={"useSharedPassword": "Enabled"})
    installation.run(installation.begin_start("algebra"))
    installation.engine.write(installation.guest_of("algebra"), PLACE, MARK)
    return made

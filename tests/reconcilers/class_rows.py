"""Labs with students' machines, made by hand in the database: how they come about is tested elsewhere."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from galeria.actions.labs.lab_settings import LabSettings, update_lab
from galeria.domain.labs.addresses import address_key
from galeria.domain.labs.labs import LabMachine, MachineKind
from galeria.domain.labs.roster import LabUser
from galeria.domain.labs.schedules import ScheduleTimes
from galeria.domain.operations import Operation
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.domain.states import LabState, MachineState
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_lab import ensure_machine
from tests.local_installation import LocalInstallation, lab_id, secrets

LAB = lab_id("algebra")
ZONE = "America/Sao_Paulo"


@dataclass
class SetClock:
    """A clock that a test sets."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def set(self, local: str) -> None:
        """Set it to a local time of the schedules' zone."""
        self.at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


def with_clock(installation: LocalInstallation, local: str) -> tuple[LocalInstallation, SetClock]:
    """The same installation, whose time the test sets."""
    clock = SetClock(datetime.now(UTC))
    clock.set(local)
    return replace(installation, context=replace(installation.context, clock=clock)), clock


def add_students(
    installation: LocalInstallation, count: int, *, claimed: bool = True, on_host: bool = True
) -> list[LabMachine]:
    """Give the lab students, each with a machine that is off; `on_host` tells whether the engine is to have it, too."""
    context = installation.context
    with context.database() as uow:
        lab = uow.labs.get_by_key(LAB.key)
        lab.capacity += count
        lab.lab_state = LabState.PUBLISHED
        (template, *_) = uow.machines.of_lab(lab.id)
        taken = uow.machines.ports()
        made = []
        for number in range(count):
            name = f"student{number}"
            user = _user(context, lab.id, name) if claimed else None
            if user:
                person = _person(context, name, user.principal_id or "")
                uow.people.add(person)
                installation.people[name] = person
                uow.lab_users.add(user)
            machine = LabMachine(
                id=context.id_generator.new_id(),
                lab_id=lab.id,
                kind=MachineKind.USER,
                name=f"{name}-vm" if claimed else f"free{number}-vm",
                region=template.region,
                state=MachineState.STOPPED,
                base_digest=template.base_digest,
                os_state=template.os_state,
                ssh_port=max(taken) + 1 + number,
                user_name="student",
                claimed_by=user.id if user else None,
                created_at=context.clock.now(),
            )
            uow.machines.add(machine)
            made.append(machine)
        uow.commit()
    for machine in made if on_host else ():
        ensure_machine(context, lab, machine)
    return made


def _person(context: WorkflowContext, name: str, id: str) -> Principal:
    return Principal(
        id=id, kind=PrincipalKind.USER, name=name, display_name=name, secret_hash="", created_at=context.clock.now()
    )


def _user(context: WorkflowContext, lab: str, name: str) -> LabUser:
    id, now = LAB.child("users", name), context.clock.now()
    return LabUser(
        id=context.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location="brazilsouth",
        lab_id=lab,
        email=f"{name}@example.org",
        email_key=address_key(f"{name}@example.org"),
        principal_id=context.id_generator.new_guid(),
        created_at=now,
        created_by="educator",
        modified_at=now,
        modified_by="educator",
    )


def once(start: str | None, stop: str) -> ScheduleTimes:
    begin = datetime.fromisoformat(start) if start else None
    return ScheduleTimes(start=begin, stop=datetime.fromisoformat(stop), zone=ZONE)


def set_lab(installation: LocalInstallation, settings: LabSettings) -> None:
    with installation.request() as request:
        update_lab(request, LAB, settings, secrets())


def set_state(installation: LocalInstallation, machine: LabMachine, state: MachineState, *, cause: str = "") -> None:
    with installation.context.database() as uow:
        row = uow.machines.get(machine.id)
        row.state, row.start_cause = state, cause or row.start_cause
        uow.commit()


def work(installation: LocalInstallation) -> list[Operation]:
    """Do everything that was begun, and return it."""
    with installation.context.database(reading=True) as uow:
        begun = uow.operations.unsettled()
    return [installation.run(each) for each in begun]


def states(installation: LocalInstallation) -> dict[str, MachineState]:
    with installation.context.database(reading=True) as uow:
        return {each.name: each.state for each in uow.machines.of_lab(uow.labs.get_by_key(LAB.key).id)}

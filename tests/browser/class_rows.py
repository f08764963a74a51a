"""A class in the lab of the browser tests: rows as publishing and registering leave them behind, and a student."""

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.adapters.system import RandomIdGenerator, SystemClock
from galeria.domain.durations import HOUR
from galeria.domain.labs.addresses import address_key
from galeria.domain.labs.labs import LabMachine, MachineKind
from galeria.domain.labs.roster import LabUser
from galeria.domain.states import MachineState
from galeria.ports.database import UnitOfWork
from tests.browser.portal_server import LAB, Person, PortalServer

CAIO = Person(name="caio", display_name="Caio Melo", role="")
"""A student, who has no role: the user of the machine `vm1`."""
CODE = "algebra2026"


def add_class(portal_server: PortalServer) -> None:
    """The lab is open to whoever has its code; Caio has a machine, and somebody was listed who has not come yet."""
    portal_server.add(CAIO)
    engine = make_engine(f"sqlite:///{portal_server.folder}/data/private/galeria.db")
    map_classes()
    with SqlDatabase(engine)() as uow:
        lab = next(each for each in uow.labs.below("/subscriptions") if each.name == LAB)
        lab.capacity, lab.open_access, lab.usage_quota = 2, True, 10 * HOUR
        lab.published_at, lab.registration_code = SystemClock().now(), CODE
        caio = uow.people.find_by_name(CAIO.name)
        assert caio is not None
        users = (_user(uow, lab.id, CAIO.name, caio.id), _user(uow, lab.id, "dora@example.org", None))
        machine = _machine(uow, lab.id)
        machine.claimed_by = users[0].id
        uow.commit()
    engine.dispose()


def _user(uow: UnitOfWork, lab_id: str, email: str, principal_id: str | None) -> LabUser:
    lab, now = uow.labs.get(lab_id), SystemClock().now()
    id = lab.arm_id.child("users", RandomIdGenerator().new_guid())
    user = LabUser(
        id=RandomIdGenerator().new_id(),
        resource_id=str(id),
        key=id.key,
        location=lab.location,
        lab_id=lab_id,
        email=email,
        email_key=address_key(email),
        display_name=CAIO.display_name if principal_id else "",
        principal_id=principal_id,
        created_at=now,
        created_by="ana",
        modified_at=now,
        modified_by="ana",
    )
    uow.lab_users.add(user)
    uow.flush()
    return user


def _machine(uow: UnitOfWork, lab_id: str) -> LabMachine:
    (template,) = uow.machines.of_lab(lab_id)
    machine = LabMachine(
        id=RandomIdGenerator().new_id(),
        lab_id=lab_id,
        kind=MachineKind.USER,
        name="vm1",
        region=template.region,
        state=MachineState.STOPPED,
        os_state=template.os_state,
        base_digest=template.base_digest,
        ssh_port=max(uow.machines.ports()) + 1,
        user_name=template.user_name,
        created_at=SystemClock().now(),
    )
    uow.machines.add(machine)
    return machine

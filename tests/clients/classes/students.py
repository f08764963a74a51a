"""Students as the clients sign them in, and labs for classes of them."""

from typing import Any

import httpx

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.mapping import map_classes
from galeria.adapters.db.unit_of_work import SqlDatabase
from galeria.domain.durations import HOUR
from tests.clients.client_server import ClientServer
from tests.clients.clients import Sdk

PASSWORD = "Course-Work-2026"


def add_student(client_server: ClientServer, rest: httpx.Client, address: str) -> dict[str, str]:
    """Somebody without any role, who signs in by the e-mail address that a lab's list has; for `Sdk.signed_in`."""
    people = f"/subscriptions/{client_server.subscription}/providers/Microsoft.Galeria/people"
    body = {"name": address, "displayName": address.partition("@")[0], "password": PASSWORD, "kind": "User"}
    rest.post(people, json=body).raise_for_status()
    return {"username": address, "password": PASSWORD}


def machines_of(labs: Sdk, group: str, lab: str) -> dict[str, dict[str, Any]]:
    """The properties of the lab's machines for students, by name."""
    listed = labs("virtual_machines.list_by_lab", group, lab)
    return {each["name"]: each["properties"] for each in listed if each["properties"]["vmType"] == "User"}


def use_up(client_server: ClientServer, address: str, hours: int) -> None:
    """Let the server have counted that many hours of this user, in each lab that lists them."""
    engine = make_engine(f"sqlite:///{client_server.folder}/data/private/galeria.db")
    map_classes()
    with SqlDatabase(engine)() as uow:
        for lab in uow.labs.below("/subscriptions"):
            user = uow.lab_users.find_by_email(lab.id, address)
            if user:
                user.total_usage = hours * HOUR
        uow.commit()
    engine.dispose()

"""Labs of Windows images: their own rules for names and passwords, and a password that nobody keeps longer than needed."""

from dataclasses import replace

import pytest

from galeria.actions.labs.lab_settings import LabSettings, NonAdminAccount, update_lab
from galeria.actions.labs.lab_validation import check_lab
from galeria.actions.labs.labs import create_lab
from galeria.actions.labs.machines import reimage_machine, reset_password
from galeria.adapters.fakes.guest import FakeGuest
from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.hardware import DiskBus, NetworkCard
from galeria.domain.labs.labs import LabCreateOption, LabMachine
from galeria.domain.labs.revisions import LOCKED, first_password_hash
from galeria.domain.operations import Operation
from galeria.domain.states import MachineState
from tests.local_installation import (
    ACCOUNT,
    GALLERY,
    MIB,
    LocalInstallation,
    disk_bytes,
    lab_id,
    lab_request,
    secrets,
)
from tests.prepared_installations import MakeInstallation

IMAGE = GALLERY.child("images", "windows")
PASSWORD = "Typed-Secret-1"
USER = "Ana.Souza"


def prepare(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("windows", disk_bytes(MIB)))
    with installation.context.database() as uow:
        uow.definitions.get_by_key(IMAGE.key).os_type = OsType.WINDOWS
        uow.commit()


@pytest.fixture
def installation(new_installation: MakeInstallation) -> LocalInstallation:
    return new_installation(prepare)


def specialize(installation: LocalInstallation) -> None:
    with installation.context.database() as uow:
        uow.definitions.get_by_key(IMAGE.key).os_state = OsState.SPECIALIZED
        uow.commit()


def make(installation: LocalInstallation, *, user: str = USER, password: str = PASSWORD) -> Operation:
    wanted = replace(lab_request("algebra", IMAGE), user_name=user, password=password)
    with installation.request("educator") as request:
        _, _, operation = create_lab(request, lab_id("algebra"), wanted, secrets())
    return installation.run(operation)


def machine(installation: LocalInstallation) -> LabMachine:
    return installation.machine("algebra")


def guest(installation: LocalInstallation) -> FakeGuest:
    return installation.engine.guest(installation.guest_of("algebra"))


def test_a_generalized_image_gets_the_password_and_the_database_forgets_it(installation: LocalInstallation) -> None:
    assert make(installation).error_message == ""

    seed = guest(installation).seed
    assert seed is not None
    assert (seed["user_name"], seed["password"], seed["host_name"]) == (USER, PASSWORD, "algebra")
    assert machine(installation).pending_password == ""
    with installation.context.database(reading=True) as uow:
        lab = uow.labs.get(machine(installation).lab_id)
    assert lab.os_type is OsType.WINDOWS
    assert lab.hardware is not None
    assert (lab.hardware.disk_bus, lab.hardware.network_card) == (DiskBus.IDE, NetworkCard.E1000E)
    assert lab.profiles["connectionProfile"]["clientRdpAccess"] == "Public"
    assert lab.profiles["connectionProfile"]["clientSshAccess"] == "None"


def test_a_machine_made_anew_gets_a_password_that_nobody_knows(installation: LocalInstallation) -> None:
    make(installation)
    with installation.request("educator") as request:
        operation = reimage_machine(request, lab_id("algebra"), "template")
    assert installation.run(operation).error_message == ""

    seed = guest(installation).seed
    assert seed is not None
    assert len(seed["password"]) > 20
    assert seed["password"] != PASSWORD


def test_a_specialized_image_gets_it_through_its_agent_at_the_first_start(installation: LocalInstallation) -> None:
    specialize(installation)
    make(installation)
    assert machine(installation).pending_password == PASSWORD
    assert guest(installation).seed is None

    assert installation.run(installation.begin_start("algebra")).error_message == ""

    assert guest(installation).passwords[USER] == PASSWORD
    assert (machine(installation).pending_password, machine(installation).pending_password_hash) == ("", "")


def test_without_agent_the_machine_keeps_its_own_account(
    installation: LocalInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    specialize(installation)
    make(installation)
    monkeypatch.setattr(installation.engine, "has_agent", lambda machine: False)

    assert installation.run(installation.begin_start("algebra")).error_message == ""

    assert guest(installation).passwords == {}
    assert (machine(installation).state, machine(installation).pending_password) == (MachineState.RUNNING, "")
    assert guest(installation).is_ssh_open


def test_a_reset_brings_the_password_itself_and_forgets_it(installation: LocalInstallation) -> None:
    make(installation)
    installation.run(installation.begin_start("algebra"))
    with installation.request("educator") as request:
        operation = reset_password(
            request, lab_id("algebra"), "template", account=USER, new_password="Other-Secret-2", secrets=secrets()
        )
    assert machine(installation).pending_password == "Other-Secret-2"

    assert installation.run(operation).error_message == ""

    assert guest(installation).passwords[USER] == "Other-Secret-2"
    assert machine(installation).pending_password == ""


@pytest.mark.parametrize(
    ("user", "password", "field"),
    [
        ("Administrator", PASSWORD, "user"),
        ("ana souza", PASSWORD, "user"),
        ("ana.souza", "My-Ana.Souza-1", "password"),
    ],
)
def test_what_windows_refuses_is_refused_before_anything_is_made(
    installation: LocalInstallation, user: str, password: str, field: str
) -> None:
    wanted = replace(lab_request("algebra", IMAGE), user_name=user, password=password)
    with installation.request("educator") as request:
        account = request.uow.accounts.get_by_key(ACCOUNT.key)
        assert list(check_lab(request, lab_id("algebra"), account, wanted).errors) == [field]
    with pytest.raises(Invalid):
        make(installation, user=user, password=password)
    with installation.context.database(reading=True) as uow:
        assert uow.labs.find_by_key(lab_id("algebra").key) is None


def test_no_account_of_windows_gets_an_empty_password(installation: LocalInstallation) -> None:
    specialize(installation)
    make(installation)
    with installation.context.database() as uow:  # as if the password had been lost with the disk
        made = uow.machines.get(machine(installation).id)
        made.pending_password_hash, made.pending_password = LOCKED, ""
        uow.commit()
    assert installation.run(installation.begin_start("algebra")).error_message == ""
    assert len(guest(installation).passwords[USER]) > 20


@pytest.mark.parametrize(
    ("option", "shared", "begins_with"),
    [
        (LabCreateOption.TEMPLATE_VM, "Enabled", ""),
        (LabCreateOption.IMAGE, "Enabled", LOCKED),
        (LabCreateOption.TEMPLATE_VM, "Disabled", LOCKED),
    ],
)
def test_students_of_windows_begin_with_the_templates_password_or_set_one(
    installation: LocalInstallation, option: LabCreateOption, shared: str, begins_with: str
) -> None:
    make(installation)
    with installation.context.database(reading=True) as uow:
        lab = uow.labs.get(machine(installation).lab_id)
    lab.create_option, lab.profiles = option, {**lab.profiles, "useSharedPassword": shared}
    lab.non_admin_user, lab.non_admin_hash = "student", "$6$hash"
    assert first_password_hash(lab) == begins_with


def test_an_account_without_rights_needs_a_template(installation: LocalInstallation) -> None:
    said = LabSettings(non_admin=NonAdminAccount(user_name="student", password=PASSWORD))
    make(installation)
    with installation.request("educator") as request:
        lab = update_lab(request, lab_id("algebra"), said, secrets())
        assert lab.non_admin_user == "student"
        lab.create_option = LabCreateOption.IMAGE
        with pytest.raises(Invalid, match="is an administrator"):
            update_lab(request, lab_id("algebra"), said, secrets())

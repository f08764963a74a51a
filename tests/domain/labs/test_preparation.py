"""What a look into a disk decides for the machines that are made of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from galeria.domain.images.findings import (
    CloudInit,
    Findings,
    FoundAccount,
    GuestAgent,
    NetworkFile,
    SshServer,
    SystemKind,
)
from galeria.domain.images.galleries import Generation, OsState, OsType
from galeria.domain.labs.disk_changes import DiskChanges
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.labs.preparation import CLOUD_SEED, accounts_to_close, card_address, first_changes

LINUX = Findings(kind=SystemKind.LINUX, ssh=SshServer(name="openssh", has_host_keys=True))
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def lab(state: OsState, **profiles: object) -> Lab:
    return Lab(
        id="1",
        resource_id="/labs/One",
        key="/labs/one",
        location="brazilsouth",
        account_id="a",
        title="One",
        definition_id="d",
        image_id="i",
        version_id="v",
        version_name="1.0.0",
        base_digest="b",
        os_state=state,
        generation=Generation.V1,
        size="Tiny",
        user_name="ana",
        profiles=profiles,
        created_at=NOW,
        created_by="ana",
        modified_at=NOW,
        modified_by="ana",
    )


def machine(state: OsState = OsState.SPECIALIZED, *, renew: bool = False, pending: str = "$6$hash") -> LabMachine:
    return LabMachine(
        id="m",
        lab_id="1",
        kind=MachineKind.TEMPLATE,
        name="template",
        region="brazilsouth",
        base_digest="b",
        os_state=state,
        ssh_port=1,
        user_name="ana",
        pending_password_hash=pending,
        renew_identity=renew,
        created_at=NOW,
    )


@pytest.mark.parametrize("found", [None, Findings(kind=SystemKind.WINDOWS), Findings(kind=SystemKind.UNKNOWN)])
@pytest.mark.parametrize("state", OsState)
def test_what_is_not_known_is_left_alone(found: Findings | None, state: OsState) -> None:
    assert first_changes(found, lab(state), machine(state)) is None


@pytest.mark.parametrize("state", OsState)
def test_the_disk_of_a_windows_lab_is_left_alone(state: OsState) -> None:
    """Whatever a look has found there: its registry is not edited offline."""
    windows = lab(state)
    windows.os_type = OsType.WINDOWS
    assert first_changes(LINUX, windows, machine(state)) is None


def test_a_specialized_image_opens_for_its_lab_only() -> None:
    kept = lab(OsState.SPECIALIZED, keepAccounts=["prof", "ana"])

    assert first_changes(LINUX, kept, machine(renew=True)) == DiskChanges(
        user_name="ana",
        password_hash="$6$hash",
        close_others=True,
        keep=("prof",),  # not the lab's own, whose old keys must not open it
        host_name="one",
        new_identity=True,
    )
    assert first_changes(LINUX, kept, machine(pending="")) is None


@pytest.mark.parametrize(
    ("sources", "changes"),
    [
        ((), None),
        (("NoCloud", "Azure"), None),
        (("Azure",), DiskChanges(data_sources=("NoCloud", "Azure", "None"))),
        (("ConfigDrive", "None"), DiskChanges(data_sources=("NoCloud", "ConfigDrive", "None"))),
        (("None",), None),
        (("Evil ]", "Ec2"), DiskChanges(data_sources=("NoCloud", "Ec2", "None"))),
    ],
)
def test_a_generalized_image_is_left_to_a_cloud_init_that_hears_of_us(
    sources: tuple[str, ...], changes: DiskChanges | None
) -> None:
    found = replace(LINUX, cloud_init=CloudInit(data_sources=sources))
    assert first_changes(found, lab(OsState.GENERALIZED), machine(OsState.GENERALIZED)) == changes


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ((), ()),
        (("ConfigDrive", "None"), ()),
        (("NoCloud", "None"), ("ConfigDrive", "NoCloud", "None")),
        (("Azure",), ("ConfigDrive", "Azure", "None")),
    ],
)
def test_in_a_cloud_the_drive_that_machines_have_there_is_heard_of(
    sources: tuple[str, ...], told: tuple[str, ...]
) -> None:
    found = replace(LINUX, cloud_init=CloudInit(data_sources=sources))
    changes = first_changes(found, lab(OsState.GENERALIZED), machine(OsState.GENERALIZED), seed=CLOUD_SEED)
    assert (changes or DiskChanges()).data_sources == told


@pytest.mark.parametrize("cloud_init", [None, CloudInit(is_enabled=False, data_sources=("Azure",))])
def test_a_generalized_image_without_cloud_init_is_set_up_here(cloud_init: CloudInit | None) -> None:
    found = replace(
        LINUX,
        cloud_init=cloud_init,
        agents=(GuestAgent.AZURE,),
        ssh=SshServer(name="openssh", has_host_keys=False),
    )
    assert first_changes(found, lab(OsState.GENERALIZED), machine(OsState.GENERALIZED)) == DiskChanges(
        user_name="ana", password_hash="$6$hash", host_name="one", ensures_host_keys=True
    )


@pytest.mark.parametrize("state", OsState)
def test_a_card_is_called_as_the_images_settings_call_it(state: OsState) -> None:
    changes = first_changes(replace(LINUX, card_name="ens7"), lab(state), machine(state))
    assert changes is not None
    assert changes.card_name == "ens7"


def test_cloud_init_that_sets_up_a_machine_finds_its_card_by_itself() -> None:
    found = replace(LINUX, card_name="ens7", cloud_init=CloudInit())
    assert first_changes(found, lab(OsState.GENERALIZED), machine(OsState.GENERALIZED)) is None


def test_found_and_known_accounts_are_closed_but_for_those_that_stay() -> None:
    found = replace(
        LINUX, accounts=tuple(FoundAccount(name=name, has_password=True, keys=0) for name in ("root", "prof", "ana"))
    )
    assert accounts_to_close(found, ["guest", "prof"], user_name="ana", keep=("root",)) == ["guest", "prof"]
    assert accounts_to_close(None, ["guest"], user_name="ana", keep=()) == ["guest"]


def test_the_network_card_gets_the_address_that_the_images_settings_name() -> None:
    rules = NetworkFile(path="/etc/udev/rules.d/70-persistent-net.rules", addresses=("52:54:00:00:00:01",))
    netplan = NetworkFile(path="/etc/netplan/50-cloud-init.yaml", addresses=("01:00:5e:00:00:01", "00:0d:3a:00:00:02"))

    assert card_address(None) == card_address(LINUX) == ""
    assert card_address(replace(LINUX, network_files=(rules,))) == "52:54:00:00:00:01"
    # The first is an address of many machines, which no card can have.
    assert card_address(replace(LINUX, network_files=(rules, netplan))) == "00:0d:3a:00:00:02"

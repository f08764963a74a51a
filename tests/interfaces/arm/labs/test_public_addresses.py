"""`sshAuthority` and `rdpAuthority` of a server with a public name, in both generations of the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.settings import Settings
from tests.interfaces.arm.lab_machines import student_machine
from tests.interfaces.arm.served import (
    GALLERY,
    GROUP,
    LABS,
    Arm,
    definition_body,
    done,
    lab_body,
    serving,
    version_body,
)
from tests.local_installation import disk_bytes

NAME = "labs.example.org"
IMAGE = f"{GALLERY}/images/linux"
OLD = f"{GROUP}/providers/Microsoft.LabServices/labaccounts/labs/labs/algebra/environmentsettings/default"
PROFILE = {"webSshAccess": "None", "webRdpAccess": "None", "clientSshAccess": "Public", "clientRdpAccess": "Public"}


@pytest.fixture
def public(tmp_path: Path, migrated_file: Path, token_key: RSAPrivateKey) -> Iterator[Arm]:
    settings = Settings(server=ServerSettings(name=NAME))
    with serving(tmp_path / "arm", migrated_file, token_key, settings=settings) as arm:
        done(arm().put(IMAGE, json=definition_body("linux")), 201)
        body = version_body(arm.installation.upload(disk_bytes()), "brazilsouth")
        done(arm().put(f"{IMAGE}/versions/1.0.0", json=body), 201)
        arm.work()
        yield arm


def make_lab(arm: Arm, **profile: str) -> str:
    body = lab_body(IMAGE)
    body["properties"]["connectionProfile"] = {**PROFILE, **profile}
    done(arm("educator").put(f"{LABS}/algebra", json=body), 201)
    arm.work()
    return f"{LABS}/algebra/virtualMachines"


def test_both_generations_name_the_public_addresses_of_a_template(public: Arm) -> None:
    machine = done(public("educator").get(f"{make_lab(public)}/template"))["properties"]["connectionProfile"]
    ports = {name: int(machine[name].removeprefix(f"{NAME}:")) for name in ("sshAuthority", "rdpAuthority")}
    assert len(set(ports.values())) == 2
    assert set(ports.values()) <= set(range(61000, 65536))
    old = done(public("educator").get(OLD))["properties"]["resourceSettings"]["referenceVm"]["vmStateDetails"]
    assert {name: old[name] for name in ports} == {name: machine[name] for name in ports}


def test_a_students_machine_gets_its_ports_when_it_starts(public: Arm) -> None:
    machines = make_lab(public, clientRdpAccess="None")
    student_machine(public, "algebra", "one", 20101)
    assert "sshAuthority" not in done(public("educator").get(f"{machines}/one"))["properties"]["connectionProfile"]
    assert public("educator").post(f"{machines}/one/start").status_code == 202
    public.work()
    new = done(public("educator").get(f"{machines}/one"))["properties"]["connectionProfile"]
    old = done(public("educator").get(f"{OLD}/environments/one"))["properties"]["networkInterface"]
    assert new["sshAuthority"].startswith(f"{NAME}:6")
    assert old["sshAuthority"] == new["sshAuthority"]
    assert "rdpAuthority" not in {**new, **old}


def test_what_the_profile_does_not_make_public_has_no_address(public: Arm) -> None:
    machines = make_lab(public, clientSshAccess="Private", clientRdpAccess="None")
    assert done(public("educator").get(f"{machines}/template"))["properties"]["connectionProfile"] == {
        "adminUsername": "ana"
    }

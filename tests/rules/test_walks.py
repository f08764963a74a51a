"""What a caller asks for goes straight from the handler to the operation that does it (decision 14)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request as HttpRequest

from galeria.actions.core.caller import Caller
from galeria.actions.galleries.definitions import put_definition
from galeria.actions.versions.imports import ImportRequest, NewImage, begin_import
from galeria.interfaces.arm.compute import versions
from galeria.interfaces.arm.compute.version_schemas import VersionBody
from galeria.interfaces.arm.labs import labs
from galeria.interfaces.arm.labs.lab_schemas import LabBody
from galeria.interfaces.arm.protocol.arm_request import ArmRequest
from tests.interfaces.arm.served import Arm, lab_body, make_arm, version_body
from tests.local_installation import GALLERY, definition, disk_bytes, lab_id, make_installation, version_id
from tests.rules.walks import Walk, walk

MOST_MODULES = 9  # of interfaces and actions
MOST_RETURNS = 5  # to a module that was left before
MOST_NAMES = 13  # of parameters that hold what is asked for, or a part of it
ADDRESS = "https://images.example.org/walked.vhd"


@pytest.fixture
def arm(tmp_path: Path, migrated_file: Path) -> Iterator[Arm]:
    """A service whose handlers are called without a server between: the walk is followed in this thread."""
    installation, close = make_installation(tmp_path / "walks", migrated_file)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    yield make_arm(installation, key, "http://127.0.0.1:1")
    close()


@pytest.mark.parametrize("kind", ["file", "address"])
def test_an_import_goes_straight_to_its_operation(arm: Arm, kind: str) -> None:
    with arm.installation.request() as request:
        put_definition(request, GALLERY.child("images", "walked"), definition("walked"))
    upload = arm.installation.upload(disk_bytes())
    sent: dict[str, Any] = version_body(upload, "brazilsouth", "brazilsoutheast") | {"tags": {"course": "walking"}}
    if kind == "address":
        sent["properties"]["storageProfile"] = {"osDiskImage": {"source": {"uri": ADDRESS}}}
    body = VersionBody.model_validate(sent)

    found = walk(
        [upload, ADDRESS, "brazilsoutheast", "walking"],
        lambda: versions.put_one(version_id("walked"), body, request_of(arm)),
    )

    expect_straight(found, first="interfaces/arm/compute/versions")


def test_an_import_from_the_pages_goes_straight_to_its_operation(arm: Arm) -> None:
    upload = arm.installation.upload(disk_bytes())
    new = NewImage(display_name="Walked image", description="walking")
    wanted = ImportRequest(upload=upload, gallery=GALLERY, new=new, regions=("brazilsoutheast",))

    with arm.installation.request() as request:
        found = walk([upload, "Walked image", "walking", "brazilsoutheast"], lambda: begin_import(request, wanted))

    expect_straight(found, first="actions/versions/imports")


def test_a_lab_goes_straight_to_its_operation(arm: Arm) -> None:
    arm.installation.run(arm.installation.begin_import("walked", disk_bytes()))
    sent = lab_body(str(GALLERY.child("images", "walked")))
    body = LabBody.model_validate(sent | {"tags": {"course": "walking"}})

    found = walk(
        ["walked", "walking", "\u00c1lgebra", "tiny", "ana", "correct-Horse-7"],
        lambda: labs.put_one(lab_id("walked-lab"), body, request_of(arm)),
    )

    expect_straight(found, first="interfaces/arm/labs/labs")


def request_of(arm: Arm) -> ArmRequest:
    """What a handler gets for a request without conditions, from somebody who may do everything."""
    person = arm.installation.people["admin"]
    with arm.services.database(reading=True) as uow:
        caller = Caller(principal=person, assignments=uow.people.assignments(person.id))
    http = HttpRequest({"type": "http", "method": "PUT", "path": "/", "headers": [], "query_string": b""})
    return ArmRequest(services=arm.services, caller=caller, http=http)


def expect_straight(found: Walk, *, first: str) -> None:
    assert found.arrived
    assert found.stops[0] == first
    assert len(found.modules) <= MOST_MODULES, found.stops
    assert found.returns <= MOST_RETURNS, found.stops
    assert len(found.names) <= MOST_NAMES, sorted(found.names)

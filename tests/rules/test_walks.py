"""What a caller asks for goes straight to the operation that does it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request as HttpRequest

from galeria.actions.core.caller import Caller
from galeria.actions.galleries.definitions import put_definition
from galeria.actions.versions.imports import ImportRequest, NewImage, begin_import
from galeria.domain.ids import ResourceId
from galeria.interfaces.arm.compute import versions
from galeria.interfaces.arm.compute.version_schemas import VersionBody
from galeria.interfaces.arm.labs import labs
from galeria.interfaces.arm.labs.lab_schemas import LabBody
from galeria.interfaces.arm.protocol.arm_request import ArmRequest
from tests.interfaces.arm.served import Arm, lab_body, make_arm, version_body
from tests.local_installation import GALLERY, definition, disk_bytes, lab_id, make_installation, version_id
from tests.rules.walks import walk

FEWER_THAN = 10  # modules of interfaces and actions
RETURNS = 5  # to a module that was left before


@pytest.fixture
def arm(tmp_path: Path, migrated_file: Path) -> Iterator[Arm]:
    installation, close = make_installation(tmp_path / "walks", migrated_file)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    yield make_arm(installation, key, "http://127.0.0.1:1")
    close()


def request_of(arm: Arm) -> ArmRequest:
    """What a handler gets for a request without conditions, from somebody who may do everything."""
    person = arm.installation.people["admin"]
    with arm.services.database(reading=True) as uow:
        caller = Caller(principal=person, assignments=uow.people.assignments(person.id))
    http = HttpRequest({"type": "http", "method": "PUT", "path": "/", "headers": [], "query_string": b""})
    return ArmRequest(services=arm.services, caller=caller, http=http)


def test_an_import_goes_straight_to_its_operation(arm: Arm) -> None:
    with arm.installation.request() as request:
        put_definition(request, GALLERY.child("images", "walked"), definition("walked"))
    upload = arm.installation.upload(disk_bytes())
    body = VersionBody.model_validate(version_body(upload, "brazilsouth", "brazilsoutheast"))

    found = walk([upload, "brazilsoutheast"], lambda: versions.put_one(version_id("walked"), body, request_of(arm)))

    assert found.arrived
    assert len(found.modules) < FEWER_THAN, found.stops
    assert found.returns <= RETURNS, found.stops


def test_an_import_from_the_pages_goes_straight_to_its_operation(arm: Arm) -> None:
    upload = arm.installation.upload(disk_bytes())
    wanted = ImportRequest(
        upload=upload, gallery=GALLERY, new=NewImage(display_name="Walked image"), regions=("brazilsoutheast",)
    )

    with arm.installation.request() as request:
        found = walk([upload, "Walked image", "brazilsoutheast"], lambda: begin_import(request, wanted))

    assert found.arrived
    assert len(found.modules) < FEWER_THAN, found.stops
    assert found.returns <= RETURNS, found.stops


def test_a_lab_goes_straight_to_its_operation(arm: Arm) -> None:
    image = ResourceId.parse(str(GALLERY.child("images", "walked")))
    arm.installation.run(arm.installation.begin_import("walked", disk_bytes()))
    sent = lab_body(str(image))
    body = LabBody.model_validate(sent)

    found = walk(
        ["walked", "Álgebra", "tiny", "ana", "correct-Horse-7"],
        lambda: labs.put_one(lab_id("walked-lab"), body, request_of(arm)),
    )

    assert found.arrived
    assert len(found.modules) < FEWER_THAN, found.stops
    assert found.returns <= RETURNS, found.stops

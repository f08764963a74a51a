"""Disks and snapshots through the REST interface, with real bytes behind them."""

import pytest

from galeria.domain.images.vhd_footer import fixed_footer
from tests.interfaces.arm.served import SUB, Arm, done, told
from tests.interfaces.arm.storage import (
    COMPUTE,
    copy_body,
    disk_body,
    disk_id,
    grant,
    made,
    put_pages,
    snapshot_id,
    uploaded,
    vhd_bytes,
)
from tests.local_installation import MIB, disk_bytes


def state(arm: Arm, id: str) -> tuple[str, str]:
    properties = done(arm().get(id))["properties"]
    return properties["provisioningState"], properties["diskState"]


def test_an_upload_goes_through_its_states_and_ends_in_the_store(arm: Arm) -> None:
    id, vhd = disk_id("uploaded"), vhd_bytes()
    body = disk_body("Upload", uploadSizeBytes=len(vhd), osType="linux", hyperVGeneration="v1")
    answer = arm().put(id, json={**body, "sku": {"name": "standard_lrs"}})
    assert done(answer)["sku"] == {"name": "Standard_LRS", "tier": "Standard"}
    assert "azure-asyncoperation" not in answer.headers
    assert state(arm, id) == ("Succeeded", "ReadyToUpload")
    address = grant(arm, id)
    assert state(arm, id) == ("Succeeded", "ActiveUpload")
    put_pages(arm, address, vhd)
    ended = arm().post(f"{id}/endGetAccess")
    assert ended.status_code == 202
    assert state(arm, id)[0] == "Updating"
    assert arm().post(f"{id}/endGetAccess").headers["location"] == ended.headers["location"], "it joins the running one"
    assert [each.status for each in arm.work()] == ["Succeeded"]
    assert state(arm, id) == ("Succeeded", "Unattached")
    assert done(arm().get(ended.headers["location"]))["name"] == "uploaded"
    assert arm.installation.context.disk_files.all() == []
    assert arm.stranger().head(address).status_code == 403


def test_what_is_read_is_the_vhd_that_was_written(arm: Arm) -> None:
    id = uploaded(arm, "read")
    address = grant(arm, id, "Read")
    assert state(arm, id)[1] == "ActiveSAS"
    whole = arm.stranger().get(address)
    assert whole.status_code == 200
    assert whole.content[: 4 * MIB] == disk_bytes()
    assert whole.content[4 * MIB :].startswith(b"conectix")
    part = arm.stranger().get(address, headers={"x-ms-range": f"bytes={4 * MIB - 100}-{4 * MIB + 7}"})
    assert (part.status_code, part.content[-8:], len(part.content)) == (206, b"conectix", 108)
    assert arm().post(f"{id}/endGetAccess").status_code == 200
    assert state(arm, id)[1] == "Unattached"
    assert arm.stranger().get(address).status_code == 403


def test_an_upload_that_is_no_vhd_fails_with_the_reason_and_may_be_done_again(arm: Arm) -> None:
    id, vhd = disk_id("hostile"), vhd_bytes()
    done(arm().put(id, json=disk_body("Upload", uploadSizeBytes=len(vhd))))
    put_pages(arm, grant(arm, id), bytes(range(256)) * 2)
    answer = arm().post(f"{id}/endGetAccess")
    assert arm.work()[-1].status == "Failed"
    error = done(arm().get(answer.headers["azure-asyncoperation"]))["error"]
    assert "does not look like a disk" in error["message"]
    assert state(arm, id) == ("Failed", "ReadyToUpload")
    assert "does not look like" in done(arm().get(id))["properties"]["galeria"]["failure"]
    put_pages(arm, grant(arm, id), vhd)
    arm().post(f"{id}/endGetAccess")
    assert arm.work()[-1].status == "Succeeded"
    assert state(arm, id) == ("Succeeded", "Unattached")


@pytest.mark.parametrize(("name", "content"), [("blank", b""), ("swap", bytes(4086) + b"SWAPSPACE2")])
def test_pages_of_a_disk_without_a_system_become_a_disk(arm: Arm, name: str, content: bytes) -> None:
    id, size = disk_id(name), 4 * MIB
    done(arm().put(id, json=disk_body("Upload", uploadSizeBytes=size + 512)))
    put_pages(arm, grant(arm, id), content.ljust(size, b"\0") + fixed_footer(size, bytes(16)))
    arm().post(f"{id}/endGetAccess")
    assert arm.work()[-1].status == "Succeeded"
    assert state(arm, id) == ("Succeeded", "Unattached")


def test_access_that_nothing_was_written_with_is_only_revoked(arm: Arm) -> None:
    id = disk_id("untouched")
    done(arm().put(id, json=disk_body("Upload", uploadSizeBytes=1 << 20)))
    grant(arm, id)
    assert arm().post(f"{id}/endGetAccess").status_code == 200
    assert state(arm, id) == ("Succeeded", "ReadyToUpload")


def test_a_copy_in_the_same_region_moves_no_bytes(arm: Arm) -> None:
    source = uploaded(arm, "original", osType="Linux", hyperVGeneration="V1")
    copied = made(arm, snapshot_id("copied"), copy_body(source, incremental=True))["properties"]
    figures = copied["galeria"]
    assert (figures["readBytes"], figures["storedBytes"], figures["sizeBytes"]) == (0, 0, 4 * MIB)
    assert (copied["osType"], copied["hyperVGeneration"], copied["incremental"]) == ("Linux", "V1", True)
    assert copied["creationData"] == {"createOption": "Copy", "sourceResourceId": source}
    assert copied["diskSizeGB"] == 1


def test_a_copy_to_another_region_brings_the_bytes_there(arm: Arm) -> None:
    source = uploaded(arm, "far")
    body = {**copy_body(source), "location": "westeurope"}
    body["properties"]["creationData"]["createOption"] = "CopyStart"
    copied = made(arm, snapshot_id("far"), body)
    figures = copied["properties"]["galeria"]
    assert figures["storedBytes"] > 0
    target = arm.installation.folder / "far.raw"
    arm.installation.context.stores["westeurope"].restore(
        figures["digest"], target, progress=lambda *, done, total: None
    )
    assert target.read_bytes() == disk_bytes()


def test_an_empty_disk_reads_as_zeros(arm: Arm) -> None:
    id = disk_id("empty")
    assert made(arm, id, disk_body("Empty", diskSizeGB=1))["properties"]["diskSizeGB"] == 1
    address = grant(arm, id, "Read")
    assert arm.stranger().get(address, headers={"Range": "bytes=0-1023"}).content == bytes(1024)
    told(arm().put(disk_id("sizeless"), json=disk_body("Empty")), 400)


def test_a_disk_from_a_gallery_image(arm: Arm, image: str) -> None:
    id = disk_id("from-image")
    body = disk_body("FromImage", galleryImageReference={"id": image})
    shown = made(arm, id, body)
    assert shown["properties"]["hyperVGeneration"] == "V1"
    assert done(arm().put(id, json=shown))["properties"]["galeria"]["digest"], "what was shown may be sent back"
    none = disk_body("FromImage", galleryImageReference={"id": f"{image}/versions/1.0.0", "lun": 3})
    assert "LUN 3" in told(arm().put(disk_id("no-lun"), json=none), 400)["message"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (disk_body("Upload"), 400, "uploadSizeBytes"),
        (disk_body("Upload", uploadSizeBytes=1000), 400, "multiple of 512"),
        (disk_body("Upload", uploadSizeBytes=1 << 60), 400, "at most"),
        (disk_body("Copy"), 400, "sourceResourceId"),
        (disk_body("Import"), 400, "sourceUri"),
        (disk_body("Restore"), 400, "createOption"),
        (copy_body(f"{COMPUTE}/disks/absent"), 404, "was not found"),
        (copy_body(f"{COMPUTE}/restorePoints/x"), 400, "cannot be the source"),
        (copy_body("nonsense"), 400, "fully qualified"),
        (disk_body("Import", sourceUri="http://127.0.0.1/os.vhd"), 400, "loopback"),
        (disk_body("Import", sourceUri="file:///etc/passwd"), 400, "Only http"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(arm: Arm, body: object, status: int, words: str) -> None:
    assert words in str(told(arm().put(disk_id("wrong"), json=body), status))
    assert arm().get(disk_id("wrong")).status_code == 404


def test_what_a_disk_was_made_of_never_changes(arm: Arm) -> None:
    id = disk_id("fixed")
    body = disk_body("Upload", uploadSizeBytes=1 << 20)
    shown = done(arm().put(id, json=body))
    assert done(arm().put(id, json=shown))["name"] == "fixed"
    for other in (disk_body("Upload", uploadSizeBytes=2 << 20), disk_body("Empty", diskSizeGB=1)):
        assert told(arm().put(id, json=other), 409)["code"] == "PropertyChangeNotAllowed"
    moved = {**body, "location": "westeurope"}
    assert told(arm().put(id, json=moved), 409)["code"] == "InvalidResourceLocation"
    assert done(arm().patch(id, json={"tags": {"a": "b"}, "sku": {"name": "premium_lrs"}}))["tags"] == {"a": "b"}
    assert done(arm().get(id))["sku"]["name"] == "Premium_LRS"


def test_a_disk_grows_and_never_shrinks(arm: Arm) -> None:
    id = uploaded(arm, "growing")
    before = done(arm().get(id))["properties"]["galeria"]
    grown = {"properties": {"diskSizeGB": 2}}
    begun = arm().patch(id, json=grown)
    assert done(begun, 202)["properties"]["provisioningState"] == "Updating"
    assert arm().patch(id, json=grown).headers["azure-asyncoperation"] == begun.headers["azure-asyncoperation"]
    assert "Updating" in told(arm().patch(id, json={"properties": {"diskSizeGB": 3}}), 409)["message"]
    arm.work()
    shown = done(arm().get(id))
    assert (shown["properties"]["diskSizeGB"], shown["properties"]["diskSizeBytes"]) == (2, 2 << 30)
    figures = shown["properties"]["galeria"]
    assert (figures["dataBytes"], figures["readBytes"]) == (before["dataBytes"], before["readBytes"]), "nothing is read"
    assert figures["digest"] != before["digest"]
    assert done(arm().patch(id, json=grown))["properties"]["provisioningState"] == "Succeeded"
    assert "does not shrink" in told(arm().patch(id, json={"properties": {"diskSizeGB": 1}}), 400)["message"]
    assert "at most" in told(arm().patch(id, json={"properties": {"diskSizeGB": 1 << 20}}), 400)["message"]
    assert done(arm().put(id, json=shown))["properties"] == shown["properties"], "what was shown may be sent back"
    address = grant(arm, id, "Read")
    assert "revoke-access" in told(arm().patch(id, json={"properties": {"diskSizeGB": 4}}), 409)["message"]
    assert arm.stranger().get(address, headers={"Range": "bytes=0-4194303"}).content == disk_bytes()


def test_a_copy_may_be_larger_than_its_source(arm: Arm) -> None:
    source = uploaded(arm, "small")
    larger = copy_body(source, diskSizeGB=3)
    shown = made(arm, disk_id("larger"), larger)["properties"]
    assert (shown["diskSizeBytes"], shown["galeria"]["readBytes"]) == (3 << 30, 0)
    assert "size of what it was taken of" in told(arm().put(snapshot_id("larger"), json=larger), 400)["message"]
    far = disk_body("Import", sourceUri="https://example.org/os.vhd", diskSizeGB=3)
    assert "known only once" in told(arm().put(disk_id("unknown"), json=far), 400)["message"]


def test_a_system_that_was_not_told_may_be_told_later(arm: Arm) -> None:
    id = uploaded(arm, "untold")
    told_now = done(arm().patch(id, json={"properties": {"osType": "Linux", "hyperVGeneration": "V2"}}))["properties"]
    assert (told_now["osType"], told_now["hyperVGeneration"]) == ("Linux", "V2")
    assert told(arm().patch(id, json={"properties": {"osType": "Windows"}}), 409)["code"] == "PropertyChangeNotAllowed"


@pytest.mark.parametrize(
    ("property", "value"),
    [
        ("securityProfile", {"securityType": "TrustedLaunch"}),
        ("encryption", {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": "/x"}),
        ("networkAccessPolicy", "DenyAll"),
        ("diskAccessId", "/x"),
        ("publicNetworkAccess", "Disabled"),
    ],
)
def test_what_disks_do_not_have_is_refused(arm: Arm, property: str, value: object) -> None:
    body = disk_body("Empty", diskSizeGB=1)
    body["properties"][property] = value
    assert "Leave out" in told(arm().put(disk_id("special"), json=body), 400)["message"]
    id = disk_id("plain")
    arm().put(id, json=disk_body("Upload", uploadSizeBytes=1 << 20))
    told(arm().patch(id, json={"properties": {property: value}}), 400)


def test_a_source_that_is_not_ready_is_a_conflict(arm: Arm) -> None:
    waiting = disk_id("waiting")
    done(arm().put(waiting, json=disk_body("Upload", uploadSizeBytes=1 << 20)))
    assert "ReadyToUpload" in told(arm().put(snapshot_id("early"), json=copy_body(waiting)), 409)["message"]
    done(arm().put(disk_id("making"), json=disk_body("Empty", diskSizeGB=1)), 202)
    assert "Creating" in told(arm().put(snapshot_id("early"), json=copy_body(disk_id("making"))), 409)["message"]


def test_access_is_refused_where_the_disk_does_not_allow_it(arm: Arm) -> None:
    id = uploaded(arm, "finished")
    write = arm().post(f"{id}/beginGetAccess", json={"access": "Write", "durationInSeconds": 60})
    assert told(write, 409)["code"] == "OperationNotAllowed"
    waiting = disk_id("unwritten")
    done(arm().put(waiting, json=disk_body("Upload", uploadSizeBytes=1 << 20)))
    read = arm().post(f"{waiting}/beginGetAccess", json={"access": "Read", "durationInSeconds": 60})
    assert told(read, 409)["code"] == "OperationNotAllowed"
    told(arm().post(f"{id}/beginGetAccess", json={"access": "Read", "durationInSeconds": 0}), 400)
    told(arm().post(f"{id}/beginGetAccess", json={"access": "None", "durationInSeconds": 60}), 400)
    told(arm().post(f"{disk_id('absent')}/beginGetAccess", json={"access": "Read", "durationInSeconds": 9}), 404)


def test_deleting_gives_the_space_back_when_nobody_else_names_it(arm: Arm) -> None:
    content = disk_bytes(seed=77)
    source = uploaded(arm, "doomed", content)
    made(arm, snapshot_id("survivor"), copy_body(source))
    gone = arm().delete(source)
    assert gone.status_code == 202
    assert arm.work()[-1].outputs["freedBytes"]["brazilsouth"] == 0
    assert arm().get(gone.headers["location"]).status_code == 204
    address = grant(arm, snapshot_id("survivor"), "Read")
    assert arm.stranger().get(address).content[: len(content)] == content
    lent = told(arm().delete(snapshot_id("survivor")), 409)
    assert lent["code"] == "OperationNotAllowed"
    assert "shared access signature" in lent["message"]
    arm().post(f"{snapshot_id('survivor')}/endGetAccess")
    arm().delete(snapshot_id("survivor"))
    assert arm.work()[-1].outputs["freedBytes"]["brazilsouth"] > 0
    assert arm.stranger().get(address).status_code == 403
    assert arm().delete(source).status_code == 204


def test_lists_show_what_there_is(arm: Arm) -> None:
    done(arm().put(disk_id("listed"), json=disk_body("Upload", uploadSizeBytes=1 << 20)))
    for path in (f"{COMPUTE}/disks", f"{SUB}/providers/Microsoft.Compute/disks"):
        assert "listed" in [each["name"] for each in done(arm().get(path))["value"]]
    assert done(arm().get(f"{SUB}/providers/Microsoft.Compute/snapshots"))["value"] is not None
    assert done(arm().get(f"{SUB}/providers/Microsoft.Compute/virtualMachines"))["value"] == []
    machine = f"{COMPUTE}/virtualMachines/listed"
    assert told(arm().get(machine), 404)["code"] == "ResourceNotFound"

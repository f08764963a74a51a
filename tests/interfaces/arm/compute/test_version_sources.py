"""Every thing that an image version, or a managed image, may be made of, with real bytes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from galeria.adapters.fetching import HttpFetcher
from tests.interfaces.arm.compute.version_bodies import body, contents, defined
from tests.interfaces.arm.served import GALLERY, GROUP, LABS, PLAN, SUB, Arm, done, lab_body, told
from tests.interfaces.arm.storage import copy_body, disk_body, disk_id, image_id, made, snapshot_id, uploaded, vhd_bytes
from tests.local_installation import MIB, disk_bytes, lab_id
from tests.role_assignments import assign_role
from tests.servers.file_server import FileServer, serving_file

OS, DATA = disk_bytes(seed=11), disk_bytes(2 * MIB, seed=12)


@pytest.fixture(scope="module")
def disk(service: Arm) -> str:
    return uploaded(service, "os", OS, osType="Linux", hyperVGeneration="V1")


@pytest.fixture(scope="module")
def data_disk(service: Arm) -> str:
    return uploaded(service, "data", DATA)


@pytest.fixture(scope="module")
def snapshot(service: Arm, disk: str) -> str:
    made(service, snapshot_id("os"), copy_body(disk))
    return snapshot_id("os")


@pytest.fixture(scope="module")
def managed_image(service: Arm, disk: str, data_disk: str) -> str:
    storage = {
        "osDisk": {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": disk}},
        "dataDisks": [{"lun": 2, "managedDisk": {"id": data_disk}}],
    }
    made(service, image_id("os"), image_body(storage))
    return image_id("os")


def image_body(storage: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    own = {"storageProfile": storage, "hyperVGeneration": "V1", **more}
    return {"location": "brazilsouth", "properties": own}


@pytest.fixture(scope="module")
def lab(service: Arm, image: str) -> str:
    """The id of a running lab's template VM; something was written to its disk."""
    done(service().put(f"{LABS}/workshop", json=lab_body(f"{PLAN}/images/ready")), 201)
    service.work()
    service.installation.run(service.installation.begin_start("workshop", who="admin"))
    service.installation.engine.write(service.installation.guest_of("workshop"), MIB, b"lesson one")
    return f"{LABS}/workshop/virtualMachines/template"


def lesson() -> bytes:
    content = disk_bytes()
    return content[:MIB] + b"lesson one" + content[MIB + 10 :]


def test_from_disks_and_snapshots(arm: Arm, snapshot: str, data_disk: str) -> None:
    id = defined(arm, "from-snapshot")
    storage = {
        "osDiskImage": {"source": {"id": snapshot}},
        "dataDiskImages": [{"lun": 1, "source": {"id": data_disk}}],
    }
    shown = made(arm, id, body(storage, "brazilsouth", "westeurope"))["properties"]
    assert contents(arm, id) == contents(arm, id, "westeurope") == [OS, DATA]
    assert shown["storageProfile"]["osDiskImage"]["source"] == {"id": snapshot}
    assert shown["storageProfile"]["dataDiskImages"][0]["lun"] == 1
    assert shown["galeria"]["readBytes"] == 0, "it is in the store already"


def test_from_a_managed_image_with_its_data_disks(arm: Arm, managed_image: str) -> None:
    id = defined(arm, "from-image")
    shown = made(arm, id, body({"source": {"id": managed_image}}))["properties"]
    assert contents(arm, id) == [OS, DATA]
    assert [each["lun"] for each in shown["storageProfile"]["dataDiskImages"]] == [2]
    assert shown["storageProfile"]["source"] == {"id": managed_image}
    again = done(
        arm().put(id, json=body({"source": {"id": managed_image.upper().replace("/SUBSCRIPTIONS", "/subscriptions")}}))
    )
    assert again["properties"]["provisioningState"] == "Succeeded"
    other = arm().put(id, json=body({"source": {"id": f"{GALLERY}/images/ready/versions/1.0.0"}}))
    assert told(other, 409)["code"] == "PropertyChangeNotAllowed"


def test_from_a_version_of_another_region(arm: Arm, image: str) -> None:
    id = defined(arm, "from-version")
    storage = {"source": {"id": f"{image}/versions/1.0.0"}}
    made(arm, id, body(storage, location="northeurope"))
    assert contents(arm, id, "northeurope") == [disk_bytes()]
    far = told(arm().put(defined(arm, "too-far"), json=body({"source": {"id": image}}, location="northeurope")), 404)
    assert far["code"] == "GalleryImageNotFound"
    assert "It has one in: brazilsouth, brazilsoutheast." in far["message"]
    latest = defined(arm, "from-latest")
    made(arm, latest, body({"source": {"id": image}}))
    assert contents(arm, latest) == [disk_bytes()]


def test_from_a_lab_machine_as_it_is(arm: Arm, lab: str) -> None:
    id = defined(arm, "from-machine", osState="Specialized")
    shown = made(arm, id, body({"source": {"virtualMachineId": lab}}, "brazilsouth", "brazilsoutheast"))["properties"]
    assert contents(arm, id, "brazilsoutheast") == [lesson()]
    assert shown["storageProfile"]["source"] == {"virtualMachineId": lab}
    assert shown["galeria"]["readBytes"] < MIB, "only the changes are read"
    assert shown["galeria"]["parentDigest"]
    with arm.installation.context.database(reading=True) as uow:
        assert uow.versions.get_by_key(id.lower()).accounts == ["ana"]


def test_a_labs_name_stands_for_its_template_where_clients_know_compute_machines_only(arm: Arm, lab: str) -> None:
    named = lab.replace(
        "Microsoft.LabServices/labs/workshop/virtualMachines/template", "Microsoft.Compute/virtualMachines/workshop"
    )
    id = defined(arm, "from-compute-machine", osState="Specialized")
    made(arm, id, body({"source": {"virtualMachineId": named}}))
    assert contents(arm, id) == [lesson()]


def test_a_snapshot_and_a_managed_image_of_a_lab_machine(arm: Arm, lab: str) -> None:
    made(arm, snapshot_id("machine"), copy_body(lab))
    shown = made(arm, image_id("machine"), image_body(None, sourceVirtualMachine={"id": lab}))["properties"]
    assert shown["storageProfile"]["osDisk"]["osState"] == "Specialized"
    assert shown["sourceVirtualMachine"] == {"id": lab}
    id = defined(arm, "from-machines-image", osState="Specialized")
    made(arm, id, body({"source": {"id": image_id("machine")}}))
    assert contents(arm, id) == [lesson()]
    with arm.installation.context.database(reading=True) as uow:
        machine = uow.machines.of_lab(uow.labs.get_by_key(lab_id("workshop").key).id)[0]
    (disk,) = shown["galeria"]["disks"]
    assert machine.layer_digest == disk["digest"], "the next export counts from here"
    wrong = defined(arm, "not-generalized")
    error = told(arm().put(wrong, json=body({"source": {"id": image_id("machine")}})), 400)
    assert error["code"] == "BadRequest"
    assert (
        "has a different OS state ['Specialized'] than the parent gallery image OS state ['Generalized']"
        in error["message"]
    )


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving_file(vhd_bytes(OS)) as server:
        yield server


def fetching(arm: Arm) -> Arm:
    """The same service, whose administrator allowed files to be fetched from localhost."""
    context = replace(arm.installation.context, fetcher=HttpFetcher(allowed=frozenset({"localhost"})))
    return replace(arm, installation=replace(arm.installation, context=context))


def test_from_a_vhd_elsewhere(arm: Arm, files: FileServer) -> None:
    files.break_after = [1000, MIB]
    id = defined(arm, "from-uri")
    account = f"{SUB}/resourceGroups/campus/providers/Microsoft.Storage/storageAccounts/files"
    uri = files.url("/os.vhd?sig=secret", host="localhost")
    storage = {"osDiskImage": {"source": {"uri": uri, "storageAccountId": account}}}
    answer = arm().put(id, json=body(storage))
    assert answer.status_code == 201
    assert fetching(arm).work()[-1].status == "Succeeded"
    assert contents(arm, id) == [OS]
    assert [asked for _, asked in files.asked] == ["", "bytes=1000-", f"bytes={1000 + MIB}-"]
    shown = arm().get(id)
    assert "secret" not in shown.text
    assert done(shown)["properties"]["storageProfile"]["osDiskImage"]["source"] == {"uri": files.url(host="localhost")}
    assert "secret" not in arm().get(answer.headers["azure-asyncoperation"]).text
    assert arm.installation.context.disk_files.all() == []


def test_a_vhd_in_a_private_network_is_not_fetched(arm: Arm, files: FileServer) -> None:
    id = defined(arm, "from-private")
    arm().put(id, json=body({"osDiskImage": {"source": {"uri": files.url(host="localhost")}}}))
    assert arm.work()[-1].error_code == "ImportAddressRefused"
    assert files.asked == []


def test_disks_and_images_by_address(arm: Arm, files: FileServer) -> None:
    allowed = fetching(arm)
    uri = files.url(host="localhost")
    disk = made(allowed, disk_id("imported"), disk_body("Import", sourceUri=uri, storageAccountId="x"))
    assert disk["properties"]["diskSizeBytes"] == len(OS)
    storage = {"osDisk": {"osType": "Linux", "osState": "Generalized", "blobUri": uri}}
    image = made(allowed, image_id("imported"), image_body(storage))
    assert image["properties"]["storageProfile"]["osDisk"]["blobUri"] == uri
    assert image["properties"]["galeria"]["disks"][0]["digest"] == disk["properties"]["galeria"]["digest"]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"osType": "Windows"}, "different OS type ['Linux']"),
        ({"hyperVGeneration": "V2"}, "different Hyper-V generation ['V1']"),
        ({"osState": "Specialized"}, "different OS state ['Generalized']"),
        ({"architecture": "Arm64"}, "different architecture ['x64']"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_byte_moves(
    arm: Arm, managed_image: str, properties: dict[str, str], words: str
) -> None:
    id = defined(arm, f"unfit-{next(iter(properties))}", **properties)
    error = told(arm().put(id, json=body({"source": {"id": managed_image}})), 400)
    assert words in error["message"]
    assert arm().get(id).status_code == 404


@pytest.mark.parametrize(
    ("storage", "status", "words"),
    [
        ({}, 404, "was not found"),
        ({"osDiskImage": {"source": {}}}, 400, "source for its OS disk"),
        ({"source": {"id": image_id("absent")}}, 404, "was not found"),
        ({"source": {"id": disk_id("os")}}, 400, "cannot be the source"),
        ({"source": {"id": f"{GALLERY}/images/ready/versions/7.0.0"}}, 404, "was not found"),
        ({"source": {"id": image_id("os"), "virtualMachineId": "x"}}, 400, "one source"),
        ({"source": {"id": image_id("os")}, "osDiskImage": {"source": {"id": disk_id("os")}}}, 400, "not of both"),
        ({"osDiskImage": {"source": {"id": image_id("os")}}}, 400, "cannot be the source"),
        ({"osDiskImage": {"source": {"id": "x"}}}, 400, "fully qualified"),
        ({"osDiskImage": {"source": {"uri": "ftp://x/y"}}}, 400, "Only http"),
        ({"osDiskImage": {"source": {"uri": "http://10.0.0.1/y"}}}, 400, "private"),
        ({"osDiskImage": {"source": {"uri": "http://x/y", "id": disk_id("os")}}}, 400, "two sources"),
        ({"dataDiskImages": [{"lun": 0, "source": {"id": disk_id("os")}}]}, 400, "source for its OS disk"),
        (
            {
                "osDiskImage": {"source": {"id": disk_id("os")}},
                "dataDiskImages": [{"lun": 0, "source": {"id": disk_id("os")}}],
            },
            400,
            "same source",
        ),
        (
            {
                "osDiskImage": {"source": {"id": disk_id("os")}},
                "dataDiskImages": [{"lun": 0, "source": {"id": disk_id("data")}}, {"lun": 0}],
            },
            400,
            "LUN 0",
        ),
    ],
)
def test_sources_that_cannot_be_are_refused_at_once(
    arm: Arm, managed_image: str, storage: dict[str, Any], status: int, words: str
) -> None:
    id = defined(arm, "refused")
    answer = arm().put(id, json=body(storage))
    if storage:
        assert words in told(answer, status)["message"]
    assert arm().get(id).status_code == 404


def test_a_source_that_one_may_not_use_is_named_with_the_missing_action(
    arm: Arm, managed_image: str, disk: str, lab: str
) -> None:
    """What may not even be read is not found, in the words for a source that there is not."""
    installation = arm.installation
    assign_role(installation, "nobody", "Contributor", GALLERY)
    id = defined(arm, "linked")
    forms = (
        ({"source": {"id": managed_image}}, "Microsoft.Compute/images/read", managed_image),
        ({"osDiskImage": {"source": {"id": disk}}}, "Microsoft.Compute/disks/write", disk),
        ({"source": {"virtualMachineId": lab}}, "Microsoft.LabServices/labs/write", lab),
    )
    for storage, _, source in forms:
        error = told(arm("nobody").put(id, json=body(storage)), 404)
        assert f"The source '{source}' was not found." in error["message"]
    assign_role(installation, "nobody", "Reader", GROUP)
    for storage, action, _ in forms[1:]:
        error = told(arm("nobody").put(id, json=body(storage)), 403)
        assert error["code"] == "LinkedAuthorizationFailed"
        assert action in error["message"]
        assert "the linked scope '/subscriptions/" in error["message"]


def test_what_is_still_being_made_is_a_conflict(arm: Arm, disk: str) -> None:
    storage = {"osDisk": {"osType": "Linux", "snapshot": {"id": snapshot_id("absent")}}}
    told(arm().put(image_id("never"), json=image_body(storage)), 404)
    storage = {"osDisk": {"osType": "Linux", "managedDisk": {"id": disk}}}
    done(arm().put(image_id("making"), json=image_body(storage)), 201)
    id = defined(arm, "early")
    assert "Creating" in told(arm().put(id, json=body({"source": {"id": image_id("making")}})), 409)["message"]
    both = image_body(storage, sourceVirtualMachine={"id": f"{LABS}/x/virtualMachines/template"})
    assert "not of both" in told(arm().put(image_id("both"), json=both), 400)["message"]


def test_a_managed_image_can_be_listed_tagged_and_deleted(arm: Arm, disk: str) -> None:
    storage = {"osDisk": {"osType": "linux", "osState": "generalized", "managedDisk": {"id": disk}}}
    shown = made(arm, image_id("short"), image_body(storage))
    assert done(arm().put(image_id("short"), json=shown))["name"] == "short"
    assert done(arm().patch(image_id("short"), json={"tags": {"a": "b"}}))["tags"] == {"a": "b"}
    for path in (image_id("short").rpartition("/")[0], f"{SUB}/providers/Microsoft.Compute/images"):
        assert "short" in [each["name"] for each in done(arm().get(path))["value"]]
    other = image_body({"osDisk": {"osType": "Linux", "managedDisk": {"id": disk_id("data")}}})
    assert told(arm().put(image_id("short"), json=other), 409)["code"] == "PropertyChangeNotAllowed"
    assert arm().delete(image_id("short")).status_code == 202
    assert arm.work()[-1].status == "Succeeded"
    told(arm().get(image_id("short")), 404)
    assert arm().delete(image_id("short")).status_code == 204


def test_disks_are_among_the_resources_of_a_group(arm: Arm) -> None:
    group = f"{SUB}/resourceGroups/short-lived"
    done(arm().put(group, json={"location": "brazilsouth"}), 201)
    id = f"{group}/providers/Microsoft.Compute/disks/d"
    done(arm().put(id, json=disk_body("Upload", uploadSizeBytes=1 << 20)))
    found = done(arm().get(f"{SUB}/resources", params={"$filter": "resourceType eq 'Microsoft.Compute/disks'"}))[
        "value"
    ]
    assert "d" in [each["name"] for each in found]

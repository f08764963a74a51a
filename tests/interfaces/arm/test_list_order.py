"""Lists come back in the order in which they were sent last: clients that compare them by position see no change."""

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import permutations
from typing import Any

import pytest

from galeria.domain.images.galleries import OS_DISK
from galeria.interfaces import arm as api
from galeria.interfaces.arm.protocol.wire_types import Wire
from tests.interfaces.arm.compute.version_bodies import body, contents, defined
from tests.interfaces.arm.lab_machines import make_lab
from tests.interfaces.arm.served import GALLERY, GROUP, LABS, PLAN, Arm, definition_body, done, lab_body, told
from tests.interfaces.arm.storage import image_id, made, uploaded
from tests.local_installation import MIB, SUBSCRIPTION, disk_bytes

DISK_TYPES = ("Standard_LRS", "Premium_LRS", "UltraSSD_LRS")
FEATURES = ("IsHibernateSupported", "IsAcceleratedNetworkSupported", "DiskControllerTypes")
REGIONS = ("westeurope", "brazilsouth", "northeurope")
DAYS = ("Friday", "Monday", "Wednesday")


def disallowed(order: tuple[str, ...]) -> dict[str, Any]:
    return {"disallowed": {"diskTypes": list(order)}}


def features(order: tuple[str, ...]) -> dict[str, Any]:
    values = {"DiskControllerTypes": "SCSI"}
    return {"allowUpdateImage": True, "features": [{"name": each, "value": values.get(each, "True")} for each in order]}


def regions(order: tuple[str, ...]) -> dict[str, Any]:
    return {"allowedRegions": list(order)}


def days(order: tuple[str, ...]) -> dict[str, Any]:
    pattern = {"frequency": "Weekly", "interval": 1, "weekDays": list(order), "expirationDate": "2030-06-30T00:00:00Z"}
    return {"recurrencePattern": pattern}


SCHEDULE = {"startAt": "2030-01-07T08:00:00Z", "stopAt": "2030-01-07T10:00:00Z", "timeZoneId": "America/Sao_Paulo"}
PLANS = f"{GROUP}/providers/Microsoft.LabServices/labPlans"
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "disk types": (f"{GALLERY}/images/ordered", definition_body("ordered")),
    "features": (f"{GALLERY}/images/ordered2", definition_body("ordered2")),
    "regions": (f"{PLANS}/ordered", {"location": "brazilsouth"}),
    "days": (f"{LABS}/ordered/schedules/ordered", {"properties": SCHEDULE}),
}


@pytest.mark.parametrize(
    ("place", "names", "said"),
    [
        ("disk types", DISK_TYPES, disallowed),
        ("features", FEATURES, features),
        ("regions", REGIONS, regions),
        ("days", DAYS, days),
    ],
)
def test_a_list_comes_back_in_the_order_in_which_it_was_sent(
    arm: Arm, image: str, place: str, names: tuple[str, ...], said: Callable[[tuple[str, ...]], dict[str, Any]]
) -> None:
    path, body = PLACES[place]
    if place == "days":
        make_lab(arm, image, "ordered")
    own: dict[str, Any] = body.get("properties", {})
    for number, order in enumerate(permutations(names)):
        properties = said(order)
        if number % 2:
            done(arm().patch(path, json={"properties": properties}))
        else:
            answer = arm().put(path, json={**body, "properties": {**own, **properties}})
            assert answer.is_success, answer.text
        shown = done(arm().get(path))["properties"]
        assert {name: shown[name] for name in properties} == properties


def test_names_that_machines_reach_come_back_in_that_order(arm: Arm) -> None:
    path = f"{PLANS}/named"
    for number, order in enumerate(permutations(("pypi.org", "*.debian.org", "example.org"))):
        network = {"internet": "Names", "names": list(order), "commonInLab": number % 2 == 0}
        sent = {"location": "brazilsouth", "properties": {"galeria": {"network": network}}}
        done(arm().patch(path, json=sent) if number % 2 else arm().put(path, json=sent), 200 if number else 201)
        assert done(arm().get(path))["properties"]["galeria"]["network"] == network


LUNS = (7, 0, 63)


@pytest.fixture
def disks(arm: Arm, request: pytest.FixtureRequest) -> dict[int, str]:
    """One for each LUN, and -1 for the OS disk, each with bytes of its own."""
    test, found = request.node.originalname[-40:], dict[int, str]()
    for number, lun in enumerate((OS_DISK, *LUNS)):
        kinds = {} if number else {"osType": "Linux", "hyperVGeneration": "V1"}
        found[lun] = uploaded(arm, f"{test}-{number}", disk_bytes((number + 1) * MIB), **kinds)
    return found


def data_disks(shown: dict[str, Any], name: str) -> list[int]:
    return [each["lun"] for each in shown["properties"]["storageProfile"][name]]


def test_data_disks_of_a_version_come_back_in_that_order(arm: Arm, disks: dict[int, str]) -> None:
    id, os_disk = defined(arm, "data-order"), {"source": {"id": disks[OS_DISK]}}

    def storage(order: tuple[int, ...]) -> dict[str, Any]:
        named = [{"lun": lun, "source": {"id": disks[lun]}} for lun in order]
        return {"osDiskImage": os_disk, "dataDiskImages": named}

    first, *others = permutations(LUNS)
    shown = made(arm, id, body(storage(first)))
    assert data_disks(shown, "dataDiskImages") == list(first)
    assert [len(each) // MIB for each in contents(arm, id)] == [1, 2, 3, 4]
    for number, order in enumerate(others):
        if number % 2:
            done(
                arm().patch(
                    id, json={"properties": {"storageProfile": {"dataDiskImages": [{"lun": lun} for lun in order]}}}
                )
            )
        else:
            assert arm().put(id, json=body(storage(order))).is_success
        assert data_disks(done(arm().get(id)), "dataDiskImages") == list(order)
    copied = made(arm, defined(arm, "data-copy"), body({"source": {"id": id}}))
    assert data_disks(copied, "dataDiskImages") == list(others[-1])


def test_the_order_of_data_disks_that_are_still_being_stored_is_that_of_the_last_request(
    arm: Arm, disks: dict[int, str]
) -> None:
    id, os_disk = defined(arm, "data-running"), {"source": {"id": disks[OS_DISK]}}
    for order in ((0, 7), (7, 0)):
        named = [{"lun": lun, "source": {"id": disks[lun]}} for lun in order]
        assert arm().put(id, json=body({"osDiskImage": os_disk, "dataDiskImages": named})).is_success
    arm.work()
    assert data_disks(done(arm().get(id)), "dataDiskImages") == [7, 0]


def test_data_disks_of_a_managed_image_come_back_in_that_order(arm: Arm, disks: dict[int, str]) -> None:
    id, os_disk = (
        image_id("ordered"),
        {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": disks[OS_DISK]}},
    )
    for number, order in enumerate(permutations(LUNS)):
        named = [{"lun": lun, "managedDisk": {"id": disks[lun]}} for lun in order]
        sent = {"location": "brazilsouth", "properties": {"storageProfile": {"osDisk": os_disk, "dataDisks": named}}}
        if number == 0:
            made(arm, id, sent)
        else:
            assert arm().put(id, json=sent).is_success
        assert data_disks(done(arm().get(id)), "dataDisks") == list(order)
    version = made(arm, defined(arm, "from-ordered"), body({"source": {"id": id}}))
    assert data_disks(version, "dataDiskImages") == list(order)


def test_those_a_gallery_is_shared_with_come_back_in_that_order(arm: Arm) -> None:
    properties = {"sharingProfile": {"permissions": "Groups"}}
    ids = [f"{digit * 8}{SUBSCRIPTION[8:]}" for digit in "935"]
    for number, order in enumerate(permutations(ids)):
        id = f"{GALLERY}order{number}"
        assert arm().put(id, json={"location": "brazilsouth", "properties": properties}).is_success
        groups = [{"type": "Subscriptions", "ids": list(order)}]
        done(arm().post(f"{id}/share", json={"operationType": "Add", "groups": groups}))
        shown = done(arm().get(id, params={"$expand": "sharingProfile/Groups"}))["properties"]["sharingProfile"][
            "groups"
        ]
        assert [each["ids"] for each in shown if each["type"] == "Subscriptions"] == [list(order)]


def test_accounts_that_a_lab_keeps_come_back_in_that_order_and_no_others_are_taken_later(arm: Arm, image: str) -> None:
    id = f"{LABS}/kept"
    for order in permutations(("prof", "monitor", "backup")):
        sent = lab_body(image, galeria={"keepAccounts": list(order)})
        assert arm("educator").put(id, json=sent).is_success
        assert done(arm().get(id))["properties"]["galeria"]["keepAccounts"] == list(order)
        arm.work()
    other = lab_body(image, galeria={"keepAccounts": ["prof", "somebody"]})
    assert told(arm("educator").put(id, json=other), 409)["code"] == "PropertyChangeNotAllowed"


def test_regions_of_an_export_come_back_in_that_order_behind_the_labs_own(arm: Arm, image: str) -> None:
    make_lab(arm, image, "exported")
    machine = f"{LABS}/exported/virtualMachines/template"
    for number, order in enumerate(permutations(("westeurope", "brazilsoutheast", "northeurope"))):
        name = f"order{number}"
        sent = {"name": name, "labVirtualMachineId": machine, "regions": list(order)}
        assert arm("educator").post(f"{PLAN}/saveImage", json=sent).status_code == 202
        arm.work()
        shown = done(arm().get(f"{GALLERY}/images/{name}/versions/1.0.0"))["properties"]["publishingProfile"]
        regions = [each["name"].replace(" ", "").lower() for each in shown["targetRegions"]]
        assert regions == ["brazilsouth", *order]


COVERED = {
    "Disallowed.disk_types",
    "DefinitionProperties.features",
    "DefinitionChanges.features",
    "PlanProperties.allowed_regions",
    "RecurrencePattern.week_days",
    "StorageProfile.data_disk_images",
    "ImageStorage.data_disks",
    "SharedGroup.ids",
    "OurLab.keep_accounts",
    "SaveImageBody.regions",
    "PlanReach.names",
}
"""By the tests above."""
OTHERS = {
    "PublishingProfile.target_regions": "in tests of versions",
    "SharingUpdate.groups": "two kinds at most, each in its own place",
    "AddUsers.email_addresses": "becomes users, each with an address of its own",
    "ManyOperations.urls": "asks about operations, and keeps nothing",
    "OurSchedule.changes": "kept by the moment that each is about",
    "PublishingProfile.target_extended_locations": "refused: there are no edge zones",
    "TargetRegion.additional_replica_sets": "refused",
}


def lists() -> Iterator[str]:
    """The lists in all bodies of requests."""
    for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        import_module(module.name)
    waiting = [Wire]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        yield from (
            f"{model.__name__}.{name}" for name, field in model.model_fields.items() if "list[" in str(field.annotation)
        )


def test_every_list_that_is_sent_is_known_here() -> None:
    assert set(lists()) == COVERED | OTHERS.keys()

"""Every answer is as the public OpenAPI description of its operation promises.

All other tests of this folder hold their answers against the descriptions too (`served.keeps_promises`). Here every operation
that is described is asked, in each generation that has it, and has to succeed.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from galeria.interfaces.app import ROUTES
from galeria.interfaces.arm.protocol.routes import Route
from tests.descriptions.promises import Operation, described, operations
from tests.interfaces.arm import paths
from tests.interfaces.arm.request_bodies import BODIES
from tests.interfaces.arm.served import API_VERSION, GALLERY, GROUP, LABS, SUB, Arm, done

GENERATIONS = ("2018-10-15", "2022-08-01", "2023-06-07", API_VERSION)
# In this order and before all others: a machine's password is set while it runs, a lock is gone again at once.
FIRST = (
    "ManagementLocks_CreateOrUpdateByScope",
    "ManagementLocks_GetByScope",
    "ManagementLocks_DeleteByScope",
    "VirtualMachines_Start",
    "VirtualMachines_ResetPassword",
    "GlobalUsers_ResetPassword",
    "Environments_Start",
    "Environments_ResetPassword",
)
# No machine stands outside a lab.
REFUSED = {"compute VirtualMachines_Get"}

# Galeria's own; the polling addresses of Compute, which are private to it; the unpublished 2019-01-01-preview; and what
# is newer than the descriptions.
NOT_DESCRIBED = {
    "CapsOperations_Cancel",
    "CapsOperations_Get",
    "EnvironmentSettings_ResetPassword",
    "EnvironmentSettings_SaveImage",
    "GalleryImageVersions_Impact",
    "Galleries_Costs",
    "LabPlans_EstimateImage",
    "Labs_DeletionImpact",
    "Labs_ListKeptWork",
    "Labs_RestoreWork",
    "OperationResults_Cancel",
    "SharedGalleries_Attach",
    "SharedGalleries_Detach",
    "SharedGalleries_GetAttached",
    "SharedGalleries_ListByAccount",
    "Labs_UpdateMachines",
    "VirtualMachines_BringBack",
    "VirtualMachines_KeepRunning",
    "VirtualMachines_ListEarlier",
    "VirtualMachines_Update",
    "SharedImages_List",
    "SharedImages_Update",
    "Snapshots_UpdateImmutabilityPolicy",
    "Snapshots_UpdateImmutabilityPolicyLock",
}


def in_order(routes: tuple[Route, ...]) -> list[Route]:
    """What is below something else is deleted before it; in the old words a lab is deleted with its setting."""

    def place(route: Route) -> tuple[int, bool, bool, int, str]:
        early = FIRST.index(route.name) if route.name in FIRST else len(FIRST)
        is_gone = route.method == "DELETE"
        is_whole = not route.path.endswith(("{user}", "{schedule}"))
        return early, is_gone, is_whole, -route.path.count("/") if is_gone else 0, route.name

    return sorted(routes, key=place)


@pytest.fixture(scope="module")
def bodies(service: Arm, known: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Those with which every operation succeeds. The lab is open to everybody."""
    machines = {"sku": {"name": "tiny", "capacity": 10}}
    opened = {"securityProfile": {"openAccess": "Enabled"}, "virtualMachineProfile": machines}
    lab = done(service().patch(f"{LABS}/held", json={"properties": opened}))
    code = lab["properties"]["securityProfile"]["registrationCode"]
    done(service().put(f"{GROUP}/providers/Microsoft.Compute/galleries/spare", json={"location": "brazilsouth"}), 201)
    service().delete(f"{GALLERY}/images/ready/versions/2.0.0")
    service.work()
    url = f"https://host{SUB}/providers/Microsoft.LabServices/operationResults/{known['lab_operation']}"
    return BODIES | {
        "LabPlans_CreateOrUpdate": {"location": "brazilsouth", "properties": {"sharedGalleryId": GALLERY}},
        "LabAccounts_CreateLab": {"name": "old", "labCreationParameters": {}},
        "GlobalUsers_GetOperationStatus": {"operationUrl": url},
        "GlobalUsers_GetOperationBatchStatus": {"urls": [url]},
        "GlobalUsers_Register": {"registrationCode": code},
    }


def path_of(route: Route, known: dict[str, str]) -> str:
    path = route.path.replace("{scope:path}", "{scope}").replace("{namespace}", "Microsoft.Compute")
    found = paths.on_the_way(route, known)
    # The other gallery is not empty any more; a machine goes with its lab only.
    other = {"Galleries_Delete": {"gallery": "spare"}, "Environments_Delete": {"environment": "absent"}}
    return path.format(**found | other.get(route.name, {}))


def asked(path: str, route: Route) -> Iterator[tuple[str, Operation]]:
    """The described operations that this is, each with the version to ask it with."""
    for version in GENERATIONS:
        found = described(route.method, path, version)
        if found and found.generation in ("", version):
            yield version, found


def test_every_operation_that_is_described_succeeds_and_answers_as_described(
    service: Arm, known: dict[str, str], bodies: dict[str, dict[str, Any]]
) -> None:
    failed = {operation.title: "never asked" for operation in operations()}
    for route in in_order(ROUTES):
        path = path_of(route, known)
        for version, operation in asked(path, route):
            query = {"api-version": version}
            answer = service().request(route.method, path, params=query, json=bodies.get(route.name))
            if answer.is_success:
                failed.pop(operation.title, None)
            else:
                failed[operation.title] = answer.text
            if route.name in paths.LAST:
                service.begun.ids.clear()  # A group's deletion waits for other workers, of which there are none here.
            service.work()
    missing = {name: failed[name] for name in failed.keys() - REFUSED}
    assert not missing
    assert failed.keys() == REFUSED


def test_every_other_operation_is_described(known: dict[str, str]) -> None:
    silent = {route.name for route in ROUTES if not list(asked(path_of(route, known), route))}
    ours = {route.name for route in ROUTES if "/providers/Microsoft.Galeria/" in route.path}
    assert silent == NOT_DESCRIBED | ours

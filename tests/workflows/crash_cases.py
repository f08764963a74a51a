"""Cases that are interrupted before and after each of their steps, and what must hold at their end."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from galeria.actions.labs.lab_publishing import publish_lab
from galeria.actions.labs.lab_settings import LabSettings, NonAdminAccount, update_lab
from galeria.domain.ids import ResourceId
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus, ProvisioningState, ReplicaState
from galeria.ports.work import Step
from galeria.workflows.run_operation import run_operation
from tests.crashing import crash_everywhere
from tests.local_installation import PASSWORD, LocalInstallation, disk_bytes, lab_id, secrets, version_id
from tests.prepared_installations import Prepare

BRAZIL = ("brazilsouth", "brazilsoutheast")


@dataclass(frozen=True)
class StartedScenario:
    """An operation begun in an installation, and the check of its end."""

    installation: LocalInstallation
    operation: Operation
    check: Callable[[], None]


Scenario = Callable[[LocalInstallation], StartedScenario]


def an_image(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes()))


def an_image_in_two_regions(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(), regions=BRAZIL))


def a_lab(installation: LocalInstallation) -> None:
    an_image(installation)
    installation.run(installation.begin_lab("algebra", version_id("linux").parent))


def a_running_lab(installation: LocalInstallation) -> None:
    a_lab(installation)
    installation.run(installation.begin_start("algebra"))


def a_lab_of_an_exported_image(installation: LocalInstallation) -> None:
    a_running_lab(installation)
    installation.run(installation.begin_export("algebra", "Álgebra 1"))
    installation.run(
        installation.begin_lab("geometry", version_id("Algebra-1").parent, who="colleague", region="brazilsoutheast")
    )


def a_class(installation: LocalInstallation) -> None:
    """The template's machine runs; students' machines are to be made."""
    a_running_lab(installation)
    with installation.request("educator") as request:
        said = LabSettings(
            capacity=3,
            profiles={"useSharedPassword": "Enabled"},
            non_admin=NonAdminAccount(user_name="student", password=PASSWORD),
        )
        update_lab(request, lab_id("algebra"), said, secrets())


def a_published_class(installation: LocalInstallation) -> None:
    a_class(installation)
    with installation.request("educator") as request:
        operation = publish_lab(request, lab_id("algebra"))
    installation.run(operation)


def each_of(scenarios: tuple[tuple[Scenario, Prepare], ...], *, quick: Scenario) -> list[pytest.ParameterSet]:
    """One is run by the quick tests too."""
    return [
        pytest.param(scenario, before, id=scenario.__name__, marks=[] if scenario is quick else pytest.mark.slow)
        for scenario, before in scenarios
    ]


def crash(scenario: Scenario, new_installation: Callable[[], LocalInstallation]) -> None:
    def make() -> tuple[Callable[[Step], None], Callable[[], None]]:
        started = scenario(new_installation())

        def run(step: Step) -> None:
            run_operation(step, started.installation.context, started.operation.id)

        def check() -> None:
            operation = started.installation.operation(started.operation.id)
            assert (operation.status, operation.error_message) == (OperationStatus.SUCCEEDED, "")
            started.check()

        return run, check

    assert crash_everywhere(make) >= 8


def expect_version(installation: LocalInstallation, id: ResourceId, content: bytes, regions: tuple[str, ...]) -> None:
    """Ready, complete in exactly these regions, and the right bytes in each."""
    with installation.context.database(reading=True) as uow:
        version = uow.versions.get_by_key(id.key)
        replicas = uow.versions.replicas(version.id)
    assert version.state is ProvisioningState.SUCCEEDED
    assert {each.region: each.state for each in replicas} == dict.fromkeys(regions, ReplicaState.COMPLETED)
    digest = digest_of(installation, id)
    for region in regions:
        target = installation.folder / f"{region}.raw"
        installation.context.stores[region].restore(digest, target, progress=lambda *, done, total: None)
        assert target.read_bytes() == content
        target.unlink()


def digest_of(installation: LocalInstallation, id: ResourceId) -> str:
    with installation.context.database(reading=True) as uow:
        return uow.versions.disks(uow.versions.get_by_key(id.key).id)[0].digest


def stored_chunks(installation: LocalInstallation, region: str) -> int:
    return installation.context.stores[region].verify(None, progress=lambda *, done, total: None).chunks


def changed(content: bytes, offset: int, data: bytes) -> bytes:
    return content[:offset] + data + content[offset + len(data) :]

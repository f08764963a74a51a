"""The appliance, and disks to look into, made once for the session."""

from collections.abc import Callable
from pathlib import Path

import pytest

from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.inspection.appliance_machine import LookLimits
from galeria.adapters.inspection.inspector import ApplianceInspector
from galeria.adapters.inspection.saved_state import save_state
from galeria.domain.images.findings import Findings, Look
from galeria.guests import GuestSources, get_sources
from galeria.guests.appliance import build_appliance

LookAt = Callable[..., Look]


@pytest.fixture(scope="session")
def sources() -> GuestSources:
    return get_sources(Path.home() / ".cache" / "galeria" / "guests")


@pytest.fixture(scope="session")
def appliance(sources: GuestSources, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("appliance")
    build_appliance(folder, sources)
    save_state(folder)
    return folder


@pytest.fixture
def look(appliance: Path) -> LookAt:
    """Looks into a raw disk with the real appliance."""

    def look_at(disk: Path, limits: LookLimits | None = None) -> Look:
        with open_raw_file(disk) as source:
            return ApplianceInspector(appliance=appliance, limits=limits).look(source)

    return look_at


@pytest.fixture
def findings(look: LookAt) -> Callable[[Path], Findings]:
    """What is found on a raw disk; fails where it was not looked at."""

    def found_on(disk: Path) -> Findings:
        outcome = look(disk)
        assert outcome.findings is not None, outcome.obstacle
        return outcome.findings

    return found_on

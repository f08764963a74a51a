"""What is said when the cloud cannot be used, and what `galeria doctor` finds."""

import os
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.adapters.openstack.checks import check_cloud
from galeria.adapters.openstack.machines import open_cloud
from galeria.domain.errors import MachineFailed
from galeria.domain.labs.sizes import Size
from galeria.domain.regions import CloudAccess
from galeria.ports.machines import VmEngine
from tests.cloud.servers.openstack import OpenStackCloud
from tests.cloud.servers.openstack_catalog import write_clouds
from tests.cloud.servers.programs import run

pytestmark = pytest.mark.timeout(900)  # of the first one the start of the cloud is a part

SMALL, HUGE = Size(name="Small", vcpus=1, memory_mib=256), Size(name="Huge", vcpus=64, memory_mib=512)


def engine_of(access: CloudAccess, data: Path) -> VmEngine:
    return open_cloud("campus", access, installation=uuid.uuid4().hex[:12], data=data)[0]


def test_the_doctor_says_that_all_is_well_and_which_sizes_are_missing(access: CloudAccess) -> None:
    found = {check.name.partition(": ")[2] or "cloud": check for check in check_cloud("campus", access, [SMALL])}
    assert all(check.ok for check in found.values()), found
    assert {"cloud", "network", "isolation", "images", "sizes", "quota"} == found.keys()
    assert "of 10 machines used" in found["quota"].found
    sizes = next(each for each in check_cloud("campus", access, [SMALL, HUGE]) if each.name.endswith("sizes"))
    assert (sizes.ok, sizes.required, sizes.found) == (True, False, "no flavor is large enough for Huge")


def test_a_look_gives_its_connections_back(campus: OpenStackCloud, access: CloudAccess) -> None:
    def held() -> set[str]:
        ports = " or ".join(f"dport = :{campus.layout.ports[name]}" for name in ("nova", "neutron", "glance"))
        told = run("ss", "-Htnp", "state", "established", f"( {ports} )").splitlines()
        return {line.split()[2] for line in told if f"pid={os.getpid()}," in line}

    before = held()
    assert all(check.ok for check in check_cloud("campus", access, [SMALL]))
    assert held() <= before


def test_wrong_credentials_are_told_with_what_to_do(
    campus: OpenStackCloud, access: CloudAccess, tmp_path: Path
) -> None:
    wrong = write_clouds(tmp_path, campus.layout, campus.cloud, {"id": uuid.uuid4().hex, "secret": "no"})
    with pytest.raises(MachineFailed, match="does not accept the credentials") as told:
        engine_of(replace(access, file=str(wrong)), tmp_path).running()
    assert "new application credential" in str(told.value.hint)
    (only,) = check_cloud("campus", replace(access, file=str(wrong)), [SMALL])
    assert (only.ok, only.required) == (False, True)


def test_a_cloud_that_is_not_in_the_file_is_told(access: CloudAccess, tmp_path: Path) -> None:
    with pytest.raises(MachineFailed, match="cannot be used"):
        engine_of(replace(access, name="elsewhere"), tmp_path).running()


def test_a_network_that_is_not_there_is_told(access: CloudAccess) -> None:
    found = check_cloud("campus", replace(access, network="none"), [SMALL])
    assert [each.found for each in found if not each.ok] == ["The cloud 'campus' has no network 'none'."]


def test_a_cloud_that_is_away_is_told(access: CloudAccess, tmp_path: Path) -> None:
    entry = tmp_path / "clouds.yaml"
    entry.write_text(Path(access.file).read_text().replace("127.0.0.1", "127.0.0.9"))
    with pytest.raises(MachineFailed, match="does not answer"):
        engine_of(replace(access, file=str(entry)), tmp_path).machines()

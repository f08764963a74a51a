"""The disks are of the kinds that people bring: what Galeria finds on each, and how it is partitioned."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.inspection.inspector import ApplianceInspector
from galeria.domain.images.findings import CloudInit, Findings, FoundAccount, GuestAgent, SystemKind
from galeria.guests import get_sources
from galeria.guests.appliance import build_appliance
from galeria.programs import run
from tests.real_guests.disks import ESP_START, FALLBACK_LOADER, LOADER
from tests.real_guests.guest_disks import GuestDisks
from tests.real_guests.variants import NAMES, PROF, VARIANTS, Variant

pytestmark = [pytest.mark.system, pytest.mark.timeout(3600)]

IMAGES = {"qcow2": "qcow2", "vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}
BIOS_BOOT, ESP, DATA, LVM = (
    "21686148-6449-6E6F-744E-656564454649",
    "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
    "E6D6D379-F507-44C2-A23C-238F2A3DF928",
)
OWNER = FoundAccount(name=PROF, has_password=True, keys=1, is_administrator=True)


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("appliance")
    build_appliance(folder, get_sources(Path.home() / ".cache" / "galeria" / "guests"))
    return folder


@pytest.fixture(scope="module", params=VARIANTS, ids=NAMES)
def variant(request: pytest.FixtureRequest) -> Variant:
    chosen: Variant = request.param
    return chosen


@pytest.fixture(scope="module")
def raw(variant: Variant, disks: GuestDisks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    target = tmp_path_factory.mktemp("raw") / "disk"
    run(["qemu-img", "convert", "-f", IMAGES[variant.file_format], "-O", "raw", disks.get(variant), target])
    yield target
    target.unlink()


def test_what_is_on_a_disk_is_found(variant: Variant, raw: Path, appliance: Path) -> None:
    found = look_into(raw, appliance)
    assert (found.kind, found.distribution, found.version) == (SystemKind.LINUX, "debian", "12")
    assert found.file_system == ("ext4" if variant.file_system == "lvm" else variant.file_system)
    assert found.is_on_lvm == (variant.file_system == "lvm")
    assert not found.was_in_use
    assert found.drivers is not None
    assert ("virtio_blk" in found.drivers) == variant.has_virtio
    assert (GuestAgent.QEMU in found.agents) == variant.has_agent
    assert (GuestAgent.AZURE in found.agents) == variant.is_from_azure
    assert found.cloud_init == (CloudInit(data_sources=variant.data_sources) if variant.has_cloud_init else None)
    assert found.accounts == ((OWNER,) if variant.is_specialized else ())
    assert found.ssh is not None
    assert found.ssh.has_host_keys == variant.is_specialized


def test_a_disk_is_partitioned_as_azure_does_it(variant: Variant, raw: Path) -> None:
    table = json.loads(run(["sfdisk", "--json", raw]))["partitiontable"]
    kinds = {each["node"].removeprefix(str(raw)): each["type"] for each in table["partitions"]}
    assert kinds == {"14": BIOS_BOOT, "15": ESP, "1": LVM if variant.file_system == "lvm" else DATA}
    listed = run(["mdir", "-b", "-/", "-i", f"{raw}@@{ESP_START * 512}"]).split()
    assert (f"::/{LOADER}" in listed, f"::/{FALLBACK_LOADER}" in listed) == (True, variant.fallback_loader)


def look_into(disk: Path, appliance: Path) -> Findings:
    with open_raw_file(disk) as source:
        look = ApplianceInspector(appliance=appliance).look(source)
    assert look.findings is not None, look.obstacle
    return look.findings

"""The disks are of the kinds that people bring: how each is partitioned. What is on them is told by the walks."""

import json
from pathlib import Path

import pytest

from galeria.programs import run
from tests.real_guests.disks import ESP_START, FALLBACK_LOADER, LOADER, ROOT_START, SECTOR
from tests.real_guests.guest_disks import GuestDisks
from tests.real_guests.variants import CASES, Variant

pytestmark = [pytest.mark.system, pytest.mark.timeout(3600)]

IMAGES = {"qcow2": "qcow2", "vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}
BIOS_BOOT, ESP, DATA, LVM = (
    "21686148-6449-6E6F-744E-656564454649",
    "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
    "E6D6D379-F507-44C2-A23C-238F2A3DF928",
)


@pytest.mark.parametrize("variant", CASES)
def test_a_disk_is_partitioned_as_azure_does_it(variant: Variant, disks: GuestDisks, tmp_path: Path) -> None:
    start = tmp_path / "disk"  # all that lies before the root
    image = disks.get(variant)
    sizes = ["bs=1M", f"count={ROOT_START * SECTOR >> 20}"]
    run(["qemu-img", "dd", "-f", IMAGES[variant.file_format], "-O", "raw", *sizes, f"if={image}", f"of={start}"])
    with start.open("r+b") as file:
        file.truncate(int(json.loads(run(["qemu-img", "info", "--output=json", image]))["virtual-size"]))
    table = json.loads(run(["sfdisk", "--json", start]))["partitiontable"]
    kinds = {each["node"].removeprefix(str(start)): each["type"] for each in table["partitions"]}
    assert kinds == {"14": BIOS_BOOT, "15": ESP, "1": LVM if variant.file_system == "lvm" else DATA}
    listed = run(["mdir", "-b", "-/", "-i", f"{start}@@{ESP_START * SECTOR}"]).split()
    assert (f"::/{LOADER}" in listed, f"::/{FALLBACK_LOADER}" in listed) == (True, variant.fallback_loader)

"""Machines of both generations come from imported files, and a file's format does not change what the guest sees."""

import filecmp
from pathlib import Path

import pytest

from galeria.adapters.engine.layout import Layout
from galeria.interfaces.demo.people import Material
from tests.system.house import SOUTH, House
from tests.system.steps import digest_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

FIRMWARE = "test -d /sys/firmware/efi && echo UEFI || echo BIOS"


@pytest.mark.parametrize(("generation", "firmware"), [("V1", "BIOS"), ("V2", "UEFI")])
def test_a_lab_boots_with_the_firmware_of_its_images_generation(
    house: House, material: Material, generation: str, firmware: str
) -> None:
    house.imported("Linux", material.qcow2, generation=generation)
    house.make_lab("algebra", house.image_id("Linux"))
    assert house.boot("algebra").run(FIRMWARE) == firmware


def test_a_fixed_vhd_a_qcow2_and_a_raw_file_give_the_same_disk(house: House, material: Material, linux: Path) -> None:
    files = {"VHD": material.vhd, "QCOW2": material.qcow2, "Raw": linux}
    digests = {digest_of(house.version(house.imported(name, file))) for name, file in files.items()}
    assert len(digests) == 1
    house.make_lab("from-vhd", house.image_id("VHD"))
    assert filecmp.cmp(Layout(house.data).base(SOUTH, digests.pop()), linux, shallow=False)

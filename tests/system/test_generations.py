"""Machines of both generations come from imported files, and a file's format does not change what the guest sees."""

import filecmp
from pathlib import Path

import pytest

from galeria.adapters.engine.layout import Layout
from galeria.interfaces.demo.people import DemoFiles
from tests.system.server_process import SOUTH, ServerProcess
from tests.system.steps import digest_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

FIRMWARE = "test -d /sys/firmware/efi && echo UEFI || echo BIOS"


@pytest.mark.parametrize(("generation", "firmware"), [("V1", "BIOS"), ("V2", "UEFI")])
def test_a_lab_boots_with_the_firmware_of_its_images_generation(
    server_process: ServerProcess, material: DemoFiles, generation: str, firmware: str
) -> None:
    server_process.imported("Linux", material.qcow2, generation=generation)
    server_process.make_lab("algebra", server_process.image_id("Linux"))
    assert server_process.boot("algebra").run(FIRMWARE) == firmware


def test_a_fixed_vhd_a_qcow2_and_a_raw_file_give_the_same_disk(
    server_process: ServerProcess, material: DemoFiles, linux: Path
) -> None:
    files = {"VHD": material.vhd, "QCOW2": material.qcow2, "Raw": linux}
    digests = {digest_of(server_process.version(server_process.imported(name, file))) for name, file in files.items()}
    assert len(digests) == 1
    server_process.make_lab("from-vhd", server_process.image_id("VHD"))
    assert filecmp.cmp(Layout(server_process.data).base(SOUTH, digests.pop()), linux, shallow=False)

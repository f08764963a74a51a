"""Machines of the cloud get the hardware that their image needs, with a real server."""

from pathlib import Path

import pytest

from galeria.guests import build_guest, get_sources
from galeria.ports.machines import VmEngine
from tests.cloud.openstack.installation import CAMPUS, PATIENCE
from tests.system.server_process import ServerProcess

SEEN = "test -d /sys/firmware/efi && echo UEFI || echo BIOS; grep -o '^/dev/[a-z]*' /proc/mounts | head -n 1"


@pytest.fixture
def without_virtio(tmp_path: Path) -> Path:
    """A small Linux whose first file system knows disks on IDE only."""
    made = tmp_path / "ide.raw"
    sources = get_sources(Path.home() / ".cache" / "galeria" / "guests")
    build_guest(made, sources=sources, drivers=("ata_piix", "sd_mod"))
    return made


@pytest.mark.long
@pytest.mark.timeout(PATIENCE * 4)
def test_uefi_and_disks_without_virtio(
    server: ServerProcess, cloud_machines: VmEngine, linux: Path, without_virtio: Path
) -> None:
    server.imported("New", linux, generation="V2", regions=(CAMPUS,))
    server.imported("Other", without_virtio, regions=(CAMPUS,))
    labs = {"new": "New", "other": "Other"}
    for lab, image in labs.items():
        server.make_lab(lab, server.image_id(image), region=CAMPUS)
    starts = [server.galeria.machines.start(lab) for lab in labs]
    for each in starts:
        server.wait(each)
    seen = {lab: server.boot(lab).run(SEEN).split() for lab in labs}
    assert seen == {"new": ["UEFI", "/dev/vda"], "other": ["BIOS", "/dev/sda"]}
    server.leave()
    assert cloud_machines.machines() == []

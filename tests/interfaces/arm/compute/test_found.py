"""What was found on a version's disk, in the API: `properties.galeria.found`."""

from typing import Any

from galeria.adapters.fakes.inspector import NO_MACHINES
from galeria.domain.images.findings import Findings, SystemKind
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.messages import EMPTY
from tests.found_samples import FOUND
from tests.interfaces.arm.served import GROUP, Arm, definition_body, done, version_body
from tests.local_installation import MIB, disk_bytes

IMAGE = f"{GROUP}/providers/Microsoft.Compute/galleries/found/images/linux"
ONE = f"{IMAGE}/versions/1.0.0"


def shown(arm: Arm, **changes: Any) -> dict[str, Any]:
    with arm.installation.context.database() as uow:
        version: ImageVersion = uow.versions.get_by_key(ONE.lower())
        for name, value in changes.items():
            setattr(version, name, value)
        uow.commit()
    found: dict[str, Any] = done(arm().get(ONE))["properties"]["galeria"]["found"]
    return found


def test_the_outcome_of_a_look(arm: Arm) -> None:
    assert arm().put(IMAGE.partition("/images")[0], json={"location": "brazilsouth"}).status_code in (200, 201)
    assert arm().put(IMAGE, json=definition_body("linux")).status_code in (200, 201)
    done(arm().put(ONE, json=version_body(arm.installation.upload(disk_bytes(MIB, seed=77)))), 201)
    arm.work()

    assert shown(arm) == {"state": "NotLookedAt", "reason": NO_MACHINES}
    assert shown(arm, look_obstacle=EMPTY) == {"state": "NotLookedAt", "reason": None}
    assert shown(arm, found=Findings(kind=SystemKind.UNKNOWN))["cloudInit"] is None
    assert shown(arm, found=FOUND) == {
        "state": "LookedAt",
        "reason": None,
        "operatingSystem": {
            "kind": "Linux",
            "distribution": "debian",
            "version": "12",
            "name": "Debian <b>12</b>",
            "init": "systemd",
        },
        "root": {"fileSystem": "xfs", "isOnLvm": True, "sizeBytes": 4 << 30, "freeBytes": 1 << 30},
        "wasInUse": True,
        "isEncrypted": True,
        "enforcesSelinux": True,
        "boot": {
            "loader": "grub",
            "firmware": ["BIOS", "UEFI"],
            "kernel": "6.1.0-57-cloud-amd64",
            "drivers": ["virtio_blk", "nvme"],
        },
        "cloudInit": {"isEnabled": True, "hasRun": True, "dataSources": ["Azure"]},
        "agents": ["qemu-guest-agent", "walinuxagent"],
        "sshServer": {"name": "openssh", "hasHostKeys": False, "allowsPasswords": False},
        "accounts": [
            {"name": "prof", "hasPassword": True, "keys": 2, "isAdministrator": True},
            {"name": "ana", "hasPassword": False, "keys": 1, "isAdministrator": False},
        ],
        "cardName": "ens7",
        "networkFiles": [{"path": "/etc/netplan/50.yaml", "macAddresses": ["52:54:00:00:00:01"]}],
    }

"""Disks, snapshots and managed images as requests, and what is done with them again and again."""

from typing import Any

from galeria.domain.images.vhd_footer import fixed_footer
from tests.interfaces.arm.served import GROUP, Arm, done
from tests.local_installation import disk_bytes

COMPUTE = f"{GROUP}/providers/Microsoft.Compute"


def vhd_bytes(content: bytes | None = None) -> bytes:
    """A fixed VHD of the usual small disk."""
    content = disk_bytes() if content is None else content
    return content + fixed_footer(len(content), bytes(16))


def disk_id(name: str) -> str:
    return f"{COMPUTE}/disks/{name}"


def snapshot_id(name: str) -> str:
    return f"{COMPUTE}/snapshots/{name}"


def image_id(name: str) -> str:
    return f"{COMPUTE}/images/{name}"


def disk_body(option: str, *, location: str = "brazilsouth", **more: Any) -> dict[str, Any]:
    """`more`: properties, those of creationData among them."""
    outer = {"osType", "hyperVGeneration", "diskSizeGB", "incremental"}
    data = {"createOption": option, **{name: value for name, value in more.items() if name not in outer}}
    own = {name: value for name, value in more.items() if name in outer}
    return {"location": location, "properties": {"creationData": data, **own}}


def copy_body(source: str, **more: Any) -> dict[str, Any]:
    return disk_body("Copy", sourceResourceId=source, **more)


def grant(arm: Arm, id: str, level: str = "Write", seconds: int = 3600) -> str:
    """The address."""
    body = {"access": level, "durationInSeconds": seconds}
    address: str = done(arm().post(f"{id}/beginGetAccess", json=body))["accessSAS"]
    return address


def put_pages(arm: Arm, address: str, content: bytes, *, piece: int = 1 << 20) -> None:
    """As a storage client does: pieces that are all zero are left out."""
    for start in range(0, len(content), piece):
        data = content[start : start + piece]
        if any(data):
            headers = {"x-ms-page-write": "update", "x-ms-range": f"bytes={start}-{start + len(data) - 1}"}
            answer = arm.stranger().put(f"{address}&comp=page", content=data, headers=headers)
            assert answer.status_code == 201, answer.text


def uploaded(arm: Arm, name: str, content: bytes | None = None, **more: Any) -> str:
    """The id of a finished disk with that content; its upload was ended and stored."""
    vhd = vhd_bytes(content)
    id = disk_id(name)
    done(arm().put(id, json=disk_body("Upload", uploadSizeBytes=len(vhd), **more)))
    put_pages(arm, grant(arm, id), vhd)
    assert arm().post(f"{id}/endGetAccess").status_code == 202
    operation = arm.work()[-1]
    assert operation.status == "Succeeded", operation.error_message
    return id


def made(arm: Arm, id: str, body: dict[str, Any]) -> dict[str, Any]:
    """PUT, work, and what it then is."""
    answer = arm().put(id, json=body)
    assert answer.status_code in (200, 201, 202), answer.text
    operation = arm.work()[-1]
    assert operation.status == "Succeeded", operation.error_message
    return done(arm().get(id))

"""Definitions and versions to be made from a source, and the bytes that a version then holds."""

from typing import Any

from tests.interfaces.arm.served import GALLERY, Arm, definition_body, done


def body(storage: dict[str, Any], *regions: str, location: str = "brazilsouth") -> dict[str, Any]:
    targets = [{"name": region} for region in (regions or (location,))]
    own = {"publishingProfile": {"targetRegions": targets}, "storageProfile": storage}
    return {"location": location, "properties": own}


def defined(arm: Arm, name: str, **properties: Any) -> str:
    id = f"{GALLERY}/images/{name}"
    assert arm().put(id, json=definition_body(name, **properties)).status_code in (200, 201)
    return f"{id}/versions/1.0.0"


def contents(arm: Arm, version: str, region: str = "brazilsouth") -> list[bytes]:
    """The version's disks as that region's store holds them, the OS disk first."""
    found = []
    for disk in done(arm().get(version))["properties"]["galeria"]["disks"]:
        target = arm.installation.folder / "restored.raw"
        arm.installation.context.stores[region].restore(disk["digest"], target, progress=lambda *, done, total: None)
        found.append(target.read_bytes())
        target.unlink()
    return found

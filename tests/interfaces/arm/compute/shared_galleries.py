"""Galleries with an image in them, and sharing them."""

from typing import Any

from tests.interfaces.arm.served import GROUP, Arm, definition_body, done, version_body
from tests.local_installation import disk_bytes

GALLERIES = f"{GROUP}/providers/Microsoft.Compute/galleries"
COMMUNITY = {
    "permissions": "community",
    "communityGalleryInfo": {
        "publisherUri": "https://campus.example",
        "publisherContact": "ana@campus.example",
        "eula": "https://campus.example/eula",
        "publicNamePrefix": "campus",
    },
}


def gallery(arm: Arm, name: str, location: str = "brazilsouth", **properties: Any) -> str:
    id = f"{GALLERIES}/{name}"
    done(arm().put(id, json={"location": location, "properties": properties}), 201)
    return id


def filled(arm: Arm, gallery: str, image: str = "linux") -> str:
    """The gallery gets an image with a version in two regions; returns the image's id."""
    id = f"{gallery}/images/{image}"
    done(arm().put(id, json=definition_body(image)), 201)
    body = version_body(arm.installation.upload(disk_bytes()), "brazilsouth", "westeurope")
    done(arm().put(f"{id}/versions/1.0.0", json=body), 201)
    assert arm.work()[-1].status == "Succeeded"
    return id


def share(arm: Arm, gallery: str, step: str, **groups: list[str]) -> Any:
    said = [{"type": kind, "ids": ids} for kind, ids in groups.items()]
    return arm().post(f"{gallery}/share", json={"operationType": step, "groups": said})

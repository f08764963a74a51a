"""Resources with an operation under way on them, each begun and not worked on: the names in their paths and the first body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.interfaces.arm.lab_bodies import SCHEDULE
from tests.interfaces.arm.lab_machines import student_machine
from tests.interfaces.arm.path_values import id_of, operation_of
from tests.interfaces.arm.served import (
    GALLERY,
    LABS,
    SUB,
    Arm,
    definition_body,
    done,
    lab_body,
    version_body,
)
from tests.interfaces.arm.storage import COMPUTE, disk_body, grant, put_pages, uploaded, vhd_bytes
from tests.local_installation import SUBSCRIPTION, disk_bytes

_EMPTY = disk_body("Empty", diskSizeGB=1)


@dataclass(frozen=True, kw_only=True)
class Names:
    """What stands in the paths, and the body with which the work began."""

    values: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)


def deep(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The first body with what the second says, object by object."""
    both = {name: deep(one[name], value) for name, value in other.items() if _objects(one.get(name), value)}
    return {**one, **other, **both}


def _objects(*values: object) -> bool:
    return all(isinstance(each, Mapping) for each in values)


def _begun(answer: httpx.Response) -> str:
    assert answer.status_code in (200, 201, 202), answer.text
    return operation_of(answer)


def _done(arm: Arm) -> None:
    for operation in arm.work():
        assert operation.status == "Succeeded", operation.error_message


def creating_version(arm: Arm, image: str, name: str) -> Names:
    definition = f"{GALLERY}/images/{name}"
    done(arm().put(definition, json=definition_body(name)), 201)
    body = version_body(arm.installation.upload(disk_bytes()))
    operation = _begun(arm().put(f"{definition}/versions/1.0.0", json=body))
    place = {"gallery": "gal", "definition": name, "version": "1.0.0", "location": "brazilsouth"}
    return Names(values=place | {"operation": operation}, body=body)


def other_upload(arm: Arm, names: Names) -> dict[str, Any]:
    source = {"osDiskImage": {"source": {"uploadId": arm.installation.upload(disk_bytes(seed=8))}}}
    return deep(names.body, {"properties": {"storageProfile": source}})


def stopping_version(arm: Arm, image: str, name: str) -> Names:
    names = creating_version(arm, image, name)
    path = f"{SUB}/providers/Microsoft.Galeria/operations/{names.values['operation']}/cancel"
    assert arm().post(path).is_success
    return names


def updating_version(arm: Arm, image: str, name: str) -> Names:
    return _with_regions(creating_version(arm, image, name), arm, "brazilsouth", "brazilsoutheast")


def removing_region(arm: Arm, image: str, name: str) -> Names:
    names = updating_version(arm, image, name)
    _done(arm)
    return _with_regions(names, arm, "brazilsouth")


def deleting_version(arm: Arm, image: str, name: str) -> Names:
    names = creating_version(arm, image, name)
    _done(arm)
    assert arm().delete(f"{GALLERY}/images/{name}/versions/1.0.0").status_code == 202
    return names


def _with_regions(names: Names, arm: Arm, *regions: str) -> Names:
    _done(arm)
    profile = {"publishingProfile": {"targetRegions": [{"name": each} for each in regions]}}
    body = deep(names.body, {"properties": profile})
    operation = _begun(arm().put(f"{GALLERY}/images/{names.values['definition']}/versions/1.0.0", json=body))
    return Names(values=names.values | {"operation": operation}, body=body)


def creating_disk(arm: Arm, image: str, name: str) -> Names:
    _begun(arm().put(f"{COMPUTE}/disks/{name}", json=_EMPTY))
    return Names(values={"disk": name}, body=_EMPTY)


def deleting_disk(arm: Arm, image: str, name: str) -> Names:
    return _deleting(arm, f"{COMPUTE}/disks/{name}", creating_disk(arm, image, name))


def growing_disk(arm: Arm, image: str, name: str) -> Names:
    names = creating_disk(arm, image, name)
    _done(arm)
    body = deep(_EMPTY, {"properties": {"diskSizeGB": 2}})
    _begun(arm().put(f"{COMPUTE}/disks/{name}", json=body))
    return Names(values=names.values, body=body)


def storing_disk(arm: Arm, image: str, name: str) -> Names:
    path, vhd = f"{COMPUTE}/disks/{name}", vhd_bytes()
    body = disk_body("Upload", uploadSizeBytes=len(vhd))
    done(arm().put(path, json=body))
    put_pages(arm, grant(arm, path), vhd)
    assert arm().post(f"{path}/endGetAccess").status_code == 202
    return Names(values={"disk": name}, body=body)


def creating_snapshot(arm: Arm, image: str, name: str) -> Names:
    _begun(arm().put(f"{COMPUTE}/snapshots/{name}", json=_EMPTY))
    return Names(values={"snapshot": name}, body=_EMPTY)


def deleting_snapshot(arm: Arm, image: str, name: str) -> Names:
    return _deleting(arm, f"{COMPUTE}/snapshots/{name}", creating_snapshot(arm, image, name))


def creating_image(arm: Arm, image: str, name: str) -> Names:
    disk = uploaded(arm, f"{name}-os", osType="Linux")
    storage = {"osDisk": {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": disk}}}
    body = {"location": "brazilsouth", "properties": {"storageProfile": storage}}
    _begun(arm().put(f"{COMPUTE}/images/{name}", json=body))
    return Names(values={"image": name}, body=body)


def deleting_image(arm: Arm, image: str, name: str) -> Names:
    return _deleting(arm, f"{COMPUTE}/images/{name}", creating_image(arm, image, name))


def _deleting(arm: Arm, path: str, names: Names) -> Names:
    _done(arm)
    assert arm().delete(path).status_code == 202
    return names


def creating_lab(arm: Arm, image: str, name: str) -> Names:
    """With a user and a schedule."""
    body = lab_body(image)
    operation = _begun(arm().put(f"{LABS}/{name}", json=body))
    done(arm().put(f"{LABS}/{name}/users/student", json={"properties": {"email": "student@example.org"}}), 201)
    done(arm().put(f"{LABS}/{name}/schedules/monday", json={"properties": SCHEDULE}), 201)
    within = {"user": "student", "schedule": "monday", "account": "labs", "setting": "default", "environment": "one"}
    return Names(values={"lab": name, "operation": operation, **within}, body=body)


def stopping_lab(arm: Arm, image: str, name: str) -> Names:
    names = creating_lab(arm, image, name)
    path = f"{SUB}/providers/Microsoft.Galeria/operations/{names.values['operation']}/cancel"
    assert arm().post(path).is_success
    return names


def publishing_lab(arm: Arm, image: str, name: str) -> Names:
    names = creating_lab(arm, image, name)
    _done(arm)
    student_machine(arm, name, "one", 50300 + int(name.rpartition("x")[2]))
    assert arm().post(f"{LABS}/{name}/publish").status_code == 202
    return names


def deleting_lab(arm: Arm, image: str, name: str) -> Names:
    names = creating_lab(arm, image, name)
    _done(arm)
    assert arm().delete(f"{LABS}/{name}").status_code == 202
    return names


def quiet_group(arm: Arm, image: str, name: str) -> Names:
    """A group with a gallery, an image and a lab plan, in which nothing is under way; with a lock and a role."""
    names = emptied_group(arm, image, name)
    group = f"{SUB}/resourceGroups/{name}"
    gallery = f"{group}/providers/Microsoft.Compute/galleries/of{name}"
    plan = {"location": "brazilsouth", "properties": {"sharedGalleryId": gallery}}
    done(arm().put(f"{group}/providers/Microsoft.LabServices/labPlans/labs", json=plan))
    authorization = f"{group}/providers/Microsoft.Authorization"
    role = {"properties": {"roleDefinitionId": "Reader", "principalId": id_of(arm, "educator")}}
    done(arm().put(f"{authorization}/roleAssignments/{_assignment(name)}", json=role), 201)
    own = {"gallery id": gallery, "principal": id_of(arm, "educator")}
    return Names(values=names.values | own, body=plan)


def emptied_group(arm: Arm, image: str, name: str) -> Names:
    """A group with a gallery, an image without versions, and a lab plan that knows nothing of them."""
    group = f"{SUB}/resourceGroups/{name}"
    done(arm().put(group, json={"location": "brazilsouth"}), 201)
    gallery = f"{group}/providers/Microsoft.Compute/galleries/of{name}"
    done(arm().put(gallery, json={"location": "brazilsouth"}), 201)
    body = definition_body("ready")
    done(arm().put(f"{gallery}/images/ready", json=body), 201)
    done(arm().put(f"{group}/providers/Microsoft.LabServices/labPlans/labs", json={"location": "brazilsouth"}), 201)
    values = {"group": name, "gallery": f"of{name}", "definition": "ready", "image": "ready", "plan": "labs"}
    more = {"account": "labs", "scope": f"{SUBSCRIPTION}/resourceGroups/{name}", "lock": "keep"}
    return Names(values=values | more | {"assignment": _assignment(name)}, body=body)


def empty_gallery(arm: Arm, image: str, name: str) -> Names:
    done(arm().put(f"{COMPUTE}/galleries/{name}", json={"location": "brazilsouth"}), 201)
    return Names(values={"gallery": name})


def deleting_group(arm: Arm, image: str, name: str) -> Names:
    names = quiet_group(arm, image, name)
    assert arm().delete(f"{SUB}/resourceGroups/{name}").status_code == 202
    return names


def _assignment(name: str) -> str:
    return f"00000000-0000-0000-0000-{int(name.rpartition('x')[2]):012d}"

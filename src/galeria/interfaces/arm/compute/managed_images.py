"""Routes of managed images, and of virtual machines of Microsoft.Compute, of which there are none (`az image create` asks)."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from galeria.actions.core.groups import listed_below
from galeria.actions.storage.managed_images import (
    ImageRequest,
    delete_image,
    get_image,
    list_images,
    put_image,
    tag_image,
)
from galeria.actions.storage.sources import NamedDisk
from galeria.domain.errors import Invalid, NotFound
from galeria.domain.ids import COMPUTE as NAMESPACE
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.messages import Message
from galeria.interfaces.arm.compute.disk_views import image_view
from galeria.interfaces.arm.compute.storage_schemas import (
    ImageDisk,
    ImageOsDisk,
    ImageProperties,
    ImageStorage,
    ManagedImageBody,
    ManagedImagePatch,
)
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep, require_any_role
from galeria.interfaces.arm.protocol.paging import by_name, listed, page
from galeria.interfaces.arm.protocol.path_ids import GroupId, named_id, subscription_key
from galeria.interfaces.arm.protocol.responses import deleting, put, shown
from galeria.interfaces.arm.protocol.routes import COMPUTE, GROUP, MANAGED_IMAGE, SUBSCRIPTION, Route


async def _image(group: GroupId, image: str) -> ResourceId:
    return group.resource(NAMESPACE, "images", image)


ImageId = Annotated[ResourceId, Depends(_image)]


def put_one(id: ImageId, body: ManagedImageBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        image, is_new, operation = put_image(request, id, _wanted(body))
        request.uow.flush()
        view = image_view(image, request.uow.managed_images.disks(image.id))
    arm_request.start(operation)
    return put(arm_request, view, is_new=is_new, operation=operation)


def patch_one(id: ImageId, body: ManagedImagePatch, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        image = tag_image(request, id, body.tags)
        return shown(image_view(image, request.uow.managed_images.disks(image.id)))


def get_one(id: ImageId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(image_view(*get_image(request, id)))


def list_in_group(id: GroupId, arm_request: ArmRequestDep) -> Response:
    return _listed(id.key, arm_request)


def list_in_subscription(subscription: str, arm_request: ArmRequestDep) -> Response:
    return _listed(subscription_key(subscription), arm_request)


def delete_one(id: ImageId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        operation = delete_image(request, id)
    arm_request.start(operation)
    return deleting(arm_request, operation)


def get_machine(subscription: str, group: str, machine: str, arm_request: ArmRequestDep) -> Response:
    require_any_role(arm_request)
    raise NotFound(
        Message(
            "The Resource 'Microsoft.Compute/virtualMachines/{machine}' under resource group '{group}' was not found.",
            machine=machine,
            group=group,
        ),
        hint=Message("The machines here belong to labs: Microsoft.LabServices/labs/…/virtualMachines."),
    )


def list_machines(subscription: str, arm_request: ArmRequestDep) -> Response:
    require_any_role(arm_request)
    return shown(listed([]))


def _listed(prefix: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        images, link = page(arm_request, listed_below(request, prefix, list_images(request, prefix)), order=by_name)
        views = [image_view(image, request.uow.managed_images.disks(image.id)) for image in images]
    return shown(listed(views, link))


def _wanted(body: ManagedImageBody) -> ImageRequest:
    said = body.properties or ImageProperties()
    storage = said.storage_profile or ImageStorage()
    os_disk = storage.os_disk or ImageOsDisk()
    machine = said.source_virtual_machine and said.source_virtual_machine.id
    disks = {OS_DISK: _disk(os_disk)} if _is_named(os_disk) else {}
    for disk in storage.data_disks or ():
        if disk.lun in disks:
            raise Invalid(
                Message("Two data disks have the LUN {lun}.", lun=disk.lun),
                hint=Message("Give every data disk a LUN of its own."),
                target="properties.storageProfile.dataDisks",
            )
        disks[disk.lun] = _disk(disk)
    return ImageRequest(
        location=body.location,
        tags=body.tags or {},
        machine=named_id(machine, "properties.sourceVirtualMachine.id") if machine else None,
        disks=disks,
        os_type=os_disk.os_type,
        os_state=os_disk.os_state,
        generation=said.hyper_v_generation,
    )


def _is_named(disk: ImageDisk) -> bool:
    ids = [reference.id for reference in (disk.managed_disk, disk.snapshot) if reference]
    return any(ids) or bool(disk.blob_uri)


def _disk(disk: ImageDisk) -> NamedDisk:
    ids = [reference.id for reference in (disk.managed_disk, disk.snapshot) if reference and reference.id]
    if len(ids) > 1:
        raise Invalid(
            Message("A disk has two sources."),
            hint=Message("Name one of managedDisk, snapshot and blobUri."),
            target="storageProfile",
        )
    id = named_id(ids[0], "properties.storageProfile") if ids else None
    return NamedDisk(id=id, uri=disk.blob_uri or "")


_IN_GROUP = GROUP + COMPUTE + "/images"
_IN_SUBSCRIPTION = SUBSCRIPTION + COMPUTE + "/images"
_MACHINE = GROUP + COMPUTE + "/virtualMachines/{machine}"

ROUTES = (
    Route(name="ManagedImages_List", method="GET", path=_IN_SUBSCRIPTION, handler=list_in_subscription),
    Route(name="ManagedImages_ListByResourceGroup", method="GET", path=_IN_GROUP, handler=list_in_group),
    Route(name="ManagedImages_CreateOrUpdate", method="PUT", path=MANAGED_IMAGE, handler=put_one),
    Route(name="ManagedImages_Update", method="PATCH", path=MANAGED_IMAGE, handler=patch_one),
    Route(name="ManagedImages_Get", method="GET", path=MANAGED_IMAGE, handler=get_one),
    Route(name="ManagedImages_Delete", method="DELETE", path=MANAGED_IMAGE, handler=delete_one),
    Route(name="ComputeMachines_Get", method="GET", path=_MACHINE, handler=get_machine),
    Route(
        name="ComputeMachines_ListAll",
        method="GET",
        path=SUBSCRIPTION + COMPUTE + "/virtualMachines",
        handler=list_machines,
    ),
)

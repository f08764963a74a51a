"""Resources in the form of the API of 2018: lab accounts, images, labs, templates and machines."""

from typing import Any

from galeria.actions.core.request import Request
from galeria.domain.durations import show_duration
from galeria.domain.images.eligibility import ImageEligibility
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.labs import Lab, LabDraft, LabMachine
from galeria.domain.labs.profiles import MAX_CAPACITY
from galeria.domain.labs.roster import LabUser
from galeria.domain.labs.sizes import get_size
from galeria.domain.reach.authorities import authorities
from galeria.domain.resources import Resource
from galeria.domain.states import MachineState, ProvisioningState
from galeria.interfaces.arm.classic.paths import DEFAULT, TEMPLATE, account_id, lab_id
from galeria.interfaces.arm.classic.sizes import category, size_configuration
from galeria.interfaces.arm.protocol.envelope import when

_TYPE = "Microsoft.LabServices/labAccounts"


def account_view(request: Request, account: LabAccount) -> dict[str, Any]:
    properties = {
        "sizeConfiguration": size_configuration(request.settings.sizes),
        "enabledRegionSelection": bool(account.profiles.get("enabledRegionSelection")),
        **_state(request, account),
    }
    return _resource(str(account_id(account.resource_id)), _TYPE, account, properties)


def gallery_image_view(account: LabAccount, offer: ImageEligibility) -> dict[str, Any]:
    definition = offer.definition
    reference = {
        "offer": definition.offer,
        "publisher": definition.publisher,
        "sku": definition.sku,
        "osType": definition.os_type.value,
        **({"version": offer.version.name} if offer.version else {}),
    }
    properties = {
        "author": definition.publisher,
        "createdDate": when(definition.created_at),
        "description": definition.description,
        "imageReference": reference,
        "isEnabled": offer.enabled,
        "isOverride": False,
        "isPlanAuthorized": True,
        "provisioningState": definition.state.value,
        "uniqueIdentifier": definition.id,
    }
    id = account_id(account.resource_id).child("galleryimages", definition.name)
    return _resource(str(id), f"{_TYPE}/galleryImages", definition, properties)


def shared_image_view(account: LabAccount, gallery_id: str, offer: ImageEligibility) -> dict[str, Any]:
    definition = offer.definition
    properties = {
        "EnableState": "Enabled" if offer.enabled else "Disabled",
        "sharedGalleryId": gallery_id,
        "osType": definition.os_type.value,
        "imageType": definition.os_state.value,
        "displayName": definition.display_name,
        "definitionName": definition.name,
        "provisioningState": definition.state.value,
    }
    id = account_id(account.resource_id).child("sharedimages", definition.name)
    return _resource(str(id), f"{_TYPE}/sharedImages", definition, properties)


def lab_view(request: Request, lab: Lab | LabDraft) -> dict[str, Any]:
    creator = request.uow.people.find_by_name(lab.created_by)
    properties = {
        "maxUsersInLab": lab.capacity,
        "userQuota": MAX_CAPACITY,
        **({"invitationCode": lab.registration_code} if isinstance(lab, Lab) and lab.registration_code else {}),
        **({"createdByObjectId": creator.id} if creator else {}),
        "createdByUserPrincipalName": lab.created_by,
        "createdDate": when(lab.created_at),
        "usageQuota": show_duration(lab.usage_quota),
        "userAccessMode": "Open" if lab.open_access else "Restricted",
        **_state(request, lab),
    }
    return _resource(_lab_id(request, lab), f"{_TYPE}/labs", lab, properties)


def setting_view(request: Request, lab: Lab, template: LabMachine | None) -> dict[str, Any]:
    id = f"{_lab_id(request, lab)}/environmentsettings/{DEFAULT}"
    properties = {
        "publishingState": lab.lab_state.value,
        "configurationState": lab.profiles.get("configurationState", "NotApplicable"),
        "title": lab.title,
        "description": lab.description,
        "lastChanged": when(lab.modified_at),
        **({"lastPublished": when(lab.published_at)} if lab.published_at else {}),
        "resourceSettings": _resource_settings(request, lab, template, id),
        **_state(request, lab),
    }
    return _resource(id, f"{_TYPE}/labs/environmentSettings", lab, properties, name=DEFAULT)


def environment_view(request: Request, lab: Lab, machine: LabMachine) -> dict[str, Any]:
    setting = f"{_lab_id(request, lab)}/environmentsettings/{DEFAULT}"
    user = request.uow.lab_users.find(machine.claimed_by) if machine.claimed_by else None
    properties = {
        "isClaimed": user is not None,
        **(_claim(user) if user else {}),
        "lastKnownPowerState": machine.state.value,
        "networkInterface": {
            **authorities(request.settings.server, lab, machine),
            "username": machine.user_name,
        },
        "resourceSets": {"vmResourceId": _vm_id(lab, machine), "resourceSettingId": f"{setting}/resourcesettings/vm"},
        "totalUsage": show_duration(user.total_usage if user else 0),
        "provisioningState": machine_provisioning(machine),
        "uniqueIdentifier": machine.id,
    }
    id = f"{setting}/environments/{machine.name}"
    view = _resource(id, f"{_TYPE}/labs/environmentSettings/environments", lab, properties, name=machine.name)
    return view | {"tags": {}}


def _claim(user: LabUser) -> dict[str, Any]:
    return {
        "claimedByUserObjectId": user.principal_id or "",
        "claimedByUserPrincipalId": user.email,
        "claimedByUserName": user.shown_name,
    }


def environment_details(request: Request, lab: Lab, machine: LabMachine) -> dict[str, Any]:
    """Return an environment as its user sees it."""
    shown = environment_view(request, lab, machine)
    return {
        "id": shown["id"],
        "name": lab.title,
        "description": lab.description,
        "provisioningState": shown["properties"]["provisioningState"],
        "environmentState": _environment_state(machine),
        "totalUsage": shown["properties"]["totalUsage"],
        "virtualMachineDetails": {
            "provisioningState": shown["properties"]["provisioningState"],
            **authorities(request.settings.server, lab, machine),
            "userName": machine.user_name,
            "lastKnownPowerState": machine.state.value,
        },
    }


def lab_details(request: Request, lab: Lab) -> dict[str, Any]:
    return {
        "id": _lab_id(request, lab),
        "name": lab.title,
        "provisioningState": lab.state.value,
        "usageQuota": show_duration(lab.usage_quota),
    }


def user_view(request: Request, lab: Lab, user: LabUser) -> dict[str, Any]:
    """Return a user. The API has two names for a person; here a person has one, in any form."""
    properties = {
        "email": user.address,
        "givenName": user.display_name,
        "familyName": "",
        "totalUsage": show_duration(user.total_usage),
        "provisioningState": user.state.value,
        "uniqueIdentifier": user.id,
    }
    return _resource(f"{_lab_id(request, lab)}/users/{user.name}", f"{_TYPE}/labs/users", user, properties)


def machine_provisioning(machine: LabMachine) -> str:
    unfinished = {
        MachineState.CREATING: ProvisioningState.CREATING,
        MachineState.FAILED: ProvisioningState.FAILED,
        MachineState.DELETING: ProvisioningState.DELETING,
    }
    return unfinished.get(machine.state, ProvisioningState.SUCCEEDED).value


def _environment_state(machine: LabMachine) -> str:
    """Return whether the machine is created; whether it runs is its power state."""
    unfinished = {MachineState.CREATING: "Creating", MachineState.FAILED: "Failed"}
    return unfinished.get(machine.state, "Created")


def _resource_settings(request: Request, lab: Lab, template: LabMachine | None, id: str) -> dict[str, Any]:
    size = get_size(request.settings.sizes, lab.size)
    definition = request.uow.definitions.find(lab.definition_id)
    account = request.uow.accounts.find(lab.account_id)
    images = f"{account_id(account.resource_id)}/galleryimages/" if account else ""
    return {
        "id": f"{id}/resourcesettings/vm",
        "galleryImageResourceId": images + definition.name if definition and images else lab.image_id,
        "imageName": definition.display_name if definition else lab.image_id.rsplit("/", 1)[-1],
        "size": category(size),
        "cores": size.vcpus,
        "referenceVm": _reference(request, lab, template),
    }


def _reference(request: Request, lab: Lab, template: LabMachine | None) -> dict[str, Any]:
    if template is None:
        return {"userName": lab.user_name}
    return {
        "userName": template.user_name,
        "vmResourceId": _vm_id(lab, template),
        "vmStateDetails": {
            **authorities(request.settings.server, lab, template),
            "powerState": template.state.value,
            "lastKnownPowerState": template.state.value,
        },
    }


def _vm_id(lab: Lab, machine: LabMachine) -> str:
    return f"{lab.resource_id}/virtualMachines/{machine.name or TEMPLATE}"


def _lab_id(request: Request, lab: Lab | LabDraft) -> str:
    account = request.uow.accounts.find(lab.account_id)
    return str(lab_id(account.resource_id, lab.resource_id)) if account else lab.resource_id


def _state(request: Request, resource: Resource) -> dict[str, Any]:
    state = {"provisioningState": resource.state.value, "uniqueIdentifier": resource.id}
    for each in request.uow.operations.recent(below=resource.resource_id.lower(), limit=1):
        error = {"errorCode": each.error_code, "errorMessage": f"{each.error_message} {each.error_hint}".strip()}
        latest = {"status": each.status.value, **(error if each.error_code else {})}
        return {**state, "latestOperationResult": latest}
    return state


def _resource(id: str, kind: str, resource: Resource, properties: dict[str, Any], *, name: str = "") -> dict[str, Any]:
    return {
        "id": id,
        "name": name or resource.name,
        "type": kind,
        "location": resource.location,
        "tags": dict(resource.tags),
        "properties": properties,
    }

"""Lab plans, labs and machines as they are shown. What the inside has no setting for is shown as what it really does."""

from typing import Any

from galeria.actions.request import Request
from galeria.domain.accounts import LabAccount
from galeria.domain.galleries import OsType
from galeria.domain.labs import Lab, LabMachine, MachineKind
from galeria.domain.offers import Offer
from galeria.domain.states import MachineState, ProvisioningState
from galeria.faces.arm.envelope import envelope, system_data

# Machines are reached by SSH on a forwarded port; nothing shuts them down by itself.
_CONNECTIONS = {
    "webSshAccess": "None",
    "webRdpAccess": "None",
    "clientSshAccess": "Public",
    "clientRdpAccess": "None",
}
_NO_SHUTDOWN = {"shutdownOnDisconnect": "Disabled", "shutdownWhenNotConnected": "Disabled", "shutdownOnIdle": "None"}

_MACHINE_PROVISIONING = {
    MachineState.CREATING: ProvisioningState.CREATING,
    MachineState.FAILED: ProvisioningState.FAILED,
    MachineState.DELETING: ProvisioningState.DELETING,
}


def plan_view(request: Request, plan: LabAccount) -> dict[str, Any]:
    gallery = request.uow.galleries.find(plan.gallery_id) if plan.gallery_id else None
    return envelope(
        plan,
        {
            "defaultConnectionProfile": _CONNECTIONS,
            "defaultAutoShutdownProfile": _NO_SHUTDOWN,
            "allowedRegions": list(plan.allowed_regions),
            "sharedGalleryId": gallery.resource_id if gallery else None,
            "osDiskLimitInGB": plan.os_disk_limit_gb,
            "imagesEnabledByDefault": plan.enable_by_default,
        },
    )


def image_view(plan_id: str, offer: Offer) -> dict[str, Any]:
    """An image of the plan's gallery, with everything that keeps it from making a lab, and the cures."""
    definition, version = offer.definition, offer.version
    return {
        "id": f"{plan_id}/images/{definition.name}",
        "name": definition.name,
        "type": "Microsoft.LabServices/labPlans/images",
        "properties": {
            "enabledState": "Enabled" if offer.enabled else "Disabled",
            "provisioningState": definition.state.value,
            "displayName": definition.display_name,
            "description": definition.description,
            "osType": definition.os_type.value,
            "osState": definition.os_state.value,
            "sharedGalleryId": definition.resource_id,
            "availableRegions": list(offer.available_regions),
            "galeria": {
                "usable": offer.is_usable,
                "version": version.name if version else None,
                "versionId": version.resource_id if version else None,
                "obstacles": [
                    {"code": each.code, "reason": each.reason, "cure": each.cure} for each in offer.obstacles
                ],
            },
        },
        "systemData": system_data(definition),
    }


def lab_view(request: Request, lab: Lab) -> dict[str, Any]:
    """A password is never answered. The plan may be gone, and a deleted version keeps its id here."""
    plan = request.uow.accounts.find(lab.account_id)
    version = request.uow.versions.find(lab.version_id)
    definition = request.uow.definitions.find(lab.definition_id)
    machines = request.uow.machines.of_lab(lab.id)
    return envelope(
        lab,
        {
            "title": lab.title,
            "description": lab.description,
            "labPlanId": plan.resource_id if plan else None,
            "autoShutdownProfile": _NO_SHUTDOWN,
            "connectionProfile": _CONNECTIONS,
            "virtualMachineProfile": {
                "createOption": "TemplateVM",
                "imageReference": {"id": lab.image_id, "exactVersion": lab.version_name},
                # A definition whose versions are all gone may be gone too; only Linux can be the base of a lab so far.
                "osType": (definition.os_type if definition else OsType.LINUX).value,
                "sku": {"name": lab.size, "capacity": sum(each.kind is MachineKind.USER for each in machines)},
                "adminUser": {"username": lab.user_name},
            },
            "securityProfile": {"openAccess": "Disabled"},
            "state": lab.lab_state.value,
            "galeria": {
                "versionId": version.resource_id if version else None,
                "baseDigest": lab.base_digest,
                "failure": lab.failure,
            },
        },
    )


def machine_view(lab: Lab, machine: LabMachine) -> dict[str, Any]:
    return {
        "id": f"{lab.resource_id}/virtualMachines/{machine.name}",
        "name": machine.name,
        "type": "Microsoft.LabServices/labs/virtualMachines",
        "properties": {
            "vmType": machine.kind.value,
            "state": machine.state.value,
            "provisioningState": _MACHINE_PROVISIONING.get(machine.state, ProvisioningState.SUCCEEDED).value,
            "connectionProfile": {
                "sshAuthority": f"127.0.0.1:{machine.ssh_port}",
                "adminUsername": machine.user_name,
            },
            "galeria": {"failure": machine.failure},
        },
        "systemData": system_data(lab),
    }

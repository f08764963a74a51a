"""Lab plans, labs and machines as the API answers them. Settings that do not exist here are shown as what really happens."""

from typing import Any

from galeria.actions.classes.presence import find_warning
from galeria.actions.classes.usage import find_usage_warning
from galeria.actions.core.request import Request
from galeria.actions.labs.student_hours import hours_left
from galeria.domain.classes.settings import find_refill, shown_lead
from galeria.domain.classes.work_disks import work_disk_gib
from galeria.domain.durations import show_duration
from galeria.domain.images.eligibility import ImageEligibility
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.guest_network import PROFILE, has_common_network, policy_of
from galeria.domain.labs.hardware import Hardware
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.profiles import CONNECTION, NO_SHUTDOWN, connection_of
from galeria.domain.reach.authorities import authorities, offers_terminal
from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.states import MachineState, ProvisioningState
from galeria.interfaces.arm.protocol.envelope import envelope, system_data, when
from galeria.interfaces.web.kit.urls import lab_url

_MACHINE_PROVISIONING = {
    MachineState.CREATING: ProvisioningState.CREATING,
    MachineState.FAILED: ProvisioningState.FAILED,
    MachineState.DELETING: ProvisioningState.DELETING,
}
# A machine that is not finished does not run; its provisioning state says more.
_POWER = {
    MachineState.CREATING: MachineState.STOPPED,
    MachineState.FAILED: MachineState.STOPPED,
    MachineState.DELETING: MachineState.STOPPING,
}
# From this api-version on, a resource includes what went wrong with it.
_TELLS_ERRORS = "2023-06-07"


def plan_view(request: Request, plan: LabAccount, *, tenant_id: str) -> dict[str, Any]:
    gallery = request.uow.galleries.find(plan.gallery_id) if plan.gallery_id else None
    profiles = dict(plan.profiles)
    identity = profiles.pop("identity", None)
    profiles.pop("enabledRegionSelection", None)  # a property of the API of 2018
    profiles.pop(PROFILE, None)
    network = policy_of(plan.profiles)
    view = envelope(
        plan,
        {
            "defaultConnectionProfile": CONNECTION,
            "defaultAutoShutdownProfile": NO_SHUTDOWN,
            **{name: each for name, each in profiles.items() if each},
            "allowedRegions": list(plan.allowed_regions),
            **({"sharedGalleryId": gallery.resource_id} if gallery else {}),
            "galeria": {
                "osDiskLimitInGB": plan.os_disk_limit_gb,
                "imagesEnabledByDefault": plan.enable_by_default,
                "network": {
                    "internet": network.internet.value,
                    "names": list(network.names),
                    "commonInLab": has_common_network(plan.profiles),
                },
            },
        },
    )
    return view | ({"identity": identity | {"tenantId": tenant_id}} if identity else {})


def image_view(plan_id: str, offer: ImageEligibility) -> dict[str, Any]:
    """Return an image of the plan's gallery with every obstacle to making a lab from it, and the remedies."""
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


def lab_view(request: Request, lab: Lab, *, api_version: str = "") -> dict[str, Any]:
    """Return a lab, never with a password. Its plan may be deleted, and the id of a deleted version stays."""
    plan = request.uow.accounts.find(lab.account_id)
    version = request.uow.versions.find(lab.version_id)
    return envelope(
        lab,
        {
            "title": lab.title,
            **({"description": lab.description} if lab.description else {}),
            **({"labPlanId": plan.resource_id} if plan else {}),
            "autoShutdownProfile": lab.profiles.get("autoShutdownProfile") or NO_SHUTDOWN,
            "connectionProfile": connection_of(lab.profiles, lab.os_type),
            "virtualMachineProfile": _machines(lab),
            "securityProfile": _security(lab),
            **{name: lab.profiles[name] for name in ("rosterProfile", "networkProfile") if lab.profiles.get(name)},
            "state": lab.lab_state.value,
            **resource_error(request, lab.resource_id, lab.id, lab.failure, api_version),
            "galeria": {
                "versionId": version.resource_id if version else None,
                "baseDigest": lab.base_digest,
                "failure": lab.failure,
                "keepAccounts": lab.profiles.get("keepAccounts", []),
                "closedAccounts": lab.profiles.get("closedAccounts", []),
                "hardware": _hardware(lab.hardware),
                "startLead": shown_lead(lab.profiles),
                "weeklyRefill": _refill(lab),
                "workDiskGib": work_disk_gib(lab),
            },
        },
    )


def _refill(lab: Lab) -> dict[str, Any] | None:
    """Return when students' hours are refilled; None where they are for the lab's whole life."""
    refill = find_refill(lab.profiles)
    return {"weekDay": refill.week_day.value, "timeZoneId": refill.zone} if refill else None


def _hardware(hardware: Hardware | None) -> dict[str, Any] | None:
    """Return the hardware of the lab's machines; None before the first is made."""
    if hardware is None:
        return None
    return {
        "diskBus": hardware.disk_bus.value,
        "networkCard": hardware.network_card.value,
        "secureBoot": hardware.secure_boot,
        "tpm": hardware.tpm,
    }


def _machines(lab: Lab) -> dict[str, Any]:
    non_admin = {"nonAdminUser": {"username": lab.non_admin_user}} if lab.non_admin_user else {}
    return {
        "createOption": lab.create_option.value,
        "imageReference": {"id": lab.image_id, "exactVersion": lab.version_name},
        "osType": lab.os_type.value,
        "sku": {"name": lab.shown_size, "capacity": lab.capacity},
        "additionalCapabilities": lab.profiles.get("additionalCapabilities") or {"installGpuDrivers": "Disabled"},
        "usageQuota": show_duration(lab.usage_quota),
        "useSharedPassword": lab.profiles.get("useSharedPassword", "Disabled"),
        "adminUser": {"username": lab.user_name},
        **non_admin,
    }


def _security(lab: Lab) -> dict[str, Any]:
    """Return the registration code, which is only for those who may read the lab: students register with it."""
    code = {"registrationCode": lab.registration_code} if lab.registration_code else {}
    return {**code, "openAccess": "Enabled" if lab.open_access else "Disabled"}


def resource_error(request: Request, resource_id: str, subject: str, failure: str, api_version: str) -> dict[str, Any]:
    """Return the resourceOperationError from the last failed operation; nothing where the resource has not failed."""
    if not failure or api_version < _TELLS_ERRORS:
        return {}
    for each in request.uow.operations.recent(below=resource_id.lower(), limit=50):
        if each.subject == subject and each.error_code:
            error = {
                "timestamp": when(each.ended_at or each.created_at),
                "code": each.error_code,
                "message": f"{each.error_message} {each.error_hint}".strip(),
                "action": each.kind.value,
            }
            return {"resourceOperationError": error}
    return {}


def machine_view(
    server: ServerSettings,
    endpoint: str,
    lab: Lab,
    machine: LabMachine,
    *,
    request: Request | None = None,
    api_version: str = "",
) -> dict[str, Any]:
    """Return a machine. With a request and a newer api-version it includes what went wrong."""
    user = request.uow.lab_users.find(machine.claimed_by) if request and machine.claimed_by else None
    error = resource_error(request, lab.resource_id, machine.id, machine.failure, api_version) if request else {}
    non_admin = {"nonAdminUsername": lab.non_admin_user} if lab.non_admin_user else {}
    return {
        "id": f"{lab.resource_id}/virtualMachines/{machine.name}",
        "name": machine.name,
        "type": "Microsoft.LabServices/labs/virtualMachines",
        "properties": {
            "vmType": machine.kind.value,
            "state": _power_state(machine).value,
            "provisioningState": _MACHINE_PROVISIONING.get(machine.state, ProvisioningState.SUCCEEDED).value,
            **({"claimedByUserId": user.resource_id} if user else {}),
            "connectionProfile": {
                **authorities(server, lab, machine),
                **(
                    {"sshInBrowserUrl": f"{endpoint}{lab_url(lab, 'terminal', machine.name)}"}
                    if offers_terminal(lab)
                    else {}
                ),
                "adminUsername": machine.user_name,
                **non_admin,
            },
            **error,
            "galeria": {
                "failure": machine.failure,
                "agentAnswers": machine.has_agent,
                "imagePercent": machine.image_percent,
                "imageProblem": machine.image_problem or None,
                "revision": machine.revision,
                "updatesAtStop": machine.update_at_stop,
                "shutdownWarning": find_warning(request, lab, machine) if request else None,
                "usageLeft": show_duration(hours_left(request, lab, user)) if request and user else None,
                "usageWarning": find_usage_warning(request, lab, machine) if request else None,
            },
        },
        "systemData": system_data(lab),
    }


def _power_state(machine: LabMachine) -> MachineState:
    """Return whether the machine runs: one that is on and cannot be reached is not called off, nor running."""
    return MachineState.STARTING if machine.is_unreachable else _POWER.get(machine.state, machine.state)

"""Routes of what Lab Services offers: sizes, usage of a region, and the names of operations."""

from typing import Any

from starlette.responses import Response

from galeria.actions.core.host_use import host_use
from galeria.domain.labs.profiles import MAX_CAPACITY
from galeria.domain.labs.sizes import Size, azure_name
from galeria.domain.labs.start_queue import room_left
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep, require_any_role
from galeria.interfaces.arm.protocol.list_selection import selected
from galeria.interfaces.arm.protocol.paging import listed
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import LABS, SUBSCRIPTION, Route

_PLAN, _LAB, _ACCOUNT = "labPlans", "labs", "labAccounts"
# The action after the namespace, and what it does.
ACTIONS = {
    f"{_PLAN}/read": "See a lab plan",
    f"{_PLAN}/write": "Make or change a lab plan",
    f"{_PLAN}/delete": "Delete a lab plan",
    f"{_PLAN}/createLab/action": "Make a lab from a lab plan",
    f"{_PLAN}/saveImage/action": "Save a lab's template as an image of the plan's gallery",
    f"{_PLAN}/images/read": "See the images of a lab plan",
    f"{_PLAN}/images/write": "Enable or disable an image of a lab plan",
    f"{_LAB}/read": "See a lab",
    f"{_LAB}/write": "Make or change a lab",
    f"{_LAB}/delete": "Delete a lab",
    f"{_LAB}/publish/action": "Publish a lab",
    f"{_LAB}/syncGroup/action": "Bring a lab's users in line with a group",
    f"{_LAB}/schedules/read": "See a lab's schedules",
    f"{_LAB}/schedules/write": "Make or change a schedule",
    f"{_LAB}/schedules/delete": "Delete a schedule",
    f"{_LAB}/users/read": "See a lab's users",
    f"{_LAB}/users/write": "Add or change a user",
    f"{_LAB}/users/delete": "Remove a user",
    f"{_LAB}/users/invite/action": "Invite a user",
    f"{_LAB}/virtualMachines/read": "See a lab's machines",
    f"{_LAB}/virtualMachines/start/action": "Start a machine",
    f"{_LAB}/virtualMachines/stop/action": "Stop a machine",
    f"{_LAB}/virtualMachines/reimage/action": "Make a machine's disk anew from its image",
    f"{_LAB}/virtualMachines/redeploy/action": "Switch a machine off and on again",
    f"{_LAB}/virtualMachines/resetPassword/action": "Set a password in a machine",
    "locations/usages/read": "See how much of a region is used",
    "skus/read": "See the sizes of machines",
    f"{_ACCOUNT}/*/read": "See a lab account and what is in it",
    f"{_ACCOUNT}/createLab/action": "Make a lab in a lab account",
}
# In Azure this is a data action.
_DATA_ACTIONS = {f"{_PLAN}/createLab/action"}
# Lab accounts are older than data actions.
_TELLS_KINDS = "2021"


def list_operations(arm_request: ArmRequestDep) -> Response:
    """List the operations of the provider, for everybody who is signed in, as Azure Resource Manager does."""
    older = arm_request.api_version < _TELLS_KINDS
    return shown(
        listed([_named(action, words) | ({} if older else _kind(action)) for action, words in ACTIONS.items()])
    )


def list_skus(subscription: str, arm_request: ArmRequestDep) -> Response:
    """List the sizes of a lab's machines, and after them the names that Azure Lab Services has for these."""
    require_any_role(arm_request)
    regions = [region.name for region in arm_request.services.settings.regions.all]
    sizes = arm_request.services.settings.sizes  # the smallest first, as in the settings
    own = [_sku(each, regions) for each in sizes]
    azures = [_sku(each, regions, name=azure_name(each)) for each in sizes if azure_name(each)]
    skus = list(enumerate([*own, *azures]))
    body = selected(arm_request, skus, order=lambda pair: (pair[0],), view=lambda pair: pair[1])
    return shown(body)


def list_usages(subscription: str, location: str, arm_request: ArmRequestDep) -> Response:
    """Return the numbers of labs and machines in the region, and the cores and the memory of those machines that are on.

    The limits hold for all regions together. A machine is a template or one that a lab's capacity announces; each also needs
    an SSH port of its own. Cores and memory are limited by what the host has for machines.
    """
    require_any_role(arm_request)
    settings = arm_request.services.settings
    region = settings.regions.get(location).name
    with arm_request.reading() as request:
        ports = request.uow.machines.ports()
        everywhere, here = request.uow.lab_queries.totals(), request.uow.lab_queries.totals(region=region)
        on_host, on_here = host_use(request), host_use(request, regions=frozenset({region}))
    free = max(
        0,
        min(
            settings.limits.machines.in_all - everywhere.machines,
            settings.last_ssh_port - settings.first_ssh_port + 1 - len(ports),
        ),
    )
    cores, memory = room_left(settings.starts, on_host, settings.sizes, machines=free)
    sizes = [size.name for size in settings.sizes]
    place = f"/subscriptions/{subscription}{LABS}/locations/{region}/usages"
    usages = [
        _usage(place, "virtualMachines", "Virtual machines of labs", here.machines, free, sizes),
        _usage(place, "cores", "Cores of machines that are on", on_here.cores, cores, sizes),
        _usage(place, "memoryInMiB", "Memory of machines that are on, in MiB", on_here.memory_mib, memory, sizes),
        _usage(place, "labs", "Labs", here.labs, settings.limits.labs.in_all - everywhere.labs, []),
    ]
    return shown(selected(arm_request, usages, order=lambda each: (each["name"]["value"],), view=lambda each: each))


def _usage(place: str, name: str, words: str, count: int, free: int, sizes: list[str]) -> dict[str, Any]:
    return {
        "id": f"{place}/{name}",
        "currentValue": count,
        "limit": count + max(0, free),
        "unit": "Count",
        "name": {"value": name, "localizedValue": words, "skuInstances": sizes},
    }


def _sku(size: Size, regions: list[str], *, name: str = "") -> dict[str, Any]:
    return {
        "resourceType": "labs",
        "name": name or size.name,
        "tier": "Standard",
        "size": name.partition("_")[2] or size.name,
        "capacity": {"default": 1, "minimum": 0, "maximum": MAX_CAPACITY, "scaleType": "Manual"},
        "capabilities": [
            {"name": "vCPUs", "value": str(size.vcpus)},
            {"name": "MemoryGB", "value": f"{size.memory_mib / 1024:g}"},
        ],
        "locations": regions,
        "costs": [],
        "restrictions": [],
    }


def _kind(action: str) -> dict[str, Any]:
    return {"isDataAction": action in _DATA_ACTIONS, "origin": "user"}


def _named(action: str, words: str) -> dict[str, Any]:
    return {
        "name": f"Microsoft.LabServices/{action}",
        "display": {
            "provider": "Microsoft.LabServices",
            "resource": action.removesuffix("/action").rpartition("/")[0],
            "operation": words,
            "description": words,
        },
    }


ROUTES = (
    Route(name="Operations_ListProvider", method="GET", path=LABS + "/operations", handler=list_operations),
    Route(name="Skus_List", method="GET", path=SUBSCRIPTION + LABS + "/skus", handler=list_skus),
    Route(
        name="Usages_ListByLocation",
        method="GET",
        path=SUBSCRIPTION + LABS + "/locations/{location}/usages",
        handler=list_usages,
    ),
)

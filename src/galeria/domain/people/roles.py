"""The built-in roles have the ids and action lists of Azure's roles of the same names, so that existing scripts work.

Source: Azure built-in roles, categories General and DevOps (docs/rules.md, "Roles").
"""

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message, verbatim

LABS = "Microsoft.LabServices"


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A built-in role. In its lists `*` stands for any text, '/' included, as in Azure.

    Actions and data actions are checked alike, because one service carries out both.
    """

    name: Message
    id: str
    description: Message
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Tells whether the role allows the action, in any case: one of its lists has it and `not_actions` has not."""
        wanted = action.lower()
        return _matches(self.actions + self.data_actions, wanted) and not _matches(self.not_actions, wanted)


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(_pattern(pattern).match(action) for pattern in patterns)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.lower()))


def _labs(*names: str) -> tuple[str, ...]:
    return tuple(f"{LABS}/{name}" for name in names)


_ANYBODYS = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
)
_ALERTS = "Microsoft.Insights/alertRules/*"
_CREATE_LAB = _labs("labPlans/createLab/action")
_SEES_LABS = _labs(
    "labPlans/images/read",
    "labPlans/read",
    "labs/read",
    "labs/schedules/read",
    "labs/users/read",
    "labs/virtualMachines/read",
    "locations/usages/read",
    "skus/read",
)
_HELPS_IN_LABS = _labs(
    "labs/users/invite/action",
    "labs/virtualMachines/start/action",
    "labs/virtualMachines/stop/action",
    "labs/virtualMachines/reimage/action",
    "labs/virtualMachines/redeploy/action",
)
_RUNS_LABS = _labs(
    "labPlans/saveImage/action",
    "labs/publish/action",
    "labs/schedules/write",
    "labs/schedules/delete",
    "labs/users/write",
    "labs/users/delete",
    "labs/virtualMachines/resetPassword/action",
)

ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(
            name=Message("Owner"),
            id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            description=Message("May do everything, giving roles included."),
            actions=("*",),
        ),
        Role(
            name=Message("Contributor"),
            id="b24988ac-6180-42a0-ab88-20f7382dd24c",
            description=Message("May do everything but give roles."),
            actions=("*",),
            not_actions=(
                "Microsoft.Authorization/*/write",
                "Microsoft.Authorization/*/delete",
                "Microsoft.Compute/galleries/share/action",
            ),
        ),
        Role(
            name=Message("Reader"),
            id="acdd72a7-3385-48ef-bd42-f606fba81ae7",
            description=Message("May see everything, change nothing."),
            actions=("*/read",),
        ),
        Role(
            name=Message("User Access Administrator"),
            id="18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
            description=Message("May see everything and give roles."),
            actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
        ),
        Role(
            name=Message("Lab Creator"),
            id="b97fb8bc-a8b2-4522-a38b-dd33c7e65ead",
            description=Message("May make labs, becomes owner of them, and may save images to the account's gallery."),
            actions=(
                *_SEES_LABS,
                *_labs(
                    "labPlans/saveImage/action",
                    "labAccounts/*/read",
                    "labAccounts/createLab/action",
                    "labAccounts/getPricingAndAvailability/action",
                    "labAccounts/getRestrictionsAndUsage/action",
                ),
                *_ANYBODYS,
                _ALERTS,
                "Microsoft.Support/*",
            ),
            data_actions=_CREATE_LAB,
        ),
        Role(
            name=Message("Lab Services Contributor"),
            id="f69b8690-cc87-41d6-b77a-a4bc3c0a966f",
            description=Message("May do everything with lab accounts and labs."),
            actions=(*_labs("*"), *_ANYBODYS, _ALERTS),
            data_actions=_CREATE_LAB,
        ),
        Role(
            name=Message("Lab Contributor"),
            id="5daaa2af-1fe8-407c-9122-bba179798270",
            description=Message(
                "On a lab: may do everything with it. On a resource group: may make labs there as well."
            ),
            actions=(
                *_SEES_LABS,
                *_HELPS_IN_LABS,
                *_RUNS_LABS,
                *_labs("labs/write", "labs/delete", "labs/syncGroup/action"),
                *_ANYBODYS,
                _ALERTS,
            ),
            data_actions=_CREATE_LAB,
        ),
        Role(
            name=Message("Lab Operator"),
            id="a36e6959-b6be-4b12-8e9f-ef4b474d304d",
            description=Message(
                "May run labs that there are: publish, users, schedules, machines and their passwords."
            ),
            actions=(*_SEES_LABS, *_HELPS_IN_LABS, *_RUNS_LABS, *_ANYBODYS, _ALERTS),
        ),
        Role(
            name=Message("Lab Assistant"),
            id="ce40b423-cede-4313-a93f-9b28290b72e1",
            description=Message("May see a lab, start and stop its machines, and invite its users."),
            actions=(*_SEES_LABS, *_HELPS_IN_LABS, *_ANYBODYS, _ALERTS),
        ),
        Role(
            name=Message("Lab Services Reader"),
            id="2a5c394f-5eb7-4d4f-9c8e-e8eae39faebc",
            description=Message("May see lab accounts and labs, change nothing."),
            actions=(*_labs("*/read"), *_ANYBODYS),
        ),
        Role(
            name=Message("Compute Gallery Sharing Admin"),
            id="1ef6a3be-d0ac-425d-8c01-acb62866290b",
            description=Message("May share galleries with subscriptions, tenants and everybody here."),
            actions=("Microsoft.Compute/galleries/share/action",),
        ),
    )
}


def get_role(name: str) -> Role:
    """Returns a role by name, in any case, or by id. Raises Invalid, naming the roles that exist."""
    wanted = name.strip().casefold()
    for role in ROLES.values():
        if wanted in (role.name.casefold(), role.id):
            return role
    raise Invalid(
        Message("There is no role '{name}'.", name=name),
        hint=Message("The roles are: {roles}.", roles=list(ROLES)),
        target="role",
    )


def role_title(name: str) -> Message:
    """What people call a role that was given; one that is not built in keeps its name."""
    return ROLES[name].name if name in ROLES else verbatim(name)

"""What the service accepted is kept: a change that comes while an operation runs is done or refused, never dropped."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import pytest

from galeria.interfaces.app import ROUTES
from tests.interfaces.arm import begun_work as begun
from tests.interfaces.arm.begun_work import Names
from tests.interfaces.arm.lab_bodies import SCHEDULE
from tests.interfaces.arm.served import Arm, definition_body, done, told
from tests.local_installation import SUBSCRIPTION

BY_NAME = {route.name: route for route in ROUTES}
KEPT, REFUSED = "kept", "refused"
TAGS = {"tags": {"stage": "test"}}
SHOWN = {"tags": {"stage": "test"}}
_ONE = count(1)
Begin = Callable[[Arm, str, str], Names]
Body = dict[str, Any] | Callable[[Arm, Names], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A request while something is under way. `shows` is what the resource shows afterwards where the change was kept."""

    route: str
    begin: Begin
    body: Body | None = None
    outcome: str = KEPT
    status: int = 409  # of a refusal
    shows: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.route} {self.begin.__name__} {self.outcome}"


def first(**more: Any) -> Callable[[Arm, Names], dict[str, Any]]:
    """The body with which the operation began, and more."""
    return lambda arm, names: begun.deep(names.body, more)


def _changes(route: str, begins: tuple[Begin, ...], **said: Any) -> list[Change]:
    return [Change(route=route, begin=begin, **said) for begin in begins]


def regions(*names: str) -> dict[str, Any]:
    return {"publishingProfile": {"targetRegions": [{"name": each} for each in names]}}


EXCLUDED = {"publishingProfile": {"excludeFromLatest": True}}
VERSION, VERSIONS = "GalleryImageVersions", (begun.creating_version, begun.updating_version)
STORED = {
    "Disks": (begun.creating_disk, begun.deleting_disk),
    "Snapshots": (begun.creating_snapshot, begun.deleting_snapshot),
    "ManagedImages": (begun.creating_image, begun.deleting_image),
}
LABS, LABS_BUSY = (begun.creating_lab, begun.publishing_lab), begun.deleting_lab
QUOTA = {"additionalUsageQuota": "PT2H"}
LEVEL = {"properties": {"level": "CanNotDelete"}}


def version_changes() -> list[Change]:
    put, patch = f"{VERSION}_CreateOrUpdate", f"{VERSION}_Update"
    two = regions("brazilsouth", "westeurope")
    home = {"name": "brazilsouth", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"}
    left = {"publishingProfile": {"targetRegions": [home]}}
    return [
        *_changes(put, VERSIONS, body=first(properties=two, **TAGS), outcome=REFUSED),
        *_changes(patch, VERSIONS, body={"properties": two, **TAGS}, outcome=REFUSED),
        *_changes(put, VERSIONS, body=first(**TAGS, properties=EXCLUDED), shows={**SHOWN, "properties": EXCLUDED}),
        *_changes(patch, VERSIONS, body={"properties": EXCLUDED, **TAGS}, shows={**SHOWN, "properties": EXCLUDED}),
        *_changes(put, (begun.creating_version,), body=begun.other_upload, outcome=REFUSED),
        *_changes(patch, (begun.removing_region,), body=TAGS, shows={**SHOWN, "properties": left}),
        *_changes(put, (begun.removing_region,), body=first(properties=two), outcome=REFUSED),
        *_changes(put, (begun.deleting_version, begun.stopping_version), body=first(**TAGS), outcome=REFUSED),
        *_changes(patch, (begun.deleting_version, begun.stopping_version), body=TAGS, outcome=REFUSED),
        *_changes(f"{VERSION}_Delete", (*VERSIONS, begun.deleting_version)),
        *_changes("CapsOperations_Cancel", (begun.creating_version,)),
    ]


def stored_changes() -> list[Change]:
    found: list[Change] = []
    for kind, (creating, deleting) in STORED.items():
        put, patch = f"{kind}_CreateOrUpdate", f"{kind}_Update"
        found += [
            Change(route=put, begin=creating, body=first(**TAGS), shows=SHOWN),
            Change(route=patch, begin=creating, body=TAGS, shows=SHOWN),
            Change(route=put, begin=deleting, body=first(**TAGS), outcome=REFUSED),
            Change(route=patch, begin=deleting, body=TAGS, outcome=REFUSED),
            *_changes(f"{kind}_Delete", (creating, deleting)),
        ]
    larger = {"properties": {"diskSizeGB": 5}}
    for kind, creating in (("Disks", begun.creating_disk), ("Snapshots", begun.creating_snapshot)):
        found += [
            Change(route=f"{kind}_CreateOrUpdate", begin=creating, body=first(**larger), outcome=REFUSED),
            Change(route=f"{kind}_Update", begin=creating, body=larger, outcome=REFUSED),
        ]
    found += [
        *_changes("Disks_Update", (begun.growing_disk, begun.storing_disk), body=larger, outcome=REFUSED),
        *_changes("Disks_Update", (begun.growing_disk, begun.storing_disk), body=TAGS, shows=SHOWN),
        *_changes("Disks_CreateOrUpdate", (begun.growing_disk, begun.storing_disk), body=first(**TAGS), shows=SHOWN),
        *_changes("Disks_CreateOrUpdate", (begun.growing_disk,), body=first(**larger), outcome=REFUSED),
    ]
    generalized = {"properties": {"storageProfile": {"osDisk": {"osState": "Specialized"}}}}
    put = "ManagedImages_CreateOrUpdate"
    return [*found, Change(route=put, begin=begun.creating_image, body=first(**generalized), outcome=REFUSED)]


def lab_changes() -> list[Change]:
    capacity = {"properties": {"virtualMachineProfile": {"sku": {"name": "Tiny", "capacity": 7}}, "title": "Now"}}
    password = {
        "properties": {"virtualMachineProfile": {"adminUser": {"username": "ana", "password": "other-Horse-8"}}}
    }
    said = {"properties": {"maxUsersInLab": 7}, **TAGS}
    titled = {"properties": {"title": "Now"}}
    reset = {"properties": {"resourceSettings": {"referenceVm": {"userName": "ana", "password": "other-Horse-8"}}}}
    creating = (begun.creating_lab,)
    return [
        *_changes("Labs_CreateOrUpdate", LABS, body=first(**capacity, **TAGS), shows={**capacity, **SHOWN}),
        *_changes("Labs_Update", LABS, body={**capacity, **TAGS}, shows={**capacity, **SHOWN}),
        *_changes("Labs_CreateOrUpdate", creating, body=first(**password), outcome=REFUSED),
        *_changes(
            "Labs_CreateOrUpdate", creating, body=first(properties={"galeria": {"newIdentity": True}}), outcome=REFUSED
        ),
        *_changes("Labs_Update", creating, body=password, outcome=REFUSED),
        *_changes("Labs_CreateOrUpdate", (LABS_BUSY, begun.stopping_lab), body=first(**capacity), outcome=REFUSED),
        *_changes("Labs_Update", (LABS_BUSY,), body=capacity, outcome=REFUSED),
        *_changes("Labs_Delete", (*LABS, LABS_BUSY)),
        *_changes("Labs2018_CreateOrUpdate", LABS, body=said, shows=said),
        *_changes("Labs2018_Update", LABS, body=said, shows=said),
        *_changes("Labs2018_CreateOrUpdate", (LABS_BUSY,), body=said, outcome=REFUSED),
        *_changes("Labs2018_Update", (LABS_BUSY,), body=said, outcome=REFUSED),
        *_changes("Labs2018_Delete", (*LABS, LABS_BUSY)),
        *_changes("EnvironmentSettings_CreateOrUpdate", LABS, body=titled, shows=titled),
        *_changes("EnvironmentSettings_Update", LABS, body=titled, shows=titled),
        *_changes("EnvironmentSettings_CreateOrUpdate", creating, body=reset, outcome=REFUSED),
        *_changes("EnvironmentSettings_CreateOrUpdate", (LABS_BUSY,), body=titled, outcome=REFUSED),
        *_changes("EnvironmentSettings_Update", (LABS_BUSY,), body=titled, outcome=REFUSED),
        *_changes("EnvironmentSettings_Delete", (*LABS, LABS_BUSY)),
        *_changes("OperationResults_Cancel", creating),
    ]


def changes_within_labs() -> list[Change]:
    notes = {"properties": {"notes": "later"}}
    quota = {"properties": QUOTA}
    going: dict[str, Any] = {"begin": LABS_BUSY, "outcome": REFUSED}
    found: list[Change] = []
    for route, body in (
        ("Schedules_CreateOrUpdate", begun.deep({"properties": SCHEDULE}, notes)),
        ("Schedules_Update", notes),
        ("Users_CreateOrUpdate", begun.deep({"properties": {"email": "student@example.org"}}, quota)),
        ("Users_Update", quota),
        ("Users2018_CreateOrUpdate", {"properties": {"email": "student@example.org"}, **TAGS}),
        ("Users2018_Update", TAGS),
    ):
        shows = {"Schedules": notes, "Users": quota, "Users2018": SHOWN}[route.partition("_")[0]]
        found += [Change(route=route, body=body, **going), *_changes(route, LABS, body=body, shows=shows)]
    for route in ("Schedules_Delete", "Users_Delete", "Users2018_Delete"):
        found += _changes(route, (*LABS, LABS_BUSY))
    for route in ("Environments_CreateOrUpdate", "Environments_Update"):
        found += _changes(route, (begun.publishing_lab,), body=TAGS, outcome=REFUSED, status=400)
    return [*found, Change(route="Environments_Delete", begin=begun.publishing_lab, outcome=REFUSED)]


def _role(arm: Arm, names: Names) -> dict[str, Any]:
    return {"properties": {"roleDefinitionId": "Owner", "principalId": names.values["principal"]}}


def _attached(arm: Arm, names: Names) -> dict[str, Any]:
    return {"properties": {"galleryId": names.values["gallery id"]}}


def changes_without_operations() -> list[Change]:
    """Of these nothing takes time: what is said is there at once, and refused in a group that is being deleted."""
    group = begun.deleting_group
    enabled, disabled = {"properties": {"enabledState": "Disabled"}}, {"properties": {"isEnabled": False}}
    described = {"properties": {"description": "Now"}}
    plan = {"location": "brazilsouth", **TAGS}
    found = [
        Change(route=route, begin=begin, body=body, outcome=outcome, shows=shows if outcome == KEPT else {})
        for route, body, shows in (
            ("Galleries_CreateOrUpdate", plan, SHOWN),
            ("Galleries_Update", TAGS, SHOWN),
            ("GalleryImages_CreateOrUpdate", definition_body("ready", description="Now"), described),
            ("GalleryImages_Update", described, described),
            ("LabPlans_CreateOrUpdate", first(**TAGS), SHOWN),
            ("LabPlans_Update", TAGS, SHOWN),
            ("Images_CreateOrUpdate", enabled, enabled),
            ("Images_Update", enabled, enabled),
            ("LabAccounts_CreateOrUpdate", plan, SHOWN),
            ("LabAccounts_Update", TAGS, SHOWN),
            ("GalleryImages2018_CreateOrUpdate", disabled, disabled),
            ("GalleryImages2018_Update", disabled, disabled),
            ("ResourceGroups_CreateOrUpdate", plan, SHOWN),
            ("ResourceGroups_Update", TAGS, SHOWN),
            ("Tags_CreateOrUpdateAtScope", {"properties": TAGS}, {"properties": SHOWN}),
            ("Tags_UpdateAtScope", {"operation": "Merge", "properties": TAGS}, {"properties": SHOWN}),
            ("ManagementLocks_CreateOrUpdateByScope", LEVEL, LEVEL),
            ("RoleAssignments_Create", _role, {}),
            ("SharedImages_Update", {"properties": {"EnableState": "Disabled"}}, {}),
            ("SharedGalleries_Attach", _attached, {}),
        )
        for begin, outcome in ((begun.quiet_group, KEPT), (group, REFUSED))
    ]
    for route in ("LabPlans_Delete", "LabAccounts_Delete", "GalleryImages_Delete"):
        found.append(Change(route=route, begin=begun.emptied_group))
    found.append(Change(route="Galleries_Delete", begin=begun.empty_gallery))
    for route in ("GalleryImages2018_Delete", "SharedGalleries_Detach"):
        found.append(Change(route=route, begin=begun.quiet_group))
    for route in ("RoleAssignments_Delete", "ManagementLocks_DeleteByScope", "Tags_DeleteAtScope"):
        found.append(Change(route=route, begin=begun.quiet_group))
    return [*found, *_changes("ResourceGroups_Delete", (begun.quiet_group, group))]


CHANGES = [
    *version_changes(),
    *stored_changes(),
    *lab_changes(),
    *changes_within_labs(),
    *changes_without_operations(),
]


def _is_absent(answer: httpx.Response) -> bool:
    return answer.status_code == 404


def _is_canceled(answer: httpx.Response) -> bool:
    return bool(answer.json()["status"] == "Canceled")


LEFT: dict[str, Callable[[httpx.Response], bool]] = {
    "CapsOperations_Cancel": _is_canceled,
    "OperationResults_Cancel": _is_canceled,
    "Tags_DeleteAtScope": lambda answer: answer.json()["properties"]["tags"] == {},
    "GalleryImages2018_Delete": lambda answer: answer.is_success,
}
"""What is to be seen after a deletion, where it is not a 404."""
NEVER_UNDER_WAY = {"PeopleSecrets_Delete"}
"""Of what these change no operation can be running."""


def test_every_route_that_changes_something_has_a_row() -> None:
    changing = {route.name for route in ROUTES if route.method in ("PUT", "PATCH", "DELETE")}
    assert changing == {each.route for each in CHANGES} | NEVER_UNDER_WAY


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_beside_running_work_is_kept_or_refused(arm: Arm, image: str, change: Change) -> None:
    names = change.begin(arm, image, f"x{next(_ONE)}")
    path = path_of(change.route, names)
    body = change.body(arm, names) if callable(change.body) else change.body
    before = arm().get(path)
    answer = arm().request(BY_NAME[change.route].method, path, json=body)
    if change.outcome == REFUSED:
        told(answer, change.status)
        assert arm().get(path).text == before.text
        return
    assert answer.is_success, answer.text
    arm.work()
    shown = arm().get(path)
    if BY_NAME[change.route].method == "DELETE":
        assert LEFT.get(change.route, _is_absent)(shown), shown.text
    elif change.shows:
        got = done(shown)
        assert got == begun.deep(got, change.shows)


def path_of(route: str, names: Names) -> str:
    values = {"subscription": SUBSCRIPTION, "group": "campus", "plan": "labs", "setting": "default", **names.values}
    if route == "RoleAssignments_Create":
        values["assignment"] = values["assignment"].replace("0", "1", 1)
    return BY_NAME[route].path.replace("{scope:path}", "{scope}").format(**values)


JOINED = {
    "GalleryImageVersions_CreateOrUpdate": (begun.creating_version, begun.updating_version, begun.removing_region),
    "Disks_CreateOrUpdate": (begun.creating_disk, begun.growing_disk, begun.storing_disk),
    "Snapshots_CreateOrUpdate": (begun.creating_snapshot,),
    "ManagedImages_CreateOrUpdate": (begun.creating_image,),
    "Labs_CreateOrUpdate": (begun.creating_lab, begun.publishing_lab),
    "EnvironmentSettings_CreateOrUpdate": (begun.creating_lab,),
}


@pytest.mark.parametrize(
    ("route", "begin"),
    [(route, each) for route, all in JOINED.items() for each in all],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_an_equal_body_joins_what_runs(arm: Arm, image: str, route: str, begin: Begin) -> None:
    names = begin(arm, image, f"x{next(_ONE)}")
    path = path_of(route, names)
    body = {} if route.startswith("Environment") else names.body
    first_answer, second = (arm().put(path, json=body) for _ in range(2))
    assert first_answer.is_success, first_answer.text
    assert first_answer.headers["azure-asyncoperation"] == second.headers["azure-asyncoperation"]
    assert begun.deep(done_or_accepted(first_answer), {"systemData": {}})["id"].lower() == path.lower()
    ended = arm.work()
    assert [each.status for each in ended] == ["Succeeded"] * len(ended)
    settled = arm().put(path, json=body)
    assert "azure-asyncoperation" not in settled.headers, settled.text


def done_or_accepted(answer: httpx.Response) -> dict[str, Any]:
    return done(answer, answer.status_code)

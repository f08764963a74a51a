"""A role dies with its scope, and is given at scopes that exist."""

from collections.abc import Callable

import pytest

from galeria.actions.core.groups import delete_group
from galeria.actions.galleries.definitions import delete_definition, put_definition
from galeria.actions.galleries.galleries import delete_gallery, put_gallery
from galeria.actions.labs.accounts import AccountRequest, delete_account, put_account
from galeria.actions.labs.labs import delete_lab
from galeria.actions.people.roles import give_role
from galeria.actions.storage.disks import DISK, DiskRequest, delete_disk, put_disk
from galeria.actions.versions.versions import delete_version
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.storage import DiskCreateOption
from tests.local_installation import ACCOUNT, GALLERY, GROUP, LocalInstallation, definition, lab_id, version_id
from tests.prepared_installations import MakeInstallation, with_lab

OTHER = GROUP.resource("Microsoft.Compute", "galleries", "other")
IMAGE = OTHER.child("images", "empty")
EVENING = GROUP.resource("Microsoft.LabServices", "labPlans", "evening")
DATA = GROUP.resource("Microsoft.Compute", "disks", "data")


@pytest.fixture
def stocked(new_installation: MakeInstallation) -> LocalInstallation:
    """With a lab, and one of everything else that can be deleted."""
    installation = new_installation(with_lab)
    with installation.request() as request:
        put_gallery(request, OTHER, location="brazilsouth", tags={}, description="")
        request.uow.flush()
        put_definition(request, IMAGE, definition("empty"))
        put_account(request, EVENING, AccountRequest(location="brazilsouth", tags={}))
        wanted = DiskRequest(location="brazilsouth", tags={}, option=DiskCreateOption.EMPTY, size_gb=1)
        _, operation = put_disk(request, DISK, DATA, wanted)
    installation.run(operation)
    return installation


def scopes_of(installation: LocalInstallation, who: str) -> set[str]:
    with installation.context.database(reading=True) as uow:
        return {each.scope for each in uow.people.assignments(installation.people[who].id)}


def delete(installation: LocalInstallation, id: ResourceId) -> None:
    """Delete it as an administrator and run the operation to its end, where there is one."""
    verbs: dict[str, Callable[..., object]] = {
        OTHER.key: delete_gallery,
        IMAGE.key: delete_definition,
        EVENING.key: delete_account,
        lab_id("algebra").key: delete_lab,
        version_id("linux").key: delete_version,
        GROUP.key: delete_group,
        DATA.key: lambda request, id: delete_disk(request, DISK, id),
    }
    with installation.request() as request:
        found = verbs[id.key](request, id)
    operation = getattr(found, "operation", found)
    if hasattr(operation, "kind"):
        installation.run(operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "id",
    [IMAGE, EVENING, lab_id("algebra"), version_id("linux"), DATA, OTHER],
    ids=["definition", "account", "lab", "version", "disk", "gallery"],
)
def test_the_next_of_that_name_begins_without_anybodys_role(stocked: LocalInstallation, id: ResourceId) -> None:
    with stocked.request() as request:
        give_role(request, "nobody", "Owner", str(id))
        give_role(request, "nobody", "Reader", str(GALLERY))
    if id == OTHER:
        delete(stocked, IMAGE)
    delete(stocked, id)

    assert scopes_of(stocked, "nobody") == {GALLERY.key}


@pytest.mark.parametrize("id", [ACCOUNT], ids=["account with labs"])
def test_an_account_that_labs_still_refer_to_has_no_roles_any_more(stocked: LocalInstallation, id: ResourceId) -> None:
    with stocked.request() as request:
        give_role(request, "nobody", "Owner", str(id))
        assert delete_account(request, id)

    assert scopes_of(stocked, "nobody") == set()


@pytest.mark.parametrize(
    "scope",
    [
        GROUP.resource("Microsoft.Compute", "galleries", "nothere"),
        GALLERY.child("images", "nothere"),
        GALLERY.child("images", "linux").child("versions", "9.9.9"),
        GROUP.resource("Microsoft.LabServices", "labs", "nothere"),
        lab_id("nothere").child("schedules", "monday"),
        GROUP.resource("Microsoft.Nothing", "things", "x"),
    ],
    ids=str,
)
def test_a_scope_must_exist(stocked: LocalInstallation, scope: ResourceId) -> None:
    with pytest.raises(NotFound), stocked.request() as request:
        give_role(request, "nobody", "Reader", str(scope))

    assert scopes_of(stocked, "nobody") == set()


def test_a_role_may_be_given_on_a_part_of_what_exists(stocked: LocalInstallation) -> None:
    schedule = lab_id("algebra").child("schedules", "monday")
    with stocked.request() as request:
        give_role(request, "nobody", "Reader", str(schedule))

    assert scopes_of(stocked, "nobody") == {schedule.key}
    delete(stocked, lab_id("algebra"))
    assert scopes_of(stocked, "nobody") == set()

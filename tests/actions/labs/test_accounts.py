"""A lab account has one gallery, its own choice of that gallery's images, and policies."""

from dataclasses import replace

import pytest

from galeria.actions.galleries.galleries import put_gallery
from galeria.actions.labs.accounts import AccountRequest, delete_account, get_account, list_accounts, put_account
from galeria.actions.labs.eligible_images import get_image, list_images
from galeria.actions.labs.image_switches import enable_image
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.labs.guest_network import Internet, NetworkPolicy, has_common_network, policy_of
from galeria.domain.states import OperationStatus
from tests.local_installation import ACCOUNT, GALLERY, GROUP, LocalInstallation
from tests.prepared_installations import MakeInstallation, with_linux

OTHER = GROUP.resource("Microsoft.LabServices", "labPlans", "evening")
SECOND_GALLERY = GROUP.resource("Microsoft.Compute", "galleries", "gal_2")
PLAIN = AccountRequest(location="brazilsouth", tags={}, gallery=GALLERY)


def put(
    installation: LocalInstallation, wanted: AccountRequest, id: ResourceId = ACCOUNT, who: str = "admin"
) -> LabAccount:
    with installation.request(who) as request:
        return put_account(request, id, wanted)[0]


@pytest.fixture
def stocked(new_installation: MakeInstallation) -> LocalInstallation:
    """With one image."""
    return new_installation(with_linux)


def test_an_account_has_one_gallery_at_a_time(installation: LocalInstallation) -> None:
    """Decision 3."""
    with installation.request() as request:
        put_gallery(request, SECOND_GALLERY, location="brazilsouth", tags={}, description="")
    with pytest.raises(Conflict, match="has another gallery attached"):
        put(installation, replace(PLAIN, gallery=SECOND_GALLERY))
    assert put(installation, PLAIN).gallery_id is not None
    assert put(installation, replace(PLAIN, gallery=None)).gallery_id is None
    assert put(installation, replace(PLAIN, gallery=SECOND_GALLERY)).gallery_id is not None


def test_attaching_takes_the_right_to_see_the_gallery_and_a_gallery(installation: LocalInstallation) -> None:
    with pytest.raises(NotFound):
        put(installation, replace(PLAIN, gallery=SECOND_GALLERY), OTHER)
    with pytest.raises(Forbidden):
        put(installation, PLAIN, OTHER, who="educator")


def test_images_are_enabled_until_a_policy_or_an_administrator_says_otherwise(stocked: LocalInstallation) -> None:
    """Decision 1."""
    assert offered(stocked) == (True, [])
    put(stocked, replace(PLAIN, enable_by_default=False))
    assert offered(stocked) == (False, ["Disabled"])
    with stocked.request() as request:
        assert enable_image(request, ACCOUNT, "LINUX", enabled=True).enabled
    assert offered(stocked) == (True, [])
    with stocked.request() as request:
        enable_image(request, ACCOUNT, "linux", enabled=False)
    put(stocked, replace(PLAIN, enable_by_default=True))
    assert offered(stocked) == (False, ["Disabled"])


def test_another_account_with_the_same_gallery_keeps_its_own_set(stocked: LocalInstallation) -> None:
    """Decision 3."""
    put(stocked, PLAIN, OTHER)
    with stocked.request() as request:
        enable_image(request, ACCOUNT, "linux", enabled=False)
    assert offered(stocked) == (False, ["Disabled"])
    assert offered(stocked, OTHER) == (True, [])


def test_an_educator_sees_images_and_cannot_switch_them(stocked: LocalInstallation) -> None:
    with stocked.request("educator") as request:
        assert [each.definition.name for each in list_images(request, ACCOUNT)] == ["linux"]
    with pytest.raises(Forbidden, match="labPlans/images/write"), stocked.request("educator") as request:
        enable_image(request, ACCOUNT, "linux", enabled=False)
    with pytest.raises(NotFound), stocked.request("nobody") as request:
        list_images(request, ACCOUNT)


def test_images_are_judged_for_the_region_that_is_asked_for(stocked: LocalInstallation) -> None:
    with stocked.request("educator") as request:
        there = get_image(request, ACCOUNT, "linux", "West Europe")
    assert [each.code for each in there.obstacles] == ["NotInRegion"]


def test_an_account_without_a_gallery_has_no_images(stocked: LocalInstallation) -> None:
    put(stocked, replace(PLAIN, gallery=None))
    with stocked.request("educator") as request:
        assert list_images(request, ACCOUNT) == []
    with pytest.raises(NotFound), stocked.request("educator") as request:
        get_image(request, ACCOUNT, "linux")


def test_the_os_disk_limit_is_the_administrators(installation: LocalInstallation) -> None:
    """Decision 2."""
    assert put(installation, replace(PLAIN, os_disk_limit_gb=1)).os_disk_limit_gb == 1
    assert put(installation, PLAIN).os_disk_limit_gb == 1, "what is not said stays"
    with pytest.raises(Invalid, match="at least 1 GB"):
        put(installation, replace(PLAIN, os_disk_limit_gb=0))


def test_what_machines_reach_is_the_administrators(installation: LocalInstallation) -> None:
    listed = replace(PLAIN, internet=Internet.NAMES, names=("PyPI.org",))
    expected = NetworkPolicy(internet=Internet.NAMES, names=("pypi.org",))
    assert policy_of(put(installation, PLAIN).profiles) == NetworkPolicy()
    assert policy_of(put(installation, listed).profiles) == expected
    assert policy_of(put(installation, PLAIN).profiles) == expected, "what is not said stays"
    assert policy_of(put(installation, replace(PLAIN, internet=Internet.CLOSED)).profiles).names == ("pypi.org",)
    assert has_common_network(put(installation, replace(PLAIN, common_network=True)).profiles)
    kept = put(installation, replace(PLAIN, internet=Internet.OPEN)).profiles
    assert (has_common_network(kept), policy_of(kept).names) == (True, ("pypi.org",)), "what is not said stays"
    with pytest.raises(Invalid, match="empty") as raised:
        put(installation, replace(PLAIN, internet=Internet.NAMES, names=()))
    assert raised.value.target == "properties.galeria.network.names"


def test_allowed_regions_are_all_until_they_are_named(installation: LocalInstallation) -> None:
    assert len(put(installation, PLAIN).allowed_regions) == 4
    assert put(installation, replace(PLAIN, allowed_regions=("West Europe",))).allowed_regions == ["westeurope"]
    with pytest.raises(Invalid, match="no region 'moon'"):
        put(installation, replace(PLAIN, allowed_regions=("moon",)))


def test_a_deleted_account_leaves_its_labs(stocked: LocalInstallation) -> None:
    stocked.run(stocked.begin_lab("algebra", GALLERY.child("images", "linux")))
    with stocked.request() as request:
        enable_image(request, ACCOUNT, "linux", enabled=True)
    with stocked.request() as request:
        assert delete_account(request, ACCOUNT)
    with stocked.request() as request:
        assert not delete_account(request, ACCOUNT)
        assert list_accounts(request, GROUP.key) == []
    assert stocked.run(stocked.begin_start("algebra")).status is OperationStatus.SUCCEEDED
    with pytest.raises(NotFound):
        stocked.begin_export("algebra", "Algebra")


def test_who_may_not_see_an_account_is_told_so(installation: LocalInstallation) -> None:
    with pytest.raises(NotFound), installation.request("nobody") as request:
        get_account(request, ACCOUNT)
    with pytest.raises(Forbidden), installation.request("educator") as request:
        delete_account(request, ACCOUNT)


def offered(installation: LocalInstallation, id: ResourceId = ACCOUNT) -> tuple[bool, list[str]]:
    with installation.request("educator") as request:
        found = get_image(request, id, "linux")
    return found.enabled, [each.code for each in found.obstacles]

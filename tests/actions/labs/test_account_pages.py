"""What the pages of a lab account do: its gallery is made, attached and detached, its policies change without it."""

from dataclasses import replace

import pytest

from galeria.actions.labs.account_gallery import (
    attach_gallery,
    create_and_attach,
    detach_gallery,
    parse_gallery,
    preview_gallery,
)
from galeria.actions.labs.account_policies import Policies, SupportContact, change_policies
from galeria.actions.labs.accounts import get_account
from galeria.actions.labs.eligible_images import list_images
from galeria.actions.labs.image_switches import enable_image
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound
from galeria.domain.ids import ResourceId
from tests.local_installation import ACCOUNT, GALLERY, GROUP, MIB, LocalInstallation, disk_bytes

SECOND = GROUP.resource("Microsoft.Compute", "galleries", "second")
PLAIN = Policies(os_disk_limit_gb=128, allowed_regions=("brazilsouth",), enable_by_default=True)


def attached(installation: LocalInstallation) -> str:
    with installation.request() as request:
        seen = preview_gallery(request, ACCOUNT)
    return seen.gallery.name if seen.gallery else ""


def detach(installation: LocalInstallation) -> None:
    with installation.request() as request:
        detach_gallery(request, ACCOUNT)


def test_a_gallery_is_made_in_the_accounts_group_and_attached_at_once(installation: LocalInstallation) -> None:
    detach(installation)
    with installation.request() as request:
        gallery = create_and_attach(request, ACCOUNT, "second")
    assert (gallery.resource_id, gallery.location) == (str(SECOND), "brazilsouth")
    assert attached(installation) == "second"


def test_nothing_is_made_where_a_gallery_is_attached_or_has_that_name(installation: LocalInstallation) -> None:
    with pytest.raises(Conflict, match="has the gallery 'gal' attached"), installation.request() as request:
        create_and_attach(request, ACCOUNT, "second")
    detach(installation)
    with pytest.raises(Conflict, match="There is a gallery 'GAL' already") as caught, installation.request() as request:
        create_and_attach(request, ACCOUNT, "GAL")
    assert caught.value.target == "name"
    with pytest.raises(Invalid), installation.request() as request:
        create_and_attach(request, ACCOUNT, "not-a-gallery-name")
    with pytest.raises(Forbidden), installation.request("educator") as request:
        create_and_attach(request, ACCOUNT, "second")
    assert attached(installation) == ""


def test_one_gallery_at_a_time_is_attached(installation: LocalInstallation) -> None:
    detach(installation)
    with installation.request() as request:
        create_and_attach(request, ACCOUNT, "second")
    with pytest.raises(Conflict), installation.request() as request:
        attach_gallery(request, ACCOUNT, GALLERY)
    detach(installation)
    with installation.request() as request:
        attach_gallery(request, ACCOUNT, GALLERY)
        seen = preview_gallery(request, ACCOUNT)
    assert (attached(installation), [each.name for each in seen.others]) == ("gal", ["second"])


def test_after_a_detach_the_choice_of_images_is_remembered(installation: LocalInstallation) -> None:
    installation.run(installation.begin_import("linux", disk_bytes(MIB)))
    with installation.request() as request:
        enable_image(request, ACCOUNT, "linux", enabled=False)
    detach(installation)
    with installation.request() as request:
        attach_gallery(request, ACCOUNT, GALLERY)
        assert [each.enabled for each in list_images(request, ACCOUNT)] == [False]


@pytest.mark.parametrize("text", ["", "gal", str(ACCOUNT), str(GALLERY) + "/images/linux"])
def test_what_is_no_gallery_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_gallery(text)


def test_policies_change_and_the_gallery_stays(installation: LocalInstallation) -> None:
    support = SupportContact(url="https://example.org", email="it@example.org", phone="", instructions=" Ask us. ")
    wanted = Policies(os_disk_limit_gb=200, allowed_regions=("westeurope",), enable_by_default=False, support=support)
    with installation.request() as request:
        account = change_policies(request, ACCOUNT, wanted)
    assert (account.os_disk_limit_gb, account.allowed_regions, account.enable_by_default) == (
        200,
        ["westeurope"],
        False,
    )
    assert attached(installation) == "gal"
    with installation.request() as request:
        told = SupportContact.of(get_account(request, ACCOUNT))
    assert told == replace(support, instructions="Ask us.")
    with installation.request() as request:
        account = change_policies(request, ACCOUNT, PLAIN)
    assert SupportContact.of(account) == SupportContact()


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        (replace(PLAIN, os_disk_limit_gb=0), "os_disk_limit_gb"),
        (replace(PLAIN, os_disk_limit_gb=10**6), "os_disk_limit_gb"),
        (replace(PLAIN, allowed_regions=()), "allowed_regions"),
        (replace(PLAIN, support=SupportContact(url="ftp://example.org")), "url"),
        (replace(PLAIN, support=SupportContact(email="nobody here")), "email"),
        (replace(PLAIN, support=SupportContact(phone="1" * 32)), "phone"),
        (replace(PLAIN, support=SupportContact(instructions="x" * 2001)), "instructions"),
    ],
)
def test_a_wrong_policy_is_named_and_nothing_changes(
    installation: LocalInstallation, wanted: Policies, target: str
) -> None:
    with pytest.raises(Invalid) as caught, installation.request() as request:
        change_policies(request, ACCOUNT, wanted)
    assert caught.value.target == target
    with installation.request() as request:
        assert get_account(request, ACCOUNT).os_disk_limit_gb == 128


def test_policies_and_galleries_are_for_administrators(installation: LocalInstallation) -> None:
    with pytest.raises(Forbidden), installation.request("educator") as request:
        change_policies(request, ACCOUNT, PLAIN)
    with pytest.raises(Forbidden), installation.request("educator") as request:
        detach_gallery(request, ACCOUNT)
    with pytest.raises(NotFound), installation.request() as request:
        detach_gallery(
            request, ResourceId(GROUP.subscription, "campus").resource("Microsoft.LabServices", "labPlans", "no")
        )
    with installation.request("educator") as request:
        seen = preview_gallery(request, ACCOUNT)
    assert (seen.gallery and seen.gallery.name, seen.may_see, seen.others) == ("gal", False, ())

"""Galleries shared with subscriptions and tenants, and with everybody, as the Azure CLI shares and finds them."""

from collections.abc import Iterator

import pytest

from tests.clients.client_server import HOME, ClientServer
from tests.clients.clients import Az, Refused

pytestmark = pytest.mark.system

GROUP = "sharing"
SHARED = ("-g", GROUP, "-r", "sharedgallery")
PUBLIC = ("-g", GROUP, "-r", "publicgallery")
ABOUT = ("--publisher-uri", "https://example.org", "--publisher-email", "ana@example.org", "--eula", "Free to use")
OTHER = "22222222-3333-4444-5555-666666666666"


@pytest.fixture(scope="module", autouse=True)
def galleries(az: Az, seed: str) -> Iterator[None]:
    """One for named subscriptions, one for the community, each with an image."""
    az("group", "create", "-n", GROUP, "-l", HOME)
    az("sig", "create", *SHARED, "--permissions", "Groups")
    az("sig", "create", *PUBLIC, "--permissions", "Community", *ABOUT, "--public-name-prefix", "campus")
    for gallery in (SHARED, PUBLIC):
        image = (*gallery, "-i", "linux")
        kind = ("--os-type", "Linux", "--hyper-v-generation", "V1")
        az("sig", "image-definition", "create", *image, "-p", "campus", "-f", "linux", "-s", "shared", *kind)
        az("sig", "image-version", "create", *image, "-e", "1.0.0", "--image-version", seed)
    yield
    az("sig", "share", "reset", *PUBLIC)
    az("group", "delete", "-n", GROUP, "--yes")


def test_a_gallery_is_shared_with_subscriptions_and_tenants(az: Az, client_server: ClientServer) -> None:
    given = ("--subscription-ids", client_server.subscription, OTHER, "--tenant-ids", client_server.tenant)

    added = az("sig", "share", "add", *SHARED, *given)
    assert added["operationType"] == "Add"
    az("sig", "share", "wait", *SHARED, "--updated", "--interval", "1")
    profile = az("sig", "show", *SHARED, "--sharing-groups")["sharingProfile"]
    assert profile["permissions"] == "Groups"
    assert {each["type"]: set(each["ids"]) for each in profile["groups"]} == {
        "Subscriptions": {client_server.subscription, OTHER},
        "AADTenants": {client_server.tenant},
    }
    assert not az("sig", "show", *SHARED)["sharingProfile"].get("groups")

    az("sig", "share", "remove", *SHARED, "--subscription-ids", OTHER)
    profile = az("sig", "show", *SHARED, "--sharing-groups", "--select", "Permissions")["sharingProfile"]
    assert {each["type"]: each["ids"] for each in profile["groups"]}["Subscriptions"] == [client_server.subscription]
    az("sig", "share", "reset", *SHARED)
    assert not az("sig", "show", *SHARED, "--sharing-groups")["sharingProfile"].get("groups")


def test_who_a_gallery_is_shared_with_finds_it(az: Az, client_server: ClientServer) -> None:
    name = f"{client_server.subscription}-SHAREDGALLERY"
    there = ("-l", HOME, "--gallery-unique-name", name)
    assert name not in {each["name"] for each in az("sig", "list-shared", "-l", HOME)}
    az(
        "sig",
        "share",
        "add",
        *SHARED,
        "--subscription-ids",
        client_server.subscription,
        "--tenant-ids",
        client_server.tenant,
    )

    assert name in {each["name"] for each in az("sig", "list-shared", "-l", HOME)}
    assert name in {each["name"] for each in az("sig", "list-shared", "-l", HOME, "--shared-to", "tenant")}
    assert az("sig", "show-shared", *there)["uniqueId"] == f"/SharedGalleries/{name}"
    (image,) = az("sig", "image-definition", "list-shared", *there)
    assert (image["name"], image["osType"]) == ("linux", "Linux")
    shown = az("sig", "image-definition", "show-shared", *there, "-i", "linux")
    assert shown["uniqueId"] == f"/SharedGalleries/{name}/Images/linux"
    (version,) = az("sig", "image-version", "list-shared", *there, "-i", "linux")
    assert version["name"] == "1.0.0"
    shown = az("sig", "image-version", "show-shared", *there, "-i", "linux", "-e", "1.0.0")
    assert shown["uniqueId"] == f"/SharedGalleries/{name}/Images/linux/Versions/1.0.0"
    assert shown["publishedDate"]

    az("sig", "share", "reset", *SHARED)
    with pytest.raises(Refused):
        az("sig", "show-shared", *there)


def test_a_private_gallery_is_not_shared(az: Az, client_server: ClientServer) -> None:
    private = ("-g", GROUP, "-r", "privategallery")
    az("sig", "create", *private)

    with pytest.raises(Refused):
        az("sig", "share", "add", *private, "--subscription-ids", client_server.subscription)
    with pytest.raises(Refused):
        az("sig", "share", "enable-community", *private)


def test_the_limits_of_direct_sharing_are_reported(az: Az) -> None:
    many = [f"22222222-3333-4444-5555-{number:012}" for number in range(31)]

    with pytest.raises(Refused) as refused:
        az("sig", "share", "add", *SHARED, "--subscription-ids", *many)

    assert "30" in refused.value.message


def test_a_community_gallery_is_found_by_its_public_name(az: Az) -> None:
    assert az("sig", "show", *PUBLIC)["sharingProfile"]["communityGalleryInfo"]["communityGalleryEnabled"] is False
    az("sig", "share", "enable-community", *PUBLIC)

    info = az("sig", "show", *PUBLIC)["sharingProfile"]["communityGalleryInfo"]
    assert info["communityGalleryEnabled"] is True
    (name,) = info["publicNames"]
    assert name.startswith("campus-")
    there = ("-l", HOME, "--public-gallery-name", name)
    assert name in {each["name"] for each in az("sig", "list-community", "-l", HOME)}
    shown = az("sig", "show-community", *there)
    assert shown["uniqueId"] == f"/CommunityGalleries/{name}"
    assert shown["communityMetadata"]["publisherUri"] == "https://example.org"
    assert shown["communityMetadata"]["eula"] == "Free to use"
    (image,) = az("sig", "image-definition", "list-community", *there)
    assert image["name"] == "linux"
    shown = az("sig", "image-definition", "show-community", *there, "-i", "linux")
    assert shown["uniqueId"] == f"/CommunityGalleries/{name}/Images/linux"
    (version,) = az("sig", "image-version", "list-community", *there, "-i", "linux")
    assert version["name"] == "1.0.0"
    shown = az("sig", "image-version", "show-community", *there, "-i", "linux", "-e", "1.0.0")
    assert shown["uniqueId"] == f"/CommunityGalleries/{name}/Images/linux/Versions/1.0.0"


def test_a_community_gallery_is_deleted_only_when_it_is_not_shared_any_more(az: Az) -> None:
    where = ("-g", GROUP, "-r", "leavinggallery")
    az("sig", "create", *where, "--permissions", "Community", *ABOUT, "--public-name-prefix", "leaving")
    az("sig", "share", "enable-community", *where)

    with pytest.raises(Refused):
        az("sig", "delete", *where)
    az("sig", "share", "reset", *where)
    az("sig", "delete", *where)

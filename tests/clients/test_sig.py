"""Galleries, image definitions and image versions, as the Azure CLI makes, changes and deletes them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.clients.client_server import HOME, ClientServer
from tests.clients.clients import Az, Refused

pytestmark = pytest.mark.system

GROUP = "sig"
GALLERY = ("-g", GROUP, "-r", "siggallery")
IMAGE = (*GALLERY, "-i", "linux")
KIND = ("--os-type", "Linux", "--hyper-v-generation", "V1")


@pytest.fixture(scope="module", autouse=True)
def image(az: Az) -> Iterator[None]:
    """A gallery with an image definition."""
    az("group", "create", "-n", GROUP, "-l", HOME)
    az("sig", "create", *GALLERY)
    az("sig", "image-definition", "create", *IMAGE, "-p", "campus", "-f", "linux", "-s", "sig", *KIND)
    yield
    az("group", "delete", "-n", GROUP, "--yes")


def test_a_gallery_needs_no_more_than_its_name(az: Az, client_server: ClientServer) -> None:
    where = ("-g", GROUP, "-r", "plain.gallery")

    made = az("sig", "create", *where)
    assert made["location"] == HOME
    assert made["provisioningState"] == "Succeeded"
    assert made["identifier"]["uniqueName"] == f"{client_server.subscription}-PLAIN.GALLERY"
    assert made["resourceGroup"] == GROUP
    az("sig", "wait", *where, "--created", "--interval", "1")
    assert az("sig", "show", *where)["id"] == made["id"]
    assert made["id"] in {each["id"] for each in az("sig", "list")}
    assert made["id"] in {each["id"] for each in az("sig", "list", "-g", GROUP)}

    az("sig", "delete", *where)
    az("sig", "wait", *where, "--deleted", "--interval", "1")
    with pytest.raises(Refused) as refused:
        az("sig", "show", *where)
    assert refused.value.code == "ResourceNotFound"


def test_lists_in_a_group_that_is_not_there_are_refused(az: Az) -> None:
    for words in (("sig", "list"), ("disk", "list"), ("snapshot", "list"), ("image", "list")):
        with pytest.raises(Refused) as refused:
            az(*words, "-g", "nothere")
        assert refused.value.code == "ResourceGroupNotFound"


def test_the_real_program_makes_a_gallery_too(az: Az) -> None:
    where = ("-g", GROUP, "-r", "byprogram")

    az.program("sig", "create", *where, "-l", "Brazil South", "--tags", "course=os", "--description", "By the program")
    shown = az.program("sig", "show", *where)

    assert (shown["location"], shown["tags"], shown["description"]) == (HOME, {"course": "os"}, "By the program")
    assert "byprogram" in az.text("sig", "list", "-g", GROUP, "-o", "table")
    assert az.text("sig", "show", *where, "--query", "name", "-o", "tsv").strip() == "byprogram"


def test_a_gallery_is_changed_in_part(az: Az) -> None:
    changed = az("sig", "update", *GALLERY, "--set", "tags.owner=ana", "description=For courses")

    assert changed["tags"] == {"owner": "ana"}
    assert az("sig", "show", *GALLERY)["description"] == "For courses"


@pytest.mark.parametrize("name", ["with-dash", ".dot", "x" * 81])
def test_a_gallery_s_name_is_checked(az: Az, name: str) -> None:
    with pytest.raises(Refused):
        az("sig", "create", "-g", GROUP, "-r", name)


def test_a_gallery_s_name_is_unique_in_the_subscription(az: Az) -> None:
    az("group", "create", "-n", "sig-other", "-l", HOME)
    with pytest.raises(Refused) as refused:
        az("sig", "create", "-g", "sig-other", "-r", "SigGallery")
    assert refused.value.code == "GalleryNotUniqueInSubscription"
    az("group", "delete", "-n", "sig-other", "--yes")


def test_a_gallery_may_have_an_identity(az: Az, client_server: ClientServer) -> None:
    user = client_server.id(GROUP, "Microsoft.ManagedIdentity/userAssignedIdentities/courses")

    given = az("sig", "identity", "assign", *GALLERY, "--system-assigned")
    assert given["type"] == "SystemAssigned"
    assert given["principalId"]
    assert az("sig", "identity", "show", *GALLERY)["principalId"] == given["principalId"]
    az("sig", "identity", "wait", *GALLERY, "--created", "--interval", "1")
    both = az("sig", "identity", "assign", *GALLERY, "--system-assigned", "--user-assigned", user)
    assert both["type"] == "SystemAssigned, UserAssigned"
    assert [*both["userAssignedIdentities"]] == [user]
    # Of removing the system's own identity this CLI sends nothing: its body is what the gallery has already.
    left = az("sig", "identity", "remove", *GALLERY, "--user-assigned", user)
    assert (left["type"], left["principalId"]) == ("SystemAssigned", given["principalId"])
    assert not left.get("userAssignedIdentities")


def test_a_definition_keeps_all_that_is_said_of_it(az: Az) -> None:
    end = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    where = (*GALLERY, "-i", "described")
    made = az(
        *("sig", "image-definition", "create", *where, "-p", "campus", "-f", "windows", "-s", "described"),
        *("--os-type", "windows", "--os-state", "specialized", "--architecture", "x64", "--hyper-v-generation", "V2"),
        *("--features", "SecurityType=TrustedLaunchSupported IsAcceleratedNetworkSupported=true"),
        *("--minimum-cpu-core", "2", "--maximum-cpu-core", "8", "--minimum-memory", "4", "--maximum-memory", "16"),
        *("--disallowed-disk-types", "Standard_LRS", "--end-of-life-date", end, "--eula", "https://example.org/eula"),
        *("--plan-name", "pn", "--plan-product", "pp", "--plan-publisher", "pub", "--tags", "course=os"),
    )

    shown = az("sig", "image-definition", "show", *where)
    assert shown == made
    assert (shown["osType"], shown["osState"], shown["hyperVGeneration"]) == ("Windows", "Specialized", "V2")
    assert shown["identifier"] == {"publisher": "campus", "offer": "windows", "sku": "described"}
    assert shown["recommended"] == {"vCPUs": {"min": 2, "max": 8}, "memory": {"min": 4, "max": 16}}
    assert shown["disallowed"] == {"diskTypes": ["Standard_LRS"]}
    assert shown["purchasePlan"] == {"name": "pn", "product": "pp", "publisher": "pub"}
    assert {each["name"]: each["value"] for each in shown["features"]} == {
        "SecurityType": "TrustedLaunchSupported",
        "IsAcceleratedNetworkSupported": "true",
    }
    assert shown["endOfLifeDate"].startswith(end)
    assert shown["eula"] == "https://example.org/eula"
    assert shown["architecture"] == "x64"
    az("sig", "image-definition", "wait", *where, "--created", "--interval", "1")
    assert "described" in {each["name"] for each in az("sig", "image-definition", "list", *GALLERY)}
    az("sig", "image-definition", "delete", *where)
    az("sig", "image-definition", "wait", *where, "--deleted", "--interval", "1")


def test_what_describes_the_system_never_changes(az: Az) -> None:
    changed = az("sig", "image-definition", "update", *IMAGE, "--set", "description=Linux for courses", "tags.a=b")
    assert (changed["description"], changed["tags"]) == ("Linux for courses", {"a": "b"})

    for change in ("osType=Windows", "osState=Specialized", "hyperVGeneration=V2", "identifier.sku=other"):
        with pytest.raises(Refused) as refused:
            az("sig", "image-definition", "update", *IMAGE, "--set", change)
        assert refused.value.code == "PropertyChangeNotAllowed"
        assert change.partition("=")[0] in refused.value.message


def test_publisher_offer_and_sku_are_unique_in_a_gallery(az: Az) -> None:
    with pytest.raises(Refused) as refused:
        az(
            *("sig", "image-definition", "create", *GALLERY, "-i", "twin", *KIND),
            *("-p", "CAMPUS", "-f", "Linux", "-s", "sig"),
        )
    assert refused.value.code == "Conflict"
    assert "linux" in refused.value.message


@pytest.mark.parametrize(
    "wrong",
    [
        ("--minimum-cpu-core", "8", "--maximum-cpu-core", "2"),
        ("--minimum-memory", "8", "--maximum-memory", "2"),
        ("--end-of-life-date", "2020-01-01"),
    ],
)
def test_a_definition_that_cannot_be_meant_is_refused(az: Az, wrong: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        az(
            *("sig", "image-definition", "create", *GALLERY, "-i", "wrong", *KIND, *wrong),
            *("-p", "campus", "-f", "linux", "-s", "wrong"),
        )
    assert refused.value.code == "InvalidParameter"


def test_a_definition_needs_its_gallery(az: Az) -> None:
    with pytest.raises(Refused) as refused:
        az(
            *("sig", "image-definition", "create", "-g", GROUP, "-r", "absent", "-i", "linux", *KIND),
            *("-p", "campus", "-f", "linux", "-s", "x"),
        )
    assert refused.value.code == "ParentResourceNotFound"


def test_things_are_deleted_from_the_bottom_up(az: Az, seed: str) -> None:
    where = ("-g", GROUP, "-r", "nested")
    image = (*where, "-i", "linux")
    version = (*image, "-e", "1.0.0")
    az("sig", "create", *where)
    az("sig", "image-definition", "create", *image, "-p", "campus", "-f", "linux", "-s", "nested", *KIND)
    az("sig", "image-version", "create", *version, "--image-version", seed)

    for words, child in ((("sig", "image-definition"), "versions/1.0.0"), (("sig",), "images/linux")):
        with pytest.raises(Refused) as refused:
            az(*words, "delete", *(image if "image-definition" in words else where))
        assert refused.value.code == "CannotDeleteResource"
        assert child in refused.value.message
    # No pause in between: what is deleted is gone for its parent too.
    az("sig", "image-version", "delete", *version)
    az("sig", "image-definition", "delete", *image)
    az("sig", "delete", *where)


def test_what_is_no_image_is_refused_in_words(az: Az) -> None:
    for words in (
        ("sig", "gallery-application", "list", *GALLERY),
        ("sig", "in-vm-access-control-profile", "list", "-g", GROUP, "--gallery-name", "siggallery"),
    ):
        with pytest.raises(Refused) as refused:
            az(*words)
        assert refused.value.code == "InvalidResourceType"


def test_names_are_found_in_any_case_and_kept_as_they_were(az: Az) -> None:
    shown = az("sig", "image-definition", "show", "-g", GROUP.upper(), "-r", "SIGGALLERY", "-i", "LINUX")

    assert shown["name"] == "linux"
    assert az("sig", "show", "-g", GROUP, "-r", "SIGgallery")["name"] == "siggallery"

"""Every kind of source that an image version can be made of, as Azure's own import guides use them, with real bytes."""

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.client_server import AWAY, HOME, ClientServer
from tests.clients.clients import Az, Refused, Sdk
from tests.clients.requests import definition_properties, finish, from_upload, lab_body

pytestmark = pytest.mark.system

GROUP = "sources"
GALLERY = ("-g", GROUP, "-r", "sourcesgallery")
ACCOUNT = "Microsoft.Storage/storageAccounts/anyaccount"


@pytest.fixture(scope="module", autouse=True)
def group(az: Az) -> Iterator[None]:
    az("group", "create", "-n", GROUP, "-l", HOME)
    az("sig", "create", *GALLERY)
    yield
    az("group", "delete", "-n", GROUP, "--yes")


@pytest.fixture(scope="module")
def vhd(disk: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small disk as a fixed VHD, which is what Azure takes."""
    folder = tmp_path_factory.mktemp("web")
    raw, target = folder / "disk.raw", folder / "disk.vhd"
    raw.write_bytes(disk)
    options = ["-o", "subformat=fixed,force_size=on"]
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", *options, raw, target], check=True, timeout=60)
    return target


@pytest.fixture(scope="module")
def web(vhd: Path) -> Iterator[str]:
    """A web server with the VHD and a path that redirects to it; returns its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(vhd.parent))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def uploaded(az: Az, blobs: Sdk, vhd: Path) -> Any:
    """A disk that was filled through the URL that the service handed out for it."""
    where = ("-g", GROUP, "-n", "uploaded")
    size = str(vhd.stat().st_size)
    kind = ("--upload-type", "Upload", "--upload-size-bytes", size, "--sku", "standard_lrs", "--os-type", "Linux")
    az("disk", "create", *where, *kind, "--hyper-v-generation", "V1")
    granted = az("disk", "grant-access", *where, "--access-level", "Write", "--duration-in-seconds", "3600")
    assert az("disk", "show", *where)["diskState"] == "ActiveUpload"
    blobs("blobs.fill", _address(granted), str(vhd))
    az("disk", "revoke-access", *where)
    return az("disk", "show", *where)


@pytest.fixture(scope="module")
def blobs(compute: Sdk) -> Sdk:
    return replace(compute, client="blobs")


def test_a_version_is_made_of_another_version(az: Az, rest: httpx.Client, seed: str) -> None:
    made = _version(az, "versioned", "--image-version", seed)

    assert _digest(rest, made["id"]) == _digest(rest, seed)


def test_a_version_is_made_of_a_disk_that_was_uploaded(
    az: Az, rest: httpx.Client, seed: str, uploaded: dict[str, Any]
) -> None:
    assert uploaded["diskState"] == "Unattached"
    assert uploaded["provisioningState"] == "Succeeded"

    made = _version(az, "fromdisk", "--os-snapshot", uploaded["id"])

    assert _digest(rest, made["id"]) == _digest(rest, seed)


def test_a_disk_cannot_be_used_while_it_is_being_uploaded(az: Az) -> None:
    where = ("-g", GROUP, "-n", "unfinished")
    az("disk", "create", *where, "--upload-type", "Upload", "--upload-size-bytes", "4194816", "--os-type", "Linux")
    az("disk", "grant-access", *where, "--access-level", "Write", "--duration-in-seconds", "600")

    with pytest.raises(Refused) as refused:
        az("image", "create", "-g", GROUP, "-n", "tooearly", "--source", "unfinished", "--os-type", "Linux")
    assert refused.value.code == "OperationNotAllowed"
    az("disk", "revoke-access", *where)
    az("disk", "delete", *where, "--yes")


def test_an_address_that_was_taken_back_writes_nothing(az: Az, blobs: Sdk, vhd: Path) -> None:
    where = ("-g", GROUP, "-n", "revoked")
    size = str(vhd.stat().st_size)
    az("disk", "create", *where, "--upload-type", "Upload", "--upload-size-bytes", size, "--os-type", "Linux")
    granted = az("disk", "grant-access", *where, "--access-level", "Write", "--duration-in-seconds", "600")
    az("disk", "revoke-access", *where)

    with pytest.raises(Refused) as refused:
        blobs("blobs.fill", _address(granted), str(vhd))
    assert refused.value.status == 403


def test_a_version_is_made_of_a_snapshot(az: Az, rest: httpx.Client, seed: str, uploaded: dict[str, Any]) -> None:
    snapshot = az("snapshot", "create", "-g", GROUP, "-n", "snap", "--source", uploaded["name"])
    assert (snapshot["provisioningState"], snapshot["diskState"]) == ("Succeeded", "Unattached")
    assert "snap" in {each["name"] for each in az("snapshot", "list", "-g", GROUP)}

    made = _version(az, "fromsnapshot", "--os-snapshot", "snap")

    assert _digest(rest, made["id"]) == _digest(rest, seed)


def test_a_version_has_data_disks(
    az: Az, client_server: ClientServer, rest: httpx.Client, seed: str, uploaded: dict[str, Any], web: str
) -> None:
    """Of snapshots, and of VHDs on the web."""
    az("snapshot", "create", "-g", GROUP, "-n", "both", "--source", uploaded["name"])
    az("disk", "create", "-g", GROUP, "-n", "blank", "--size-gb", "1")
    az("snapshot", "create", "-g", GROUP, "-n", "blank", "--source", "blank")
    snapshots = ("--os-snapshot", "both", "--data-snapshots", "blank", "--data-snapshot-luns", "3")
    made = _version(az, "datasnapshots", *snapshots)
    assert [(each["lun"], each["sizeInGB"]) for each in made["storageProfile"]["dataDiskImages"]] == [(3, 1)]
    assert _digest(rest, made["id"]) == _digest(rest, seed)

    account = client_server.id(GROUP, ACCOUNT)
    system = ("--os-vhd-uri", f"{web}/disk.vhd", "--os-vhd-storage-account", account)
    data = ("--data-vhds-uris", f"{web}/corner", "--data-vhds-luns", "0", "--data-vhds-storage-accounts", account)
    made = _version(az, "datavhds", *system, *data)
    assert [each["lun"] for each in made["storageProfile"]["dataDiskImages"]] == [0]
    assert _digest(rest, made["id"], disk=1) == _digest(rest, seed)


def test_a_version_is_made_of_a_managed_image(az: Az, rest: httpx.Client, seed: str, uploaded: dict[str, Any]) -> None:
    image = az("image", "create", "-g", GROUP, "-n", "managed", "--source", uploaded["name"], "--os-type", "Linux")
    assert image["provisioningState"] == "Succeeded"
    assert image["storageProfile"]["osDisk"]["osState"] == "Generalized"
    assert "managed" in {each["name"] for each in az("image", "list", "-g", GROUP)}
    assert az("image", "show", "-g", GROUP, "-n", "managed")["id"] == image["id"]

    made = _version(az, "fromimage", "--managed-image", "managed")

    assert _digest(rest, made["id"]) == _digest(rest, seed)
    az("image", "delete", "-g", GROUP, "-n", "managed")


def test_a_version_is_made_of_a_vhd_on_the_web(
    az: Az, client_server: ClientServer, rest: httpx.Client, seed: str, web: str
) -> None:
    account = ("--os-vhd-storage-account", client_server.id(GROUP, ACCOUNT))
    for name, path in (("fromweb", "/disk.vhd"), ("fromcorner", "/corner")):
        made = _version(az, name, "--os-vhd-uri", web + path, *account)
        assert _digest(rest, made["id"]) == _digest(rest, seed)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/disk.vhd",
        "http://localhost:{port}/disk.vhd",
        "http://[::1]:{port}/disk.vhd",
        "http://10.0.0.1/disk.vhd",
        "file:///etc/passwd",
        "{web}/to-a-private-place",
    ],
)
def test_an_import_never_reaches_into_private_networks(
    az: Az, client_server: ClientServer, web: str, address: str
) -> None:
    """127.0.0.1 alone was allowed when the server was started."""
    _definition(az, "private")
    uri = address.format(web=web, port=web.rpartition(":")[2])
    account = ("--os-vhd-storage-account", client_server.id(GROUP, ACCOUNT))

    with pytest.raises(Refused) as refused:
        az("sig", "image-version", "create", *GALLERY, "-i", "private", "-e", "1.0.0", "--os-vhd-uri", uri, *account)

    assert refused.value.code
    found = az("sig", "image-version", "list", *GALLERY, "-i", "private")
    assert all(each["provisioningState"] == "Failed" for each in found)
    for each in found:
        az("sig", "image-version", "delete", *GALLERY, "-i", "private", "-e", each["name"])


def test_a_version_is_made_of_a_lab_s_template(
    az: Az, client_server: ClientServer, rest: httpx.Client, labs: Sdk, disk: bytes
) -> None:
    """By the machine's own id in REST; the CLI knows Azure's machines only, for which a lab's name stands for its template."""
    plan = labs("lab_plans.begin_create_or_update", GROUP, "sourceplan", _plan(client_server))
    definition = client_server.id(GROUP, "Microsoft.Compute/galleries/sourcesgallery/images/forlab")
    body = {"location": HOME, "properties": definition_properties("forlab")}
    rest.put(definition, json=body).raise_for_status()
    version = from_upload(client_server.upload(rest, disk), HOME, AWAY)
    finish(rest, rest.put(f"{definition}/versions/1.0.0", json=version).raise_for_status())
    labs("images.update", GROUP, "sourceplan", "forlab", {"properties": {"enabledState": "Enabled"}})
    labs("labs.begin_create_or_update", GROUP, "sourcelab", lab_body(HOME, plan["id"], definition))
    machine = client_server.id(GROUP, "Microsoft.LabServices/labs/sourcelab/virtualMachines/template")
    _definition(az, "fromlab", "--os-state", "Specialized")

    target = client_server.id(GROUP, "Microsoft.Compute/galleries/sourcesgallery/images/fromlab/versions/1.0.0")
    body = {"location": HOME, "properties": {"storageProfile": {"source": {"virtualMachineId": machine}}}}
    finish(rest, rest.put(target, json=body).raise_for_status())

    shown = az("sig", "image-version", "show", *GALLERY, "-i", "fromlab", "-e", "1.0.0")
    assert shown["provisioningState"] == "Succeeded"
    named = client_server.id(GROUP, "Microsoft.Compute/virtualMachines/sourcelab")
    again = az("sig", "image-version", "create", *GALLERY, "-i", "fromlab", "-e", "1.1.0", "--virtual-machine", named)
    assert again["provisioningState"] == "Succeeded"
    own = rest.get(again["id"]).raise_for_status().json()["properties"]["galeria"]
    assert own["parentDigest"] == _digest(rest, shown["id"]), (
        "of the same machine: its changes count from the version before"
    )


def test_a_disk_is_made_of_an_image_version_and_read_again(
    az: Az, blobs: Sdk, seed: str, disk: bytes, tmp_path: Path
) -> None:
    where = ("-g", GROUP, "-n", "copied")
    made = az("disk", "create", *where, "--gallery-image-reference", seed)
    assert (made["diskState"], made["diskSizeBytes"]) == ("Unattached", len(disk))
    granted = az("disk", "grant-access", *where, "--access-level", "Read", "--duration-in-seconds", "600")

    blobs("blobs.read", _address(granted), str(tmp_path / "d"))

    assert (tmp_path / "d").read_bytes()[: len(disk)] == disk
    az("disk", "revoke-access", *where)
    assert az("disk", "update", *where, "--size-gb", "2")["diskSizeBytes"] == 2 << 30
    az("disk", "update", *where, "--set", "tags.a=b")
    az("disk", "delete", *where, "--yes")
    assert "copied" not in {each["name"] for each in az("disk", "list", "-g", GROUP)}


def _definition(az: Az, name: str, *words: str) -> None:
    az(
        *("sig", "image-definition", "create", *GALLERY, "-i", name, "-p", "campus", "-f", "linux", "-s", name),
        *("--os-type", "Linux", "--hyper-v-generation", "V1", *words),
    )


def _version(az: Az, name: str, *source: str) -> Any:
    """Version 1.0.0 of a new image definition."""
    _definition(az, name)
    return az("sig", "image-version", "create", *GALLERY, "-i", name, "-e", "1.0.0", *source)


def _digest(rest: httpx.Client, version: str, *, disk: int = 0) -> str:
    """Equal for equal bytes. The OS disk is the first."""
    digest = rest.get(version).raise_for_status().json()["properties"]["galeria"]["disks"][disk]["digest"]
    assert digest
    return str(digest)


def _address(granted: dict[str, str]) -> str:
    return granted.get("accessSAS") or granted["accessSas"]


def _plan(client_server: ClientServer) -> dict[str, Any]:
    gallery = client_server.id(GROUP, "Microsoft.Compute/galleries/sourcesgallery")
    return {"location": HOME, "properties": {"sharedGalleryId": gallery, "allowedRegions": [HOME]}}


def _handler(folder: Path) -> type[SimpleHTTPRequestHandler]:
    ways = {"/corner": "/disk.vhd", "/to-a-private-place": "http://localhost:1/disk.vhd"}

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            if self.path in ways:
                self.send_response(302)
                self.send_header("Location", ways[self.path])
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing is written about what it serves."""

    return Handler

"""A service with every door by which a disk file comes in, and what became of the file behind each."""

import base64
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import typer
from typer.testing import CliRunner

from galeria.adapters.fetching import HttpFetcher
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus
from galeria.programs import run
from tests.interfaces.web.served import Portal, text_of
from tests.local_installation import GALLERY, GROUP, LocalInstallation
from tests.servers.file_server import FileServer

HOME = "brazilsouth"
TUS = {"Tus-Resumable": "1.0.0"}
_API = {"api-version": "2024-03-03"}
_WAITING = {OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS}


@dataclass(frozen=True, kw_only=True)
class Became:
    """Either the disk, byte for byte, or the sentence with which the file was refused."""

    disk: bytes = b""
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class House:
    """`folder` is of one file alone."""

    portal: Portal
    files: FileServer
    cli: typer.Typer
    environment: dict[str, str]
    folder: Path

    @property
    def installation(self) -> LocalInstallation:
        """It may fetch from this computer."""
        installation = self.portal.installation
        context = replace(
            installation.context, fetcher=HttpFetcher(allowed=frozenset({"localhost"})), poll_seconds=0.001
        )
        return replace(installation, context=context)

    @property
    def token(self) -> str:
        services, person = self.portal.services, self.portal.installation.people["admin"]
        return services.tokens.issue(person.id, person.name, person.kind, audience=services.endpoint, seconds=600)

    def client(self) -> httpx.Client:
        """Of the API, signed in."""
        client = self.portal.stranger()
        client.headers["Authorization"] = f"Bearer {self.token}"
        client.params = client.params.merge(_API)
        return client

    def work(self) -> Operation:
        """Do what was begun; returns the last operation."""
        ids, self.portal.begun.ids = list(dict.fromkeys(self.portal.begun.ids)), []
        return [self.run(id) for id in ids][-1]

    def run(self, id: str) -> Operation:
        operation = self.installation.operation(id)
        return self.installation.run(operation) if operation.status in _WAITING else operation

    def version(self, image: str, lun: int = OS_DISK) -> Became:
        id = GALLERY.child("images", image).child("versions", "1.0.0")
        with self.installation.context.database(reading=True) as uow:
            version = uow.versions.get_by_key(id.key)
            (disk,) = (each for each in uow.versions.disks(version.id) if each.lun == lun)
        return self._restored(disk.digest)

    def disk(self, id: ResourceId) -> Became:
        with self.installation.context.database(reading=True) as uow:
            return self._restored(uow.disks.get_by_key(id.key).digest)

    def _restored(self, digest: str) -> Became:
        target = self.folder / "restored.raw"
        self.installation.context.stores[HOME].restore(digest, target, progress=lambda *, done, total: None)
        return Became(disk=target.read_bytes())


def sent(
    house: House,
    client: httpx.Client,
    content: bytes,
    *,
    place: str = "/uploads",
    headers: dict[str, str] | None = None,
) -> str:
    """The id of an upload by tus, in two pieces."""
    own = {**TUS, **(headers or {})}
    metadata = "filename " + base64.b64encode("Máquina da álgebra".encode()).decode()
    answer = client.post(place, headers={**own, "Upload-Length": str(len(content)), "Upload-Metadata": metadata})
    assert answer.status_code == 201, answer.text
    id = str(answer.headers["location"]).rsplit("/", 1)[-1].partition("?")[0]
    half = len(content) // 2
    for offset, piece in ((0, content[:half]), (half, content[half:])):
        more = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        assert client.patch(f"{place}/{id}", headers={**own, **more}, content=piece).status_code == 204
    return id


def by_the_portal(house: House, file: Path, _other: Path) -> Became:
    browser = house.portal.browser()
    headers = {"X-CSRF-Token": house.portal.token(browser), **house.portal.own_origin}
    id = sent(house, browser, file.read_bytes(), place="/import/uploads", headers=headers)
    page = text_of(browser.get(f"/import/{id}"))
    if "This file is refused." in page:
        return Became(refusal=page)
    form: dict[str, Any] = {
        "gallery": GALLERY.key,
        "target": "new",
        "os_type": "Linux",
        "os_state": "Generalized",
        "generation": "V1",
    }
    form |= {"architecture": "x64", "version": "1.0.0", "proposed": "1.0.0", "home": HOME, "name": house.folder.name}
    house.portal.post(browser, f"/import/{id}", **form)
    return _ended(house, house.work(), house.folder.name)


def by_the_command_line(house: House, file: Path, _other: Path) -> Became:
    return _command(house, "import", str(file))


def as_data_by_the_command_line(house: House, file: Path, other: Path) -> Became:
    return _command(house, "import", str(other), "--data-disk", str(file), lun=0)


def by_tus(house: House, file: Path, _other: Path) -> Became:
    client = house.client()
    storage = {"osDiskImage": {"source": {"uploadId": sent(house, client, file.read_bytes())}}}
    return _version(house, client, storage)


def as_data_by_tus(house: House, file: Path, other: Path) -> Became:
    client = house.client()
    ids = [sent(house, client, each.read_bytes()) for each in (other, file)]
    storage = {
        "osDiskImage": {"source": {"uploadId": ids[0]}},
        "dataDiskImages": [{"lun": 0, "source": {"uploadId": ids[1]}}],
    }
    return _version(house, client, storage, lun=0)


def by_page_blobs(house: House, file: Path, _other: Path) -> Became:
    """Pages become a disk where they are a fixed VHD, as in Azure. For all other files the refusal says how to make one."""
    became = _written(house, file)
    if "is no fixed VHD" not in became.refusal:
        return became
    assert re.search(r"no fixed VHD, but (a dynamic VHD|VHDX|VMDK|QCOW2|a RAW disk)\. ", became.refusal)
    cure = re.search(r"Convert it with '(.*?)'", became.refusal)
    assert cure
    fixed = house.folder / "fixed.vhd"
    run([each.replace("OLD", str(file)).replace("NEW.vhd", str(fixed)) for each in cure[1].split()])
    return _written(house, fixed)


def _written(house: House, file: Path) -> Became:
    content, client = file.read_bytes(), house.client()
    content += bytes(-len(content) % 512)  # page blobs have whole pages
    id = GROUP.resource("Microsoft.Compute", "disks", f"{house.folder.name}-{file.stem}"[:80])
    data = {"createOption": "Upload", "uploadSizeBytes": len(content)}
    answer = client.put(str(id), json={"location": HOME, "properties": {"creationData": data}})
    assert answer.status_code in (200, 201, 202), answer.text
    granted = client.post(f"{id}/beginGetAccess", json={"access": "Write", "durationInSeconds": 600})
    address = granted.json()["accessSAS"]
    for start in range(0, len(content), 1 << 20):
        piece = content[start : start + (1 << 20)]
        headers = {"x-ms-page-write": "update", "x-ms-range": f"bytes={start}-{start + len(piece) - 1}"}
        answer = house.portal.stranger().put(f"{address}&comp=page", content=piece, headers=headers)
        assert answer.status_code == 201, answer.text
    answer = client.post(f"{id}/endGetAccess")
    assert answer.status_code == 202, answer.text
    return _of_disk(house, house.work(), id)


def by_address(house: House, file: Path, _other: Path) -> Became:
    id = GROUP.resource("Microsoft.Compute", "disks", house.folder.name)
    data = {"createOption": "Import", "sourceUri": _served(house, file)}
    answer = house.client().put(str(id), json={"location": HOME, "properties": {"creationData": data}})
    assert answer.status_code in (200, 201, 202), answer.text
    return _of_disk(house, house.work(), id)


def as_a_version_by_address(house: House, file: Path, _other: Path) -> Became:
    return _version(house, house.client(), {"osDiskImage": {"source": {"uri": _served(house, file)}}})


DOORS = (
    by_the_portal,
    by_the_command_line,
    as_data_by_the_command_line,
    by_tus,
    as_data_by_tus,
    by_page_blobs,
    by_address,
    as_a_version_by_address,
)


def _served(house: House, file: Path) -> str:
    house.files.content = file.read_bytes()
    return house.files.url(f"/{house.folder.name}", host="localhost")


def _version(house: House, client: httpx.Client, storage: dict[str, Any], *, lun: int = OS_DISK) -> Became:
    name = house.folder.name
    own = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V1"}
    identifier = {"publisher": "campus", "offer": "doors", "sku": name}
    place = str(GALLERY.child("images", name))
    answer = client.put(place, json={"location": HOME, "properties": {**own, "identifier": identifier}})
    assert answer.status_code in (200, 201, 202), answer.text
    targets = {"targetRegions": [{"name": HOME}]}
    body = {"location": HOME, "properties": {"publishingProfile": targets, "storageProfile": storage}}
    answer = client.put(f"{place}/versions/1.0.0", json=body)
    if answer.status_code == 400:
        return Became(refusal=answer.json()["error"]["message"])
    assert answer.status_code in (201, 202), answer.text
    return _ended(house, house.work(), name, lun=lun)


def _command(house: House, *words: str, lun: int = OS_DISK) -> Became:
    signed_in = {"GALERIA_ENDPOINT": house.portal.services.endpoint, "GALERIA_TOKEN": house.token}
    place = ["--name", house.folder.name, "--gallery", str(GALLERY), "--generation", "V1", "--group", "campus"]
    result = CliRunner().invoke(
        house.cli, ["image", *words, *place, "--no-wait", "-o", "json"], env={**house.environment, **signed_in}
    )
    if result.exit_code:
        return Became(refusal=" ".join(result.output.split()))
    assert json.loads(result.stdout)["name"] == "1.0.0"
    return _ended(house, house.work(), house.folder.name, lun=lun)


def _of_disk(house: House, operation: Operation, id: ResourceId) -> Became:
    if operation.status is OperationStatus.FAILED:
        return Became(refusal=f"{operation.error_message} {operation.error_hint}")
    return house.disk(id)


def _ended(house: House, operation: Operation, image: str, *, lun: int = OS_DISK) -> Became:
    if operation.status is OperationStatus.FAILED:
        return Became(refusal=f"{operation.error_message} {operation.error_hint}")
    assert operation.status is OperationStatus.SUCCEEDED
    return house.version(re.sub(r"[^A-Za-z0-9]+", "-", image), lun)

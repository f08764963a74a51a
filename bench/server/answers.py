"""Measure how fast one server process answers with 10,000 image versions in its database. No machines are needed."""

from pathlib import Path
from typing import TypeVar
from unittest import mock
from uuid import uuid4

from bench.rows import Row, Task, at_most, p99_row
from bench.server.browser import Browser
from bench.server.contents import SIZE, store_contents
from bench.server.service import running_service
from galeria.adapters.store import pacing
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.first_start import ensure_first_start
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import (
    OS_DISK,
    Gallery,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    Replica,
    SourceKind,
    VersionDisk,
)
from galeria.domain.resources import Resource
from galeria.domain.states import ReplicaState
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from galeria.reconcilers.storage_usage import measure_storage_usage

DEFINITIONS, VERSIONS = 100, 100
REGIONS = ("brazilsouth", "brazilsoutheast")
SINGLE_LIMIT, PAGE_LIMIT = 0.020, 0.060  # seconds that 99 of 100 answers may take
SINGLES, PAGES = 1000, 600
QUICK_PART = 2  # of which a quick run makes one in so many
SHARE = 0.5  # of a limit, so that it is kept on a slower computer too
API = "api-version=2024-03-03"
WARM = 20  # first answers, which do not count

R = TypeVar("R", bound=Resource)


def measure(task: Task) -> list[Row]:
    data, part = task.directory / "answers", QUICK_PART if task.is_quick else 1
    container = open_container(data, fake=True)
    ensure_first_start(container)
    gallery = fill(container)
    container.close()
    with running_service(data) as connect:
        token = token_of(connect)
        with Browser(connect) as client:
            client.headers["Authorization"] = f"Bearer {token}"
            one = f"{gallery}/images/image-{{}}/versions/1.0.{{}}"
            singles = [one.format(number % DEFINITIONS, number * 7 % VERSIONS) for number in range(SINGLES // part)]
            pages = [f"{gallery}/images/image-{number % DEFINITIONS}/versions" for number in range(PAGES // part)]
            among, goal = f"{DEFINITIONS * VERSIONS} in the database", at_most(SHARE)
            return [
                p99_row(f"GET of one version, {among}", _times(client, singles), limit=SINGLE_LIMIT, goal=goal),
                p99_row(f"GET of a page of 100 versions, {among}", _times(client, pages), limit=PAGE_LIMIT, goal=goal),
            ]


def fill(container: Container) -> str:
    """Add 10,000 versions, each with contents of its own, in 100 definitions of one gallery and in two regions.

    Returns the gallery's id.
    """
    digests = store_contents(container, *REGIONS, images=DEFINITIONS, versions=VERSIONS)
    group = ResourceId(container.installation.subscription_id, "galeria")
    gallery = made(container, Gallery, group.resource("Microsoft.Compute", "galleries", "bench"))
    with container.database() as uow:
        uow.galleries.add(gallery)
        uow.commit()
    for number in range(DEFINITIONS):
        with container.database() as uow:
            definition = _definition(container, gallery, number)
            uow.definitions.add(definition)
            for patch in range(VERSIONS):
                version = _version(container, definition, patch)
                uow.versions.add(version)
                digest = digests[number][patch]
                uow.versions.add_disk(VersionDisk(version_id=version.id, lun=OS_DISK, size=SIZE, digest=digest))
                for region in REGIONS:
                    uow.versions.add_replica(
                        Replica(version_id=version.id, region=region, state=ReplicaState.COMPLETED)
                    )
            uow.commit()
    # The server did not add them: without this it would measure all of them while it answers. Nobody waits for answers now.
    with mock.patch.object(pacing, "REST", 0.0):
        measure_storage_usage(container.context)
    return str(gallery.arm_id)


def _definition(container: Container, gallery: Gallery, number: int) -> ImageDefinition:
    return made(
        container,
        ImageDefinition,
        gallery.arm_id.child("images", f"image-{number}"),
        gallery_id=gallery.id,
        display_name=f"Image {number}",
        os_type=OsType.LINUX,
        os_state=OsState.GENERALIZED,
        generation=Generation.V2,
        publisher="bench",
        offer="bench",
        sku=str(number),
    )


def _version(container: Container, definition: ImageDefinition, patch: int) -> ImageVersion:
    return made(
        container,
        ImageVersion,
        definition.arm_id.child("versions", f"1.0.{patch}"),
        definition_id=definition.id,
        source_kind=SourceKind.UPLOAD,
        source_id="bench",
        published_at=container.clock.now(),
    )


def made(container: Container, kind: type[R], id: ResourceId, **own: object) -> R:
    """Return a new resource of that kind that is not added yet."""
    now = container.clock.now()
    return kind(
        id=container.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location="brazilsouth",
        created_at=now,
        created_by="bench",
        modified_at=now,
        modified_by="bench",
        **own,  # type: ignore[arg-type]  # each caller names the fields of its own kind
    )


def token_of(connect: dict[str, str]) -> str:
    credentials = ClientSecret(client_id=connect["client_id"], client_secret=connect["client_secret"])
    with ServerConnection(connect["endpoint"], credentials, ca_file=Path(connect["ca_file"])) as connection:
        return connection.sign_in().value


def _times(client: Browser, paths: list[str]) -> list[float]:
    """Return the sorted seconds of each answer. The first answers warm the server up and do not count."""
    with client.direct() as direct:
        spent = [
            direct.seconds(f"{path}?{API}", {"x-ms-client-request-id": str(uuid4())})
            for path in [*paths[:WARM], *paths]
        ]
    return sorted(spent[WARM:])

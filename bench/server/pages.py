"""Measure every page of the portal with 1,000 labs and 10,000 image versions in the database. No machines are needed."""

import json
import re
from pathlib import Path
from urllib.parse import urljoin

import httpx

from bench.class_lab import LAB, class_in, make_class
from bench.rows import Row, Task, at_most, p99_row
from bench.server.answers import DEFINITIONS, SHARE, VERSIONS, fill, made
from bench.server.browser import Browser
from bench.server.class_people import add_people
from bench.server.service import galeria_of, running_service, wait_for_machines
from bench.server.walk import PAGE, PageFound, Walked, loaded_by, page_routes, walk
from galeria.adapters.durable import WorkerlessStarter
from galeria.bootstrap.container import Container, open_container
from galeria.bootstrap.first_start import FIRST_ACCOUNT, ensure_first_start, secrets_folder
from galeria.bootstrap.server import application
from galeria.domain.audit import AuditEvent
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import Generation, OsState
from galeria.domain.labs.labs import Lab, LabMachine, MachineKind
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import MachineState, OperationStatus

GROUP, ACCOUNT = "galeria", FIRST_ACCOUNT
LABS = 1000
PORTS = 20000  # the first lab's, on the loopback
EVENTS = 20  # events of each lab in the log
STUDENTS = 30  # of one further lab, whose class has begun: one of them is the administrator
CLASS = f"/labs/{GROUP}/{LAB}"
TITLE = f"The portal's pages, with {LABS} labs and {DEFINITIONS * VERSIONS} image versions"
LIMIT, WEIGHT_LIMIT = 0.100, 300_000  # seconds that 99 of 100 answers may take, and bytes with all that a page loads
ROUNDS = 200
PATIENCE = 10.0  # seconds for one page, after which fewer answers are measured
OK = 200
WARM = 5  # first answers, which do not count
CONSOLE = re.compile("console|screen")  # pages that load a viewer of screens as well
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def measure(task: Task) -> list[Row]:
    data = task.directory / "pages"
    container = open_container(data, fake=True)
    ensure_first_start(container)
    gallery = fill(container)
    add_labs(container, gallery)
    make_class(container, STUDENTS)
    add_template(container)
    own, sent = add_people(container)
    routes = page_routes(application(container, "https://localhost", WorkerlessStarter()))
    container.close()
    with running_service(data) as connect, Browser(connect) as client, Browser(connect) as stranger:
        # The walks open every page once, so that the server's first seconds are over before the measurement.
        strange = walk(stranger, routes, first=["/sign-in", *sent])
        sign_in(client, data)
        with galeria_of(connect, data) as galeria:
            wait_for_machines(galeria, LAB, {own}, "Running")
        known = {each.route.name for each in strange.pages if each.status == OK}
        walked = walk(client, [each for each in routes if each.name not in known], first=["/", CLASS, *sent])
        return [*_rows(stranger, strange), *_rows(client, walked), *_unmeasured(walked)]


def add_labs(container: Container, gallery: str) -> None:
    """Add 1,000 labs with a stopped template each, and attach the gallery that they are made from.

    The operations that made them and their events are added too.
    """
    group = ResourceId(container.installation.subscription_id, GROUP)
    with container.database() as uow:
        account = uow.accounts.get_by_key(group.resource("Microsoft.LabServices", "labPlans", ACCOUNT).key)
        account.gallery_id = uow.galleries.get_by_key(gallery.lower()).id
        uow.commit()
    for first in range(0, LABS, 100):
        with container.database() as uow:
            for number in range(first, first + 100):
                image = f"{gallery}/images/image-{number % DEFINITIONS}"
                version = uow.versions.get_by_key(f"{image}/versions/1.0.{number % VERSIONS}".lower())
                place = group.resource("Microsoft.LabServices", "labs", f"lab-{number}")
                lab = _lab(container, place, account.id, version.definition_id, version.id, image, number)
                uow.labs.add(lab)
                uow.machines.add(_machine(container, lab, PORTS + number))
                uow.operations.add(_operation(container, lab))
                for _ in range(EVENTS):
                    uow.audit.add(_event(container, lab))
            uow.commit()


def add_template(container: Container) -> None:
    """Give the class the template VM that its pages are about, too; it is stopped."""
    with container.database() as uow:
        uow.machines.add(_machine(container, class_in(uow, container), PORTS - 1))
        uow.commit()


def sign_in(client: httpx.Client, data: Path) -> None:
    """Sign in as the first administrator through the form."""
    first = json.loads((secrets_folder(data) / "bootstrap.json").read_text(encoding="utf-8"))
    token = _TOKEN.search(client.get("/sign-in", headers=PAGE).text)
    form = {"csrf": token[1] if token else "", "name": first["userName"], "password": first["password"]}
    answer = client.post("/sign-in", data=form, headers={**PAGE, "Origin": str(client.base_url).rstrip("/")})
    assert answer.status_code == 303, answer.text


def _lab(
    container: Container, place: ResourceId, account: str, definition: str, version: str, image: str, number: int
) -> Lab:
    return made(
        container,
        Lab,
        place,
        account_id=account,
        title=f"Lab {number}",
        definition_id=definition,
        image_id=image,
        version_id=version,
        version_name=f"1.0.{number % VERSIONS}",
        base_digest="0" * 64,
        os_state=OsState.GENERALIZED,
        generation=Generation.V2,
        size="Small",
        user_name="bench",
    )


def _machine(container: Container, lab: Lab, port: int) -> LabMachine:
    return LabMachine(
        id=container.id_generator.new_id(),
        lab_id=lab.id,
        kind=MachineKind.TEMPLATE,
        name="template",
        region=lab.location,
        state=MachineState.STOPPED,
        base_digest=lab.base_digest,
        os_state=lab.os_state,
        ssh_port=port,
        user_name=lab.user_name,
        created_at=container.clock.now(),
    )


def _operation(container: Container, lab: Lab) -> Operation:
    now = container.clock.now()
    return Operation(
        id=container.id_generator.new_id(),
        kind=OperationKind.CREATE_LAB,
        status=OperationStatus.SUCCEEDED,
        subscription_id=container.installation.subscription_id,
        location=lab.location,
        resource_id=lab.resource_id,
        subject=lab.id,
        started_by=lab.created_by,
        created_at=now,
        ended_at=now,
    )


def _event(container: Container, lab: Lab) -> AuditEvent:
    return AuditEvent(
        id=container.id_generator.new_id(),
        at=container.clock.now(),
        principal_id=lab.created_by,
        principal_name=lab.created_by,
        action="Microsoft.LabServices/labs/write",
        scope=lab.key,
        status="Succeeded",
        correlation_id=container.id_generator.new_guid(),
    )


def _rows(client: Browser, walked: Walked) -> list[Row]:
    pages = [page for page in walked.pages if page.status == OK]
    return [row for page in pages for row in (_time_row(client, page), _weight_row(client, page))]


def _time_row(client: Browser, page: PageFound) -> Row:
    return p99_row(f"GET {page.route.path}", times_of(client, page.address), limit=LIMIT, goal=at_most(SHARE))


def _weight_row(client: httpx.Client, page: PageFound) -> Row:
    weight = _weight(client, page.address)
    return Row(
        name=f"GET {page.route.path}: weight with all that it loads",
        ours=f"{weight / 1000:.0f} kB",
        limit=f"{WEIGHT_LIMIT / 1000:.0f} kB",
        ratio=weight / WEIGHT_LIMIT,
        goal=None if CONSOLE.search(page.route.name) else at_most(1),
    )


def times_of(client: Browser, address: str) -> list[float]:
    """Return the sorted seconds of each answer."""
    spent: list[float] = []
    with client.direct() as direct:
        for number in range(WARM + ROUNDS):
            if sum(spent) > PATIENCE:
                break
            took = direct.seconds(address, PAGE)
            if number >= WARM:
                spent.append(took)
    return sorted(spent)


def _weight(client: httpx.Client, address: str) -> int:
    """Return the bytes that a browser with an empty cache receives, compressed as they are sent."""
    page = client.get(address, headers=PAGE)
    html = page.text
    loaded = loaded_by(html, str(page.url))
    return sum(each.num_bytes_downloaded for each in (page, *(client.get(urljoin(address, url)) for url in loaded)))


def _unmeasured(walked: Walked) -> list[Row]:
    """Return rows for pages without a measurement.

    A link to nothing is a broken promise; a page without a link at the moment is named.
    """
    broken = [
        Row(name=f"GET {address}", ours=f"is linked, and answers {status}", ratio=1.0, goal=at_most(0))
        for address, status in walked.refused.items()
    ]
    unseen = [Row(name=f"GET {each.path}", ours="not measured: nothing leads to it here") for each in walked.unfound]
    return broken + unseen

"""What lists, costs, impact and searches name: nothing of a sibling that the reader may not read."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from galeria.interfaces.app import ROUTES
from tests.access.arm_requests import BY_NAME, body_of, path_of
from tests.access.evaluator import Given
from tests.access.page_requests import places, send
from tests.access.rows import SCOPES, SIBLINGS, Row
from tests.access.table_arm import ARM
from tests.access.table_pages import OTHERS
from tests.access.world import World, opened_world
from tests.interfaces.arm.request_bodies import DISK
from tests.interfaces.arm.served import GALLERY, GROUP, LABS, SUB, definition_body, done, lab_body, version_body
from tests.local_installation import disk_bytes
from tests.prepared_installations import PreparedInstallations

pytestmark = pytest.mark.slow

SECRET = "Zanzibar"
"""Stands in every name, title, description, tag and person of what is planted, and nowhere else."""
PLANTED = f"{SUB}/resourceGroups/{SECRET}-group"
COMPUTE = f"{PLANTED}/providers/Microsoft.Compute"
NAMED = {
    "gallery": f"{GROUP}/providers/Microsoft.Compute/galleries/{SECRET}.gallery",
    "plan": f"{GROUP}/providers/Microsoft.LabServices/labPlans/{SECRET}-plan",
    "lab": f"{LABS}/{SECRET}-lab",
    "disk": f"{GROUP}/providers/Microsoft.Compute/disks/{SECRET}-disk",
    "snapshot": f"{GROUP}/providers/Microsoft.Compute/snapshots/{SECRET}-snapshot",
    "image": f"{GROUP}/providers/Microsoft.Compute/images/{SECRET}-image",
}
TAGS = {"owner": SECRET}
PAGES = ("/labs", "/accounts", "/images", "/costs", "/galleries", "/operations", "/import", "/labs/new", "/me")
PAGES_OF_ONE = {
    "lab": ("/labs/campus/held", "/labs/campus/held/export", "/labs/campus/held/delete", "/labs/campus/held/connect"),
    "plan": ("/accounts/campus/labs", "/accounts/campus/labs/images", "/accounts/campus/labs/gallery"),
    "gallery": (
        "/galleries/campus/gal",
        "/galleries/campus/gal/images/ready",
        "/galleries/campus/gal/images/ready/versions/1.0.0",
        "/galleries/campus/gal/images/ready/versions/1.0.0/delete",
        "/galleries/campus/gal/images/ready/versions/1.0.0/delete/freed",
        "/costs/campus/gal/ready",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads one of two siblings: the role on the one that is there for the reader."""

    name: str
    given: tuple[Given, ...]


READERS = [
    Reader(name=f"{role} of the {home}", given=(Given(role=role, scope=SCOPES[home]),))
    for home in NAMED
    for role in ("Owner", "Reader")
]
READERS += [
    Reader(name="Lab Creator of the plan", given=(Given(role="Lab Creator", scope=SCOPES["plan"]),)),
    Reader(name="Lab Assistant of the lab", given=(Given(role="Lab Assistant", scope=SCOPES["lab"]),)),
    Reader(name="Owner of another group", given=(Given(role="Owner", scope=SIBLINGS["group"]),)),
    Reader(name="nobody", given=()),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, prepared_installations: PreparedInstallations) -> Iterator[World]:
    """A world of this module's own: what is planted would be in the way of those who may do something with all of a plan."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with opened_world(tmp_path_factory.mktemp("access") / "installation", prepared_installations, key) as opened:
        yield opened


@pytest.fixture(scope="module")
def planted(world: World) -> None:
    """Everything beside what the readers have a role on, by a person of that name. The lab is made from the image that the
    readers of the gallery see, so that costs and impact know it."""
    arm, admin = world.arm, world.arm()
    made = done(admin.post(f"{SUB}/providers/Microsoft.Galeria/people", json={"name": f"{SECRET}.person"}), 201)
    with arm.installation.context.database(reading=True) as uow:
        arm.installation.people[SECRET] = uow.people.get(made["id"])
    role = {"properties": {"roleDefinitionId": "Owner", "principalId": made["id"]}}
    done(admin.put(f"{SUB}/providers/Microsoft.Authorization/roleAssignments/{made['id']}", json=role), 201)
    person = arm(SECRET)
    done(person.put(PLANTED, json={"location": "brazilsouth", "tags": TAGS}), 201)
    described = {"location": "brazilsouth", "tags": TAGS, "properties": {"description": SECRET}}
    done(person.put(NAMED["gallery"], json=described), 201)
    image = f"{NAMED['gallery']}/images/{SECRET}"
    done(person.put(image, json=definition_body(SECRET) | {"tags": TAGS}), 201)
    upload = arm.installation.upload(disk_bytes(seed=7))
    done(admin.put(f"{image}/versions/1.0.0", json=version_body(upload)), 201)
    done(person.put(NAMED["plan"], json={"location": "brazilsouth", "tags": TAGS}), 201)
    lab = lab_body(f"{GALLERY}/images/ready", title=SECRET, description=SECRET)
    done(person.put(NAMED["lab"], json=lab | {"tags": TAGS}), 201)
    user = {"properties": {"email": f"{SECRET}@example.org"}}
    done(person.put(f"{NAMED['lab']}/users/{SECRET}", json=user), 201)
    plant_disks(person)
    arm.work()
    # Pages name those who can do what the reader may not: of this person that is true beside the reader's things only.
    with arm.installation.context.database() as uow:
        for held in uow.people.assignments(made["id"]):
            if held.scope == SUB:
                uow.people.remove_assignment(held)
        uow.commit()


def plant_disks(person: httpx.Client) -> None:
    done(person.put(NAMED["disk"], json=DISK | {"tags": TAGS}), 200)
    snapshot = {"location": "brazilsouth", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
    assert person.put(NAMED["snapshot"], json=snapshot | {"tags": TAGS}).status_code == 202
    address = {"osDisk": {"osType": "Linux", "blobUri": f"https://example.org/{SECRET}.vhd"}}
    body = {"location": "brazilsouth", "tags": TAGS, "properties": {"storageProfile": address}}
    done(person.put(NAMED["image"], json=body), 201)


def lists() -> Iterator[str]:
    """The address of every GET route, about what the readers know; people are everybody's to see who may see roles."""
    values = {
        "subscription": SUB.rsplit("/", 1)[-1],
        "group": "campus",
        "gallery": "gal",
        "definition": "ready",
        "version": "1.0.0",
        "plan": "labs",
        "account": "labs",
        "lab": "held",
        "setting": "default",
        "location": "brazilsouth",
        "machine": "template",
        "image": "ready",
        "disk": "held",
        "snapshot": "held",
        "kind": "Images",
        "namespace": "Microsoft.Compute",
        "user": "student",
        "schedule": "monday",
        "environment": "one",
    }
    for route in ROUTES:
        unknown = "{scope" in route.path or "{operation}" in route.path
        is_shared = "{gallery}" in route.path.partition("/locations/")[2]
        if route.method == "GET" and not unknown and not is_shared and not route.name.startswith("People"):
            yield route.path.format(**values)
    yield f"{SUB}/providers/Microsoft.Galeria/operations?resource={GALLERY}"
    yield f"{SUB}/resources?$filter=tagname%20eq%20'owner'"


@pytest.mark.usefixtures("planted")
def test_what_was_planted_is_in_the_lists_of_who_may_read_it(world: World) -> None:
    world.give((Given(role="Reader", scope=SUB),))
    naming = [each for each in lists() if SECRET.lower() in world.ask("GET", each).text.lower()]
    assert len(naming) > 15, naming


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_nothing_is_named_that_the_reader_may_not_read(world: World, reader: Reader) -> None:
    world.give(reader.given)
    told = [each for each in lists() if SECRET.lower() in world.ask("GET", each).text.lower()]
    cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in world.cookies.items()), "accept": "text/html"}
    pages = (*PAGES, "/activity", *(page for each in PAGES_OF_ONE.values() for page in each))
    told += [each for each in pages if SECRET.lower() in world.http.send("GET", each, cookie).text.lower()]
    assert not told, told


def changes() -> list[Row]:
    """Every way to change something, about what the readers know."""
    return [each for each in ARM if BY_NAME[each.route].method != "GET"]


def answers_with_the_secret(world: World) -> list[str]:
    """Of changes in the API, and of all pages and forms."""
    found = []
    for row in changes():
        answer = world.ask(BY_NAME[row.route].method, path_of(world, row), body_of(world, row))
        if SECRET.lower() in f"{answer.text} {answer.headers}".lower():
            found.append(f"{row.route}: {answer.text[:300]}")
    by_name = {place.name: place for place in places(world.app.routes)}
    for row in OTHERS:
        if "/v1.0/" in row.route:
            continue  # people are everybody's to see who may see roles
        text = send(world, row, by_name[row.route]).text.lower()
        if SECRET.lower() in text:
            at = text.index(SECRET.lower())
            found.append(f"{row.route}: {text[max(0, at - 200) : at + 100]}")
    return found


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_no_answer_to_a_change_names_what_the_reader_may_not_read(world: World, reader: Reader) -> None:
    """Neither a success nor a refusal, such as the one of something that is still in use."""
    world.give(reader.given)
    assert not (told := answers_with_the_secret(world)), "\n".join(told)


@pytest.mark.usefixtures("planted")
def test_answers_to_changes_name_it_to_who_may_read_it(world: World) -> None:
    world.give((Given(role="Owner", scope=SUB),))
    naming = answers_with_the_secret(world)
    assert len(naming) > 15, naming

"""What is accepted is kept and given back as it was sent: escaped on pages, text in XML, one word of a shell, in no path."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from galeria.adapters.engine.domain_xml import Definition, declare
from galeria.adapters.engine.seed import meta_data, user_data
from galeria.ports.machines import FirstBoot, Machine, MachineSpec
from tests.interfaces.arm.served import API_VERSION, GALLERY, GROUP, LABS, PLAN, lab_body
from tests.interfaces.fuzz.answers import Judge
from tests.interfaces.fuzz.asgi import Answer
from tests.interfaces.fuzz.fields import Place, put_at
from tests.interfaces.fuzz.product import Product
from tests.interfaces.fuzz.sound_bodies import SOUND
from tests.interfaces.fuzz.targets import JSON, encoded
from tests.interfaces.fuzz.values import TEXTS, written

pytestmark = pytest.mark.slow

READY = f"{GALLERY}/images/ready"
NAMES = {name: name for name in ("null", "true", "con", "a-b", "_", "x" * 20)} | {
    "lab with a dot": "nul.txt",
    "lab of a device": "CON",
    "lab with a dash": "a--help",
}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A text of a resource; `page` shows it, `route` is the operation that writes it."""

    route: str
    id: str
    place: Place
    page: str
    method: str = "PATCH"


KEPT = (
    Kept(route="Galleries_Update", id=GALLERY, place=("properties", "description"), page="/galleries/campus/gal"),
    Kept(route="Galleries_Update", id=GALLERY, place=("tags", "course"), page="/galleries"),
    Kept(
        route="GalleryImages_Update",
        id=READY,
        place=("properties", "description"),
        page="/galleries/campus/gal/images/ready",
    ),
    Kept(route="GalleryImages_Update", id=READY, place=("properties", "galeria", "displayName"), page="/images"),
    Kept(
        route="GalleryImages_Update",
        id=READY,
        place=("properties", "releaseNoteUri"),
        page="/galleries/campus/gal/images/ready",
    ),
    Kept(
        route="LabPlans_Update",
        id=PLAN,
        place=("properties", "supportInfo", "instructions"),
        page="/accounts/campus/labs/policies",
    ),
    Kept(route="Labs_Update", id=f"{LABS}/held", place=("properties", "title"), page="/labs"),
    Kept(route="Labs_Update", id=f"{LABS}/held", place=("properties", "description"), page="/labs/campus/held"),
    Kept(
        route="Schedules_Update",
        id=f"{LABS}/held/schedules/monday",
        place=("properties", "notes"),
        page="/labs/campus/held",
    ),
    Kept(route="ResourceGroups_Update", id=GROUP, place=("tags", "course"), page="/activity"),
)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept.route} {kept.place[-1]}")
@pytest.mark.usefixtures("known")
def test_a_text_is_given_back_as_it_was_sent(product: Product, judge: Judge, kept: Kept) -> None:
    owner, browser = [*product.bearer("admin"), JSON], [*product.cookie("admin"), (b"accept", b"text/html")]
    target = f"{kept.id}?api-version={API_VERSION}".encode()
    accepted = 0
    for kind, text in TEXTS.items():
        answer = product.driver.ask(kept.method, target, owner, written(put_at(SOUND[kept.route], kept.place, text)))
        judge.each(kind, answer, judge.arm)
        if answer.status < 400:
            accepted += 1
            given = _at(product().get(kept.id).json(), kept.place)
            assert given in (text, text.strip()) or not text.strip(), (kind, given)
            judge.each(kind, product.driver.ask("GET", kept.page.encode(), browser), judge.page)
    judge.end()
    assert accepted > 10


@pytest.mark.usefixtures("known")
def test_what_makes_a_machine_is_text_in_xml_and_one_word_of_a_shell(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every name that a lab and its account may have reaches the engine; none leaves its place there."""
    made: list[tuple[MachineSpec, FirstBoot | None]] = []
    ensure = product.installation.engine.ensure_machine

    def remember(spec: MachineSpec, first_boot: FirstBoot | None) -> None:
        made.append((spec, first_boot))
        ensure(spec, first_boot)

    monkeypatch.setattr(product.installation.engine, "ensure_machine", remember)
    sound = lab_body(READY)
    for kind, text in {**TEXTS, **NAMES}.items():
        ask_for(product, text, sound)
        user = put_at(sound, ("properties", "virtualMachineProfile", "adminUser", "username"), text)
        ask_for(product, f"user-{len(kind)}-{abs(hash_of(kind))}", user)
        product.work()
    assert len(made) > 8
    shapes = {shape(declare(definition(spec))) for spec, _ in made}
    assert len(shapes) == 1, "a name became a part of the machine's definition"
    for spec, first_boot in made:
        assert re.fullmatch(r"[0-9a-f-]{32,36}", spec.machine.id)
        assert first_boot is not None
        assert shlex.quote(first_boot.user_name) == first_boot.user_name
        assert shlex.quote(first_boot.host_name) == first_boot.host_name
        assert f'  - name: "{first_boot.user_name}"' in user_data(first_boot).splitlines()
        assert (len(user_data(first_boot).splitlines()), len(meta_data(first_boot).splitlines())) == (11, 2)


@pytest.mark.usefixtures("known")
def test_no_name_becomes_a_path(product: Product) -> None:
    """Folders and files of the installation are named by ids, whatever things are called."""
    folder = product.installation.folder
    ours = re.compile(r"[0-9a-f-]{2,64}(\.\w+)*|[a-z_-]+(\.[a-z-]+)?|\d+|layer-.*|packs?-.*")
    odd = [each for each in folder.rglob("*") if not ours.fullmatch(each.name)]
    assert not odd
    assert not Path("/tmp/galeria-was-here").exists()


def ask_for(product: Product, name: str, body: dict[str, Any]) -> Answer:
    target = f"{LABS}/{encoded(name)}?api-version={API_VERSION}".encode()
    return product.driver.ask("PUT", target, [*product.bearer("admin"), JSON], written(body))


def hash_of(text: str) -> int:
    return sum(ord(each) * (place + 1) for place, each in enumerate(text))


def definition(spec: MachineSpec) -> Definition:
    """As the engine fills it in, with paths of nobody."""
    machine, place = Machine(id="m", region="brazilsouth"), Path("/x")
    return Definition(
        name="n", installation="i", machine=machine, title=spec.title, generation=spec.generation, vcpus=spec.vcpus,
        memory_mib=spec.memory_mib, ssh_port=1, disk=place, seed=place, serial=place, vnc=place, nvram=place, firmware=None,
    )  # fmt: skip


@pytest.mark.parametrize("kind", TEXTS)
def test_a_title_stays_text_in_the_definition(kind: str) -> None:
    """Titles are made of checked names today."""
    spec = MachineSpec(
        machine=Machine(id="m", region="r"),
        base="b" * 64,
        generation="V1",
        vcpus=1,
        memory_mib=1,
        ssh_port=1,
        title="t",
    )
    told = definition(spec)
    hostile = Definition(**{each: getattr(told, each) for each in told.__slots__} | {"title": "t" + TEXTS[kind]})
    assert shape(declare(hostile)) == shape(declare(told))


def shape(xml: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Elements and the names of their attributes, in their order."""
    return tuple((each.tag, tuple(each.attrib)) for each in ElementTree.fromstring(xml).iter())


def _at(body: Any, place: Place) -> Any:
    for part in place:
        body = body.get(part) if isinstance(body, dict) else None
    return body

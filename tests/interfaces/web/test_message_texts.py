"""Messages are said on a page in the person's own language, with the same values."""

import re
from collections.abc import Callable

import pytest

from galeria.actions.labs.labs import create_lab, delete_lab
from galeria.actions.labs.machines import start_machine
from galeria.actions.versions.exports import ExportRequest, export_template
from galeria.actions.versions.operations import get_operation
from galeria.domain.errors import Conflict, GaleriaError, StoreUnavailable
from galeria.domain.ids import ResourceId, lab_name, password, user_name
from galeria.domain.images.galleries import OsType
from galeria.domain.messages import Message, Value, Word, join, verbatim
from galeria.domain.operations import OperationKind
from galeria.domain.states import MachineState, OperationStatus, ProvisioningState, moved
from galeria.interfaces.web.kit.catalogues import WORD, Catalogue, Catalogues
from galeria.interfaces.web.kit.message_texts import MessageTexts
from tests.failing import FailingStore, with_stores
from tests.interfaces.web.served import Portal, text_of
from tests.local_installation import (
    ACCOUNT,
    GALLERY,
    MIB,
    LocalInstallation,
    disk_bytes,
    lab_id,
    lab_request,
    secrets,
)

MADE_UP = {
    ("", "The lab '{lab}' is {state}."): "O laboratório '{lab}' está {state}.",
    ("", "The lab '{lab}' is {state} and {other}."): "{other}, e o laboratório '{lab}' está {state}.",
    ("", "It has {count:,} disks."): "Ela tem {count:,} discos.",
    ("", "Take one out."): "Tire um.",
    ("", "It is not in {region}; it is in {regions}."): "Não está em {region}; está em {regions}.",
    ("", "It could not {doing}: {error}."): "Não conseguiu {doing}: {error}.",
    ("", "start the machine"): "iniciar a máquina",
    ("", "Some regions failed: {failures}"): "Algumas regiões falharam: {failures}",
    ("", "Set {{this}} to {value}."): "Mude {{isto}} para {value}.",
    (WORD, "Failed"): "Com falha",
    (WORD, "Linux"): "Linux",
    (WORD, "Start machine"): "Iniciar a máquina",
}
# Words that no Portuguese sentence has.
ENGLISH = re.compile(r"\b(the|is|are|was|not|and|of|it|this|that|with|has|have|be|from|an|wait|try|again)\b", re.I)
NAMED = re.compile(r"'[^']*'")
DISKS = Message("It has {count:,} disks.", count=1024)


@pytest.fixture
def made_up() -> MessageTexts:
    return MessageTexts(Catalogue("pt-BR", {}, MADE_UP))


@pytest.fixture(scope="module")
def portuguese() -> MessageTexts:
    return MessageTexts(Catalogues().get("pt-BR"))


@pytest.mark.parametrize(
    ("template", "values", "portuguese"),
    [
        ("Take one out.", {}, "Tire um."),
        ("It has {count:,} disks.", {"count": 1024}, "Ela tem 1,024 discos."),
        (
            "The lab '{lab}' is {state}.",
            {"lab": "x", "state": ProvisioningState.FAILED},
            "O laboratório 'x' está com falha.",
        ),
        ("The lab '{lab}' is {state}.", {"lab": "x", "state": Word("Failed")}, "O laboratório 'x' está com falha."),
        # What somebody typed is no state and no message, whatever it says.
        ("The lab '{lab}' is {state}.", {"lab": "Failed", "state": OsType.LINUX}, "O laboratório 'Failed' está Linux."),
        (
            "The lab '{lab}' is {state} and {other}.",
            {"lab": "x", "state": ProvisioningState.FAILED, "other": "Take one out."},
            "Take one out., e o laboratório 'x' está com falha.",
        ),
        (
            "It is not in {region}; it is in {regions}.",
            {"region": "a", "regions": ["b", "c"]},
            "Não está em a; está em b, c.",
        ),
        (
            "It could not {doing}: {error}.",
            {"doing": Message("start the machine"), "error": verbatim("error 5")},
            "Não conseguiu iniciar a máquina: error 5.",
        ),
        (
            "It could not {doing}: {error}.",
            {"doing": Word("start machine"), "error": DISKS},
            "Não conseguiu iniciar a máquina: Ela tem 1,024 discos..",
        ),
        ("Set {{this}} to {value}.", {"value": 5}, "Mude {isto} para 5."),
        (
            "Nobody translated {what}.",
            {"what": [ProvisioningState.FAILED, OperationKind.START_MACHINE]},
            "Nobody translated com falha, iniciar a máquina.",
        ),
    ],
)
def test_a_message_keeps_its_values(
    made_up: MessageTexts, template: str, values: dict[str, Value], portuguese: str
) -> None:
    assert made_up.say(Message(template, **values)) == portuguese


def test_messages_behind_and_within_one_another(made_up: MessageTexts) -> None:
    failures = join(
        Message("{region}: {error}", region="a", error=DISKS),
        Message("{region}: {error}", region="b-2", error=verbatim("It halts.")),
        separator="; ",
    )

    assert made_up.say(join(DISKS, Message("Take one out."))) == "Ela tem 1,024 discos. Tire um."
    assert (
        made_up.say(Message("Some regions failed: {failures}", failures=failures))
        == "Algumas regiões falharam: a: Ela tem 1,024 discos.; b-2: It halts."
    )
    assert made_up.say(Conflict(DISKS, hint=Message("Take one out."))) == "Ela tem 1,024 discos. Tire um."


def test_a_state_alone_begins_with_a_capital(made_up: MessageTexts) -> None:
    assert made_up.say(ProvisioningState.FAILED) == "Com falha"
    assert made_up.say(OperationKind.START_MACHINE) == "Iniciar a máquina"


@pytest.mark.parametrize("text", ["", "Nobody knows this.", "{0}", "Take one out.", "Failed", "{count"])
def test_no_plain_text_is_translated(made_up: MessageTexts, text: str) -> None:
    assert made_up.say(text) == text
    assert made_up.say(verbatim(text)) == text


def test_english_stays_as_it_is() -> None:
    assert MessageTexts(Catalogues().get("en")).say(DISKS) == "It has 1,024 disks."


def test_states_are_written_as_words_in_english_too() -> None:
    english = MessageTexts(Catalogues().get("en"))
    states = (
        OperationStatus.NOT_STARTED,
        MachineState.RESETTING_PASSWORD,
        OperationKind.EXPORT_TEMPLATE,
        Word("MyLab"),
    )

    assert [english.say(each) for each in states] == ["Not started", "Resetting password", "Export template", "MyLab"]


def refusals(installation: LocalInstallation) -> list[Callable[[], object]]:
    """Things that are refused, each for another reason."""
    linux = GALLERY.child("images", "linux")
    again = lab_request("algebra", linux)

    def as_person(who: str, do: Callable[..., object], *arguments: object) -> Callable[[], object]:
        def ask() -> None:
            with installation.request(who) as request:
                do(request, *arguments)

        return ask

    return [
        lambda: lab_name("a name with spaces that is not allowed"),
        lambda: user_name("root"),
        lambda: password("short"),
        lambda: ResourceId.parse("not/an/id"),
        lambda: moved(MachineState.DELETING, MachineState.RUNNING, Message("The machine")),
        as_person("educator", get_operation, "0"),
        as_person("nobody", start_machine, lab_id("algebra"), "template"),
        as_person("educator", start_machine, lab_id("history"), "template"),
        as_person("educator", start_machine, lab_id("algebra"), "seven"),
        as_person(
            "educator", create_lab, lab_id("third"), lab_request("third", GALLERY.child("images", "no")), secrets()
        ),
        as_person("educator", create_lab, lab_id("third"), lab_request("third", linux, region="westeurope"), secrets()),
        as_person("educator", create_lab, lab_id("third"), lab_request("third", linux, region="moon"), secrets()),
        as_person("colleague", create_lab, lab_id("algebra"), again, secrets()),
        as_person("educator", export_template, ACCOUNT, ExportRequest(lab=lab_id("algebra"), machine="x", name="y")),
        as_person(
            "educator", export_template, ACCOUNT, ExportRequest(lab=lab_id("algebra"), machine="template", name="")
        ),
        as_person("nobody", delete_lab, lab_id("algebra")),
        as_person("educator", start_machine, lab_id("Álgebra, turma B"), "template"),
    ]


def test_what_actions_refuse_is_said_in_portuguese(installation: LocalInstallation, portuguese: MessageTexts) -> None:
    installation.run(installation.begin_import("linux", disk_bytes()))
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))

    for refused in refusals(installation):
        with pytest.raises(GaleriaError) as caught:
            refused()
        for english in (caught.value.message, caught.value.hint, caught.value):
            said = portuguese.say(english)
            assert said != str(english) or not str(english)
            assert not ENGLISH.search(NAMED.sub("", said)), said
            assert sorted(NAMED.findall(said)) == sorted(NAMED.findall(str(english))), said


def test_what_a_failed_operation_says_is_said_in_portuguese(
    installation: LocalInstallation, portuguese: MessageTexts
) -> None:
    failed = installation.run(installation.begin_import("linux", b"not a disk, but text.\n" * 200))

    assert (
        failed.error_message == "The file is text. It may be the small description that comes with a VMDK or OVF disk."
    )
    assert portuguese.say(failed.error_message).startswith("O arquivo é texto. Pode ser a pequena descrição")
    assert not ENGLISH.search(NAMED.sub("", portuguese.say(join(failed.error_message, failed.error_hint))))


def test_steps_are_said_in_portuguese(installation: LocalInstallation, portuguese: MessageTexts) -> None:
    done = installation.run(installation.begin_import("linux", disk_bytes()))

    with installation.context.database(reading=True) as uow:
        steps = [portuguese.say(Message(each.name)) for each in uow.operations.steps(done.id)]
    assert steps == [
        "Examinar o arquivo",
        "Armazenar o disco",
        "Examinar o disco",
        "Selar a versão",
        "Replicar para as outras regiões",
        "Remover o arquivo enviado",
    ]


def test_pages_say_errors_obstacles_steps_and_failures_in_portuguese(portal: Portal) -> None:
    """All the way: raised, stored, read again and shown."""
    scene, browser = portal.installation, portal.browser(language="pt-BR")
    full = StoreUnavailable(Message("The store of region {region} is in use.", region="brazilsoutheast"))
    store = FailingStore(scene.context.stores["brazilsoutheast"], "replicate", full)
    begun = scene.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "brazilsoutheast"))
    failed = with_stores(scene, brazilsoutheast=store).run(begun)

    operation = text_of(browser.get(f"/operations/{failed.id}"))
    assert "Replicar para as outras regiões" in operation
    assert "Brazil Southeast: O armazenamento da região Brazil Southeast está em uso." in operation
    assert "Depois tente a operação novamente: somente essas regiões são refeitas." in operation

    missing = text_of(browser.get("/labs/campus/nowhere"))
    assert not ENGLISH.search(NAMED.sub("", missing)), missing


def test_a_list_of_regions_stands_in_an_obstacle(portal: Portal) -> None:
    scene = portal.installation
    scene.run(scene.begin_import("linux", disk_bytes(MIB), regions=("brazilsouth", "brazilsoutheast")))

    page = text_of(portal.browser(language="pt-BR").get("/images?region=westeurope"))
    assert "A imagem não está em West Europe; está em Brazil South, Brazil Southeast." in page

"""What the inside says in English is said on a page in the person's own language, with the same values."""

import re
from collections.abc import Callable

import pytest

from galeria.actions.labs.labs import create_lab, delete_lab
from galeria.actions.labs.machines import start_machine
from galeria.actions.versions.exports import ExportRequest, export_template
from galeria.actions.versions.operations import get_operation
from galeria.domain.errors import GaleriaError
from galeria.domain.ids import ResourceId, lab_name, password, user_name
from galeria.domain.states import MachineState, OperationStatus, ProvisioningState, moved
from galeria.interfaces.web.kit.catalogues import WORD, Catalogue, Catalogues
from galeria.interfaces.web.kit.sentences import LONGEST, Sentences
from tests.local_installation import ACCOUNT, GALLERY, LocalInstallation, disk_bytes, lab_id, lab_request, secrets

MADE_UP = {
    ("", "The lab '{0}' is {1}."): "O laboratório '{0}' está {1}.",
    ("", "The lab '{0}' is start machine."): "O laboratório '{0}' é uma partida.",
    ("", "The lab '{0}' is {1} and {2}."): "{2}, e o laboratório '{0}' está {1}.",
    ("", "The image '{0}' cannot be used: {1}"): "Não dá para usar a imagem '{0}': {1}",
    ("", "It has {0} disks."): "Ela tem {0} discos.",
    ("", "Take one out."): "Tire um.",
    ("", "It is not in {0}; it is in {1}."): "Não está em {0}; está em {1}.",
    ("", "It could not {0}: {1}."): "Não conseguiu {0}: {1}.",
    ("", "start the machine"): "iniciar a máquina",
    ("", "Some regions failed: {0}"): "Algumas regiões falharam: {0}",
    ("", "{0} Then try again."): "{0} Depois tente novamente.",
    ("", "Its console ends with:\n{0}"): "O console termina com:\n{0}",
    ("", "Does it start?"): "Ela inicia?",
    ("", "Set {{this}} to {0}."): "Mude {{isto}} para {0}.",
    (WORD, "Failed"): "Com falha",
    (WORD, "Linux"): "Linux",
    (WORD, "Start machine"): "Iniciar a máquina",
}
# Words that no Portuguese sentence has.
ENGLISH = re.compile(r"\b(the|is|are|was|not|and|of|it|this|that|with|has|have|be|from|an|wait|try|again)\b", re.I)
NAMED = re.compile(r"'[^']*'")


@pytest.fixture
def made_up() -> Sentences:
    return Sentences(Catalogue("pt-BR", {("", "Enabled"): ("Habilitada",)}, MADE_UP))


@pytest.fixture(scope="module")
def portuguese() -> Sentences:
    return Sentences(Catalogues().get("pt-BR"))


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("Take one out.", "Tire um."),
        ("It has 1,024 disks.", "Ela tem 1,024 discos."),
        ("The lab 'Algebra' is Failed.", "O laboratório 'Algebra' está com falha."),
        # The template that explains more of the text is the right one.
        ("The lab 'Algebra' is Failed and empty.", "empty, e o laboratório 'Algebra' está com falha."),
        ("The lab 'Algebra' is start machine.", "O laboratório 'Algebra' é uma partida."),
        # What stands between quotation marks is somebody's name, even an odd one.
        ("The lab 'Failed' is Failed.", "O laboratório 'Failed' está com falha."),
        ("The lab '' is Linux.", "O laboratório '' está Linux."),
        ("It is not in a; it is in b, c.", "Não está em a; está em b, c."),
        ("It could not start the machine: error 5.", "Não conseguiu iniciar a máquina: error 5."),
        ("Set {this} to 5.", "Mude {isto} para 5."),
    ],
)
def test_a_sentence_keeps_its_values(made_up: Sentences, english: str, portuguese: str) -> None:
    assert made_up.say(english) == portuguese


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("It has 2 disks. Take one out.", "Ela tem 2 discos. Tire um."),
        ("It has 2 disks. Take one out. It has 3 disks.", "Ela tem 2 discos. Tire um. Ela tem 3 discos."),
        # A message may end with an outside program's words, without a full stop.
        ("The image 'x' cannot be used: no space Take one out.", "Não dá para usar a imagem 'x': no space Tire um."),
        (
            "The image 'x' cannot be used: It has 2 disks. It is not in a; it is in b. Take one out.",
            "Não dá para usar a imagem 'x': Ela tem 2 discos. Não está em a; está em b. Tire um.",
        ),
        ("It has 2 disks. Take one out. Then try again.", "Ela tem 2 discos. Tire um. Depois tente novamente."),
        (
            "Some regions failed: a: It has 2 disks.; b-2: The lab 'x' is Failed.",
            "Algumas regiões falharam: a: Ela tem 2 discos.; b-2: O laboratório 'x' está com falha.",
        ),
        (
            "Its console ends with:\nkernel: panic. It halts\nFailed Does it start?",
            "O console termina com:\nkernel: panic. It halts\nFailed Ela inicia?",
        ),
        ("Nobody knows this. Take one out.", "Nobody knows this. Tire um."),
    ],
)
def test_sentences_behind_and_within_one_another(made_up: Sentences, english: str, portuguese: str) -> None:
    assert made_up.say(english) == portuguese


def test_a_state_alone_begins_with_a_capital(made_up: Sentences) -> None:
    assert made_up.say(ProvisioningState.FAILED) == "Com falha"
    assert made_up.say("Start machine") == "Iniciar a máquina"
    assert made_up.say("It could not start_machine: x.") == "Não conseguiu iniciar a máquina: x."


def test_words_of_the_pages_are_known_too(made_up: Sentences) -> None:
    assert made_up.say("Enabled") == "Habilitada"


@pytest.mark.parametrize(
    "text", ["", " ", "Nobody knows this.", "{0}", "The lab is", "x" * (LONGEST + 1), "Some regions failed: x, " * 500]
)
def test_what_is_not_known_stays_as_it_is(made_up: Sentences, text: str) -> None:
    assert made_up.say(text) == text


def test_endless_nesting_does_no_harm(made_up: Sentences) -> None:
    assert made_up.say(("It could not x: " * 300)[:LONGEST])


def test_english_stays_as_it_is() -> None:
    assert Sentences(Catalogues().get("en")).say("The lab 'a' is Failed.") == "The lab 'a' is Failed."


def test_states_are_written_as_words_in_english_too() -> None:
    english = Sentences(Catalogues().get("en"))

    assert [english.say(each) for each in (OperationStatus.NOT_STARTED, MachineState.RESETTING_PASSWORD, "MyLab")] == [
        "Not started",
        "Resetting password",
        "MyLab",
    ]


def test_every_sentence_that_is_known_is_recognized_again() -> None:
    catalogue = Catalogues().get("pt-BR")
    sentences = Sentences(catalogue)
    wrong = []
    for (context, template), translated in catalogue.messages.items():
        if context != WORD:
            english, expected = (filled(text, "{0}zq{0}") for text in (template, translated))
            said = sentences.say(english)
            # States alone begin with a capital, the same words within a sentence do not.
            if said.casefold() != expected.casefold():
                wrong.append(f"{english!r}\n  {said!r}\n  {expected!r}")
            if (
                template.endswith(".")
                and sentences.say(f"{english} Reload the page.") != f"{said} Recarregue a página."
            ):
                wrong.append(f"{english!r} with a hint: {sentences.say(f'{english} Reload the page.')!r}")

    assert not wrong, "\n".join(wrong)


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
        lambda: moved(MachineState.DELETING, MachineState.RUNNING, "The machine"),
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


def test_what_actions_refuse_is_said_in_portuguese(installation: LocalInstallation, portuguese: Sentences) -> None:
    installation.run(installation.begin_import("linux", disk_bytes()))
    installation.run(installation.begin_lab("algebra", GALLERY.child("images", "linux")))

    for refused in refusals(installation):
        with pytest.raises(GaleriaError) as caught:
            refused()
        for english in (caught.value.message, caught.value.hint, str(caught.value)):
            said = portuguese.say(english)
            assert said != english or not english
            assert not ENGLISH.search(NAMED.sub("", said)), said
            assert sorted(NAMED.findall(said)) == sorted(NAMED.findall(english)), said


def test_what_a_failed_operation_says_is_said_in_portuguese(
    installation: LocalInstallation, portuguese: Sentences
) -> None:
    failed = installation.run(installation.begin_import("linux", b"not a disk, but text.\n" * 200))

    assert (
        failed.error_message == "The file is text. It may be the small description that comes with a VMDK or OVF disk."
    )
    assert portuguese.say(failed.error_message).startswith("O arquivo é texto. Pode ser a pequena descrição")
    assert not ENGLISH.search(NAMED.sub("", portuguese.say(f"{failed.error_message} {failed.error_hint}")))


def test_steps_are_said_in_portuguese(installation: LocalInstallation, portuguese: Sentences) -> None:
    done = installation.run(installation.begin_import("linux", disk_bytes()))

    with installation.context.database(reading=True) as uow:
        steps = [portuguese.say(each.name) for each in uow.operations.steps(done.id)]
    assert steps == [
        "Examinar o arquivo",
        "Armazenar o disco",
        "Selar a versão",
        "Replicar para as outras regiões",
        "Remover o arquivo enviado",
    ]


def filled(template: str, value: str) -> str:
    """With a made-up value in each hole."""
    return re.sub(r"\{(\d)\}", lambda hole: value.format(hole[1]), template).replace("{{", "{").replace("}}", "}")

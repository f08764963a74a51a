"""From a file to a lab to an image in another region, typed at the command line, against the real service.

Everything is real but the virtual machines: the REST door, the database, the stores, the workflows.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner, Result

from galeria.domain.states import OperationStatus
from tests.interfaces.arm.served import Arm, serving
from tests.local_installation import disk_bytes

WAITING = {OperationStatus.NOT_STARTED, OperationStatus.IN_PROGRESS}


class Campus:
    """Commands of somebody who is signed in at a running service."""

    def __init__(self, arm: Arm, app: typer.Typer, environment: dict[str, str]) -> None:
        self._arm, self._app, self._environment = arm, app, environment

    def __call__(self, *arguments: str, who: str = "admin") -> Any:
        """What the command printed as JSON."""
        result = self.run(*arguments, who=who)
        assert result.exit_code == 0, (arguments, result.output)
        return json.loads(result.stdout)

    def run(self, *arguments: str, who: str = "admin") -> Result:
        """The command's end, whatever it is."""
        person, services = self._arm.installation.people[who], self._arm.services
        token = services.tokens.issue(person.id, person.name, person.kind, audience=services.endpoint, seconds=600)
        signed_in = {"GALERIA_ENDPOINT": services.endpoint, "GALERIA_TOKEN": token}
        passwords = {"GALERIA_LAB_PASSWORD": "correct-Horse-7"}
        return CliRunner().invoke(
            self._app,
            [*arguments, "--group", "campus", "-o", "json"],
            env={**self._environment, **signed_in, **passwords},
        )


@pytest.fixture
def campus(tmp_path: Path, migrated_file: Path, app: typer.Typer, environment: dict[str, str]) -> Iterator[Campus]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with serving(tmp_path / "installation", migrated_file, key) as arm, ThreadPoolExecutor(1) as worker:

        def work(operation_id: str) -> None:
            operation = arm.installation.operation(operation_id)
            if operation.status in WAITING:
                arm.installation.run(operation)

        arm.begun.start = lambda operation_id: worker.submit(work, operation_id)  # type: ignore[assignment, method-assign]
        yield Campus(arm, app, environment)


def test_from_a_file_to_a_lab_to_an_image_in_another_region(campus: Campus, tmp_path: Path) -> None:
    disk = tmp_path / "ubuntu.raw"
    disk.write_bytes(disk_bytes())

    imported = campus("image", "import", str(disk), "--name", "Álgebra base", "--generation", "V1")
    offers = campus("image", "list", who="educator")
    campus("lab", "create", "turma-a", "--image", "álgebra BASE", "--user", "ana", "--size", "Tiny", who="educator")
    started = campus("lab", "start", "turma-a", who="educator")
    estimate = campus("lab", "estimate", "turma-a", "--name", "Turma A", who="educator")
    exported = campus("lab", "export", "turma-a", "--name", "Turma A", "--yes", who="educator")
    again = campus("lab", "export", "turma-a", "--name", "Turma A", "--regions", "brazilsouth", "--yes", who="educator")
    version = campus("image", "show", "Turma A")["versions"][0]
    elsewhere = campus("image", "list", "--region", "brazilsoutheast", who="colleague")
    copy = ["lab", "create", "turma-b", "--image", "Turma A", "--user", "eva", "--region", "brazilsoutheast"]
    made = campus(*copy, who="colleague")

    assert (imported["name"], imported["properties"]["provisioningState"]) == ("1.0.0", "Succeeded")
    assert [(each["name"], each["properties"]["displayName"]) for each in offers] == [("Algebra-base", "Álgebra base")]
    assert offers[0]["properties"]["galeria"]["usable"]
    assert started["properties"]["state"] == "Running"
    assert (estimate["version"], estimate["isNewImage"]) == ("1.0.0", True)
    assert exported["operation"]["status"] == "Succeeded"
    replicas = version["properties"]["galeria"]["replicas"]
    assert [(each["region"], each["state"]) for each in replicas] == [
        ("brazilsouth", "Completed"),
        ("brazilsoutheast", "Completed"),
    ]
    assert again["estimate"]["version"] == "1.0.1"
    assert {each["name"]: each["properties"]["galeria"]["usable"] for each in elsewhere} == {
        "Algebra-base": False,
        "Turma-A": True,
    }
    assert made["properties"]["virtualMachineProfile"]["imageReference"]["exactVersion"] == "1.0.0"


def test_an_image_is_spread_counted_and_deleted(campus: Campus, tmp_path: Path) -> None:
    disk = tmp_path / "ubuntu.raw"
    disk.write_bytes(disk_bytes())
    campus("image", "import", str(disk), "--generation", "V1")
    campus("image", "import", str(disk), "--generation", "V1", "--regions", "westeurope")

    spread = campus("image", "replicate", "ubuntu", "1.0.0", "--regions", "northeurope,westeurope")
    left = campus("image", "replicate", "ubuntu", "1.0.0", "--remove", "westeurope")
    costs = campus("gallery", "costs")
    campus("image", "disable", "ubuntu")
    shown = campus("image", "show", "ubuntu")
    campus("image", "enable", "ubuntu")
    deleted = campus("image", "delete", "ubuntu", "--yes")

    assert {each["name"] for each in spread["properties"]["publishingProfile"]["targetRegions"]} == {
        "brazilsouth",
        "northeurope",
        "westeurope",
    }
    assert {each["region"] for each in left["properties"]["galeria"]["replicas"]} == {"brazilsouth", "northeurope"}
    assert [each["version"] for each in costs["value"]] == ["1.0.0", "1.0.1"]
    assert shown["image"]["properties"]["enabledState"] == "Disabled"
    assert [each["name"] for each in shown["versions"]] == ["1.0.0", "1.0.1"]
    assert deleted["deleted"] == ["1.0.0", "1.0.1"]
    assert sum(deleted["outputs"][1]["freedBytes"].values()) > 0
    assert campus("image", "list") == []


def test_places_and_people_are_administered(campus: Campus) -> None:
    campus("group", "create", "physics", "--region", "westeurope")
    campus("gallery", "create", "optics", "--description", "Lenses")
    campus("account", "create", "second", "--gallery", "optics")
    campus("account", "detach", "--account", "second")
    attached = campus("account", "attach", "waves", "--create", "--account", "second")
    policy = campus("account", "policy", "--account", "second", "--os-disk-limit", "64", "--disable-images")
    person = campus("person", "create", "bia", "--display-name", "Bia Souza")
    campus("role", "give", "bia", "Lab Creator", "--scope", "account:second")
    roles = campus("role", "list", "--who", "bia")
    taken = campus("role", "take", "bia", "Lab Creator", "--scope", "account:second")

    assert attached["properties"]["sharedGalleryId"].endswith("/galleries/waves")
    assert policy["properties"]["galeria"]["osDiskLimitInGB"] == 64
    assert policy["properties"]["galeria"]["imagesEnabledByDefault"] is False
    assert policy["properties"]["sharedGalleryId"].endswith("/galleries/waves")
    assert person["secret"]
    assert [each["properties"]["galeria"]["roleName"] for each in roles] == ["Lab Creator"]
    assert taken == {"taken": True}
    assert campus("role", "list", "--who", "bia") == []
    assert {each["name"] for each in campus("person", "list")} >= {"admin", "bia"}
    assert {each["name"] for each in campus("group", "list")} == {"campus", "physics"}


def test_a_lab_is_used_and_removed(campus: Campus, tmp_path: Path) -> None:
    disk = tmp_path / "ubuntu.raw"
    disk.write_bytes(disk_bytes())
    campus("image", "import", str(disk), "--generation", "V1")
    campus("lab", "create", "aula", "--image", "ubuntu", "--user", "ana", "--version", "1.0.0", "--title", "Aula 1")

    campus("lab", "start", "aula")
    connection = campus("lab", "connect", "aula")
    campus("lab", "reset-password", "aula", "--user", "ana")
    stopped = campus("lab", "stop", "aula")
    begun = campus("operation", "list")
    shown = campus("operation", "show", begun[0]["name"])
    followed = campus("operation", "follow", begun[0]["name"])
    campus("lab", "delete", "aula", "--yes")

    assert connection["command"].startswith("ssh -p ")
    assert stopped["properties"]["state"] == "Stopped"
    kinds = [each["properties"]["kind"] for each in begun]
    assert kinds == ["stop_machine", "reset_password", "start_machine", "create_lab", "create_version"]
    assert shown["properties"]["steps"]
    assert followed["status"] == "Succeeded"
    assert campus("lab", "list") == []


def test_sizes_of_scripts_for_azure_are_taken_and_given_back_as_written(campus: Campus, tmp_path: Path) -> None:
    disk = tmp_path / "ubuntu.raw"
    disk.write_bytes(disk_bytes())
    campus("image", "import", str(disk), "--generation", "V1")
    create = ("lab", "create", "--image", "ubuntu", "--user", "ana", "--size")
    sizes = {"two": "Classic_Fsv2_2_4GB_128_S_SSD", "four": "classic_fsv2_4_8gb_128_s_ssd", "own": "tiny"}

    made = {lab: campus(*create, size, lab) for lab, size in sizes.items()}
    refused = {
        size: campus.run(*create, size, "none") for size in ("Classic_Fsv2_32_64GB_128_S_SSD", "Classic_NVv4_8_28GB")
    }

    shown = {lab: campus("lab", "show", lab)["lab"] for lab in sizes}
    listed = {each["name"]: each for each in campus("lab", "list")}
    for answers in (made, shown, listed):
        named = {lab: each["properties"]["virtualMachineProfile"]["sku"]["name"] for lab, each in answers.items()}
        assert named == {**sizes, "own": "Tiny"}
    for size, ended in refused.items():
        assert ended.exit_code != 0
        assert size in ended.output
        assert "Large" in ended.output


def test_the_account_that_is_asked_is_the_one_that_was_named(campus: Campus) -> None:
    assert campus("account", "show", "labs")["name"] == "labs"
    assert campus("whoami")["foundIn"] == "GALERIA_ENDPOINT"


@pytest.mark.parametrize("which", ["os disk", "data disk"])
@pytest.mark.parametrize("fault", ["missing", "empty", "a folder"])
def test_an_import_without_its_file_leaves_nothing(campus: Campus, tmp_path: Path, which: str, fault: str) -> None:
    good, bad = tmp_path / "good.raw", tmp_path / "bad.raw"
    good.write_bytes(disk_bytes())
    if fault == "empty":
        bad.touch()
    elif fault == "a folder":
        bad.mkdir()
    files = (str(bad),) if which == "os disk" else (str(good), "--data-disk", str(bad))

    ended = campus.run("image", "import", *files, "--name", "Never")

    assert ended.exit_code != 0
    assert ("is empty" if fault == "empty" else "There is no file") in ended.output
    assert campus("image", "list", "--gallery", "gal") == []
    assert not any((tmp_path / "installation").glob("**/uploads/*/file"))


def test_an_import_that_the_server_does_not_begin_leaves_no_image(campus: Campus, tmp_path: Path) -> None:
    disk = tmp_path / "good.raw"
    disk.write_bytes(disk_bytes())
    ended = campus.run("image", "import", str(disk), "--name", "Never", "--regions", "atlantis")
    assert ended.exit_code != 0
    assert campus("image", "list", "--gallery", "gal") == []


@pytest.mark.parametrize("version", [(), ("1.0.0",)], ids=["the image", "its version"])
def test_a_refused_import_goes_away_with_its_image(campus: Campus, tmp_path: Path, version: tuple[str, ...]) -> None:
    letter = tmp_path / "letter.raw"
    letter.write_bytes(b"Dear Sir or Madam\n" * 100)
    ended = campus.run("image", "import", str(letter))
    assert ended.exit_code != 0
    assert "The file is text." in ended.output
    assert [each["name"] for each in campus("image", "list", "--gallery", "gal")] == ["letter"]
    campus("image", "delete", "letter", *version, "--yes")
    assert campus("image", "list", "--gallery", "gal") == []


def test_a_class_is_listed_by_a_file_and_invited(campus: Campus, tmp_path: Path) -> None:
    disk, people = tmp_path / "ubuntu.raw", tmp_path / "people.csv"
    disk.write_bytes(disk_bytes())
    people.write_bytes("Nome;E-mail\nAna;ana@example.org\nBia;bia@example.org\nCaio;caio@\n".encode("utf-16"))
    campus("image", "import", str(disk), "--name", "Base", "--generation", "V1")
    campus("lab", "create", "turma-a", "--image", "base", "--user", "ana", "--size", "Tiny", who="educator")

    shown = campus("lab", "add-people", "turma-a", str(people), "--dry-run", who="educator")
    assert campus("lab", "people", "turma-a", who="educator") == []
    added = campus("lab", "add-people", "turma-a", str(people), who="educator")
    again = campus("lab", "add-people", "turma-a", str(people), who="educator")
    invited = campus("lab", "invite", "turma-a", who="educator")
    campus("lab", "remove-person", "turma-a", "ANA@example.org", who="educator")
    nobody = campus.run("lab", "remove-person", "turma-a", "ana@example.org", who="educator")

    assert shown["new"] == added["added"] == ["ana@example.org", "bia@example.org"]
    assert shown["faults"] == [{"line": 4, "why": "'caio@' is no e-mail address."}]
    assert (again["added"], again["known"]) == ([], 2)
    assert sorted(invited["failed"]) == ["ana@example.org", "bia@example.org"], "this server sends no mail"
    assert [each["properties"]["email"] for each in campus("lab", "people", "turma-a", who="educator")] == [
        "bia@example.org"
    ]
    assert "Nobody on the list" in nobody.output

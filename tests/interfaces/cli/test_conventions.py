"""Help, errors, exit codes, questions: the same for every command."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
import typer

from galeria.domain.audit import AuditBreak
from galeria.domain.messages import Message
from galeria.domain.reach.server_settings import ServerOptions
from galeria.ports.images import Damage
from tests.interfaces.cli.canned import (
    ACCOUNT,
    GALLERY,
    IMAGE,
    LAB,
    MACHINE,
    MACHINE_BODY,
    OPERATION,
    OPERATION_BODY,
    OPERATIONS,
    VERSION,
    VERSION_BODY,
)
from tests.interfaces.cli.command_walk import commands
from tests.interfaces.cli.conftest import CannedDoors, Run
from tests.interfaces.client.rest_double import RestDouble, Told, refused


def test_every_command_and_every_option_explains_itself(app: typer.Typer, local: Run) -> None:
    found = list(commands(typer.main.get_command(app)))

    assert len(found) > 40
    for path, command in found:
        assert command.help, path
        assert "output" in {parameter.name for parameter in command.params}, path
        for parameter in command.params:
            assert getattr(parameter, "help", None), (path, parameter.name)
    for path in {path[:1] for path, _ in found}:
        assert local(*path, "--help").exit_code == 0, path


def test_an_error_is_one_line_and_its_hint_another(run: Run, double: RestDouble) -> None:
    more = {"additionalInfo": [{"type": "Hint", "info": {"hint": "Start or stop it."}}]}
    double.answers["POST", f"{ACCOUNT}/estimateImage"] = lambda asked: refused(
        409, "Conflict", "The template is busy. Start or stop it.", **more
    )

    result = run("lab", "estimate", "turma-a", "--name", "x")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert [line.rstrip() for line in result.stderr.splitlines()] == [
        "Error: The template is busy.",
        "Hint: Start or stop it.",
    ]


def test_programs_get_errors_as_json(run: Run) -> None:
    result = run("lab", "show", "missing", "-o", "json")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert json.loads(result.stderr)["error"]["code"] == "ResourceNotFound"


def test_errors_of_the_host_are_reported_in_the_same_way(local: Run) -> None:
    result = local("demo")

    assert result.exit_code == 1
    assert [line.rstrip() for line in result.stderr.splitlines()] == ["Error: The disk is full.", "Hint: Free 2 GB."]


def test_wrong_usage_ends_with_two(run: Run) -> None:
    assert run("lab", "create").exit_code == 2
    assert run("lab", "list", "-o", "yaml").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_without_any_sign_in_it_is_said_what_to_do(local: Run) -> None:
    result = local("lab", "list")

    assert result.exit_code == 1
    assert "galeria login" in result.stderr


def test_nothing_is_deleted_while_nobody_has_agreed(run: Run, double: RestDouble) -> None:
    result = run("image", "delete", "algebra", "1.0.1")

    assert result.exit_code == 1
    assert "turma A" in result.stdout
    assert "11.0 MiB" in result.stdout
    assert "--yes" in result.stderr
    assert "DELETE" not in {each.method for each in double.asked}


def test_a_deletion_that_was_agreed_to_tells_what_it_freed(run: Run, double: RestDouble) -> None:
    outputs = {"freedBytes": {"brazilsouth": 2048}, "laterBytes": {"brazilsouth": 1024}}
    double.put("DELETE", VERSION, None, status=202, Azure_AsyncOperation=f"{OPERATIONS}/d?api-version=1")
    settled = {"name": "d", "status": "Succeeded", "properties": {"output": outputs}}
    double.put("GET", f"{OPERATIONS}/d", settled)

    result = run("image", "delete", "algebra", "1.0.1", "--yes")

    assert result.exit_code == 0, result.stderr
    assert "Freed: 2.0 KiB. 1.0 KiB more" in result.stdout


@pytest.mark.parametrize("source", ["environment", "file"])
def test_a_lab_is_made_with_a_password_that_no_argument_holds(
    run: Run, double: RestDouble, tmp_path: Path, source: str
) -> None:
    (tmp_path / "secret").write_text("correct-Horse-7\n")
    arguments = ["--password-file", str(tmp_path / "secret")] if source == "file" else []
    environment = {} if source == "file" else {"GALERIA_LAB_PASSWORD": "correct-Horse-7"}
    double.put("PUT", LAB, {}, status=201)

    result = run("lab", "create", "turma-a", "--image", "Álgebra", "--user", "ana", *arguments, **environment)

    assert result.exit_code == 0, result.stderr
    body = next(each.json for each in double.asked if each.method == "PUT")
    profile = body["properties"]["virtualMachineProfile"]
    assert profile["adminUser"] == {"username": "ana", "password": "correct-Horse-7"}
    assert profile["imageReference"] == {"id": IMAGE}
    assert body["location"] == "brazilsouth"
    assert "correct-Horse-7" not in result.output


def test_a_password_that_nobody_can_be_asked_for_is_an_error(run: Run) -> None:
    result = run("lab", "create", "turma-a", "--image", "algebra", "--user", "ana")

    assert result.exit_code == 1
    assert "GALERIA_LAB_PASSWORD" in result.stderr


def test_files_are_imported_as_one_image_each_with_their_progress(run: Run, double: RestDouble, tmp_path: Path) -> None:
    for name in ("base", "extra"):
        (tmp_path / f"{name}.qcow2").write_bytes(name.encode() * 1000)
        image = f"{GALLERY}/images/{name}"
        double.put("PUT", image, {}, status=201)
        double.put("GET", f"{image}/versions", {"value": []})
        double.put("PUT", f"{image}/versions/1.0.0", {}, status=201)
        double.put("GET", f"{image}/versions/1.0.0", {**VERSION_BODY, "name": "1.0.0"})

    result = run("image", "import", "base.qcow2", "extra.qcow2", "--regions", "westeurope")

    assert result.exit_code == 0, result.stderr
    assert "sending base.qcow2: done (3.9 KiB)" in result.stderr
    assert [bytes(each) for each in double.uploads.values()] == [b"base" * 1000, b"extra" * 1000]
    puts = {each.path: each.json for each in double.asked if each.method == "PUT"}
    assert puts[f"{GALLERY}/images/base"]["properties"]["osState"] == "Generalized"
    made = puts[f"{GALLERY}/images/extra/versions/1.0.0"]["properties"]
    assert made["storageProfile"] == {"osDiskImage": {"source": {"uploadId": "u2"}}}
    assert [each["name"] for each in made["publishingProfile"]["targetRegions"]] == ["brazilsouth", "westeurope"]


def test_several_files_cannot_have_one_name(run: Run) -> None:
    result = run("image", "import", "a.img", "b.img", "--name", "x")

    assert result.exit_code == 1
    assert "one FILE at a time" in result.stderr


def test_the_price_is_shown_before_anything_is_exported(run: Run, double: RestDouble) -> None:
    result = run("lab", "export", "turma-a", "--name", "Álgebra")

    assert result.exit_code == 1
    assert "0.004980 USD per month" in result.stdout
    assert f"{ACCOUNT}/saveImage" not in {each.path for each in double.asked}


def test_an_export_is_followed_and_summed_up(run: Run, double: RestDouble) -> None:
    body = {"imageDefinitionId": IMAGE, "imageVersionId": VERSION, "operationId": "e"}
    double.put("POST", f"{ACCOUNT}/saveImage", body, status=202, Azure_AsyncOperation=f"{OPERATIONS}/e?api-version=1")
    step = {"name": "replicate", "region": "brazilsoutheast", "runs": 1, "bytesTotal": 100}

    def moment(status: str, done: int) -> Told:
        steps = [{**step, "status": "Running" if status == "InProgress" else status, "bytesDone": done}]
        return Told(body={"name": "e", "status": status, "properties": {"steps": steps}}, headers={"Retry-After": "0"})

    moments = [moment("InProgress", 20), moment("InProgress", 60), moment("Succeeded", 100)]
    double.put_each("GET", f"{OPERATIONS}/e", *moments)

    result = run("lab", "export", "turma-a", "--name", "Álgebra", "--regions", "brazilsoutheast, westeurope", "--yes")

    assert result.exit_code == 0, result.stderr
    assert "replicate brazilsoutheast: 20%" in result.stderr
    assert "replicate brazilsoutheast: done" in result.stderr
    facts = dict(line.rstrip().split(maxsplit=1) for line in result.stdout.splitlines() if line.startswith(("R", "S")))
    assert (facts["Read"], facts["Stored"], facts["Sent"]) == ("40.0 MiB", "11.0 MiB", "5.0 MiB")
    sent = next(each.json for each in double.asked if each.path.endswith("saveImage"))
    assert sent["regions"] == ["brazilsoutheast", "westeurope"]


def test_following_an_operation_that_failed_fails_with_its_words(run: Run) -> None:
    result = run("operation", "follow", OPERATION)

    assert result.exit_code == 1
    assert "The store's disk is full." in result.stderr


FAILED_START: dict[str, Any] = {
    **OPERATION_BODY,
    "error": {"code": "MachineFailed", "message": "No SSH server of the machine greeted within 300 seconds."},
    "properties": {
        **cast(dict[str, Any], OPERATION_BODY["properties"]),
        "kind": "start_machine",
        "console": "Loading Linux\n\x1b[31mlab login:\n[bold]no markup[/bold]",
    },
}


@pytest.mark.parametrize("verb", ["show", "follow"])
def test_a_console_is_printed_in_lines_that_steer_no_terminal(run: Run, double: RestDouble, verb: str) -> None:
    double.put("GET", f"{OPERATIONS}/{OPERATION}", FAILED_START)

    result = run("operation", verb, OPERATION)

    printed = (result.stdout if verb == "show" else result.stderr).splitlines()
    place = printed.index("The machine's console ends with:")
    expected = ["  Loading Linux", "   [31mlab login:", "  [bold]no markup[/bold]"]
    assert [line.rstrip() for line in printed[place + 1 : place + 4]] == expected
    assert "\x1b" not in result.stdout + result.stderr


def test_a_machine_that_is_on_and_not_reached_is_not_called_off(run: Run, double: RestDouble) -> None:
    failure = "No SSH server of the machine greeted within 300 seconds."
    properties = {
        **cast(dict[str, Any], MACHINE_BODY["properties"]),
        "state": "Starting",
        "galeria": {"failure": failure},
    }
    double.put("GET", MACHINE, {**MACHINE_BODY, "properties": properties})

    result = run("lab", "connect", "turma-a")

    assert result.exit_code == 1
    assert f"is on, but cannot be reached: {failure}" in " ".join(result.stderr.split())


def test_damage_in_a_store_fails_the_command(local: Run, host_commands: CannedDoors) -> None:
    host_commands.damaged = (Damage(name="ab12", reason="its bytes have another name"),)

    result = local("store", "verify")

    assert result.exit_code == 1
    assert "ab12" in result.stderr


def test_a_broken_activity_log_fails_the_command(local: Run, host_commands: CannedDoors) -> None:
    link = f"7:{'ab' * 32}"
    assert local("audit", "verify", "--noted", link).exit_code == 0
    assert host_commands.calls == [("audit", link)]
    host_commands.breaks = (AuditBreak(number=9, reason=Message("Entry {number} is missing.", number=9)),)

    result = local("audit", "verify")

    assert result.exit_code == 1
    assert "breaks at entry 9: Entry 9 is missing." in result.stderr
    assert local("audit", "verify", "--noted", "seven").exit_code == 2 - 1


def test_serve_is_told_what_was_asked(local: Run, host_commands: CannedDoors) -> None:
    assert local("serve", "--data", "place", "--port", "9000", "--no-worker", "--fake").exit_code == 0
    assert host_commands.calls == [("serve", Path("place"), ServerOptions(port=9000), False, True)]


def test_serve_takes_a_public_name_and_the_whole_paths_of_its_certificate(
    local: Run, host_commands: CannedDoors
) -> None:
    words = ("--name", "labs.example.org", "--host", "*", "--certificate", "chain.pem", "--key", "/etc/key.pem")
    assert local("serve", "--data", "place", *words).exit_code == 0
    options = ServerOptions(
        listen="*", name="labs.example.org", certificate=str(Path("chain.pem").absolute()), key="/etc/key.pem"
    )
    assert host_commands.calls == [("serve", Path("place"), options, True, False)]


def test_signing_in_keeps_tokens_and_never_the_password(local: Run, double: RestDouble, tmp_path: Path) -> None:
    first = local("login", "--endpoint", double.endpoint, "--user", "ana", GALERIA_PASSWORD="right")

    assert first.exit_code == 0, first.stderr
    session = tmp_path / "config" / "galeria" / "session.json"
    assert session.stat().st_mode & 0o077 == 0
    assert "right" not in session.read_text()
    assert "'ana' is signed in" in first.stdout
    assert local("lab", "list").exit_code == 0
    assert "galeria login" in local("whoami").stdout
    assert local("logout").exit_code == 0
    assert local("lab", "list").exit_code == 1


def test_a_wrong_password_leaves_nobody_signed_in(local: Run, double: RestDouble, tmp_path: Path) -> None:
    result = local("login", "--endpoint", double.endpoint, "--user", "ana", GALERIA_PASSWORD="wrong")

    assert result.exit_code == 1
    assert not (tmp_path / "config").exists()


def test_hosts_that_files_may_be_fetched_from_are_reported(local: Run, host_commands: CannedDoors) -> None:
    hosts = ("--allow-import-from", "files.campus", "--allow-import-from", "10.0.0.5:8080")
    assert local("worker", "--data", "place", *hosts).exit_code == 0
    assert local("serve", "--data", "place", *hosts).exit_code == 0
    assert [call[-2:] for call in host_commands.calls] == [("files.campus", "10.0.0.5:8080")] * 2


def test_what_names_the_server_may_stand_before_the_command(local: Run, double: RestDouble) -> None:
    words = ["--endpoint", double.endpoint, "--as", "ana", "-o", "json"]

    result = local(*words, "group", "list", GALERIA_PASSWORD="right")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)[0]["name"] == "galeria"


def test_the_server_is_not_running(run: Run, double: RestDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("galeria.interfaces.client.connection.PATIENCE", 0.0)
    double.stop()

    result = run("lab", "list")

    assert result.exit_code == 1
    assert "Is 'galeria serve' running at" in result.stderr


def test_bytes_that_are_no_text_are_refused_by_name(run: Run, double: RestDouble) -> None:
    done = run("person", "create", "ana", "--display-name", "\udcff\udcfe")
    assert done.exit_code == 1
    assert "'display_name' is given in bytes that are no text." in done.output
    assert not [each for each in double.asked if each.method == "POST" and "people" in each.path]


def test_a_file_for_remote_desktops_is_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "turma.rdp"
    assert run("lab", "connect", "turma-a", "--rdp-file", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"full address:s:labs.example.org:61024\r\nusername:s:ana\r\n")


@pytest.mark.parametrize(
    ("profile", "words", "said"),
    [
        ({"rdpAuthority": "labs.example.org:61024"}, (), "mstsc /v:labs.example.org:61024"),
        ({"sshAuthority": "labs.example.org:61023"}, ("--rdp-file", "x.rdp"), "clientRdpAccess"),
        ({}, (), "clientSshAccess"),
    ],
)
def test_what_a_lab_does_not_let_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, profile: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    properties: Any = MACHINE_BODY["properties"]
    monkeypatch.setitem(properties, "connectionProfile", {**profile, "adminUsername": "ana"})
    result = run("lab", "connect", "turma-a", *words)
    assert result.exit_code == (0 if said.startswith("mstsc") else 1)
    assert said in result.stdout + result.stderr


def test_the_relay_is_stopped(local: Run, host_commands: CannedDoors) -> None:
    assert "The relay has ended." in local("relay", "stop", "--data", "place").stdout
    assert host_commands.calls == [("stop_relay", Path("place"))]

"""Secrets planted in the work of an installation: people and programs, labs and their machines, disks and imports."""

import json
import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from galeria.adapters.engine.windows.answer_file import encoded_password
from galeria.interfaces.client.credentials import Token
from galeria.interfaces.client.local_files import SessionFile
from galeria.interfaces.demo.shell import SshShell
from tests.local_installation import MIB
from tests.servers.file_server import FileServer
from tests.system.planting import API, LABS_API, TOKEN, Scene, Visitor, query_of
from tests.system.server_process import SOUTH
from tests.waiting import until

LAB, STUDENTS, WINDOWS, USER = "algebra", "students", "windows", "ana"


def plant_people(scene: Scene, browser: Visitor, token: str) -> None:
    """Through pages, the API and commands."""
    planted, program = scene.planted, scene.visitor()
    browser.look("/people/add/person")
    shown = browser.form("/people/add/person", name="caio", display_name="Caio", way="link", role="", scope="")
    planted.add("invitation-link", _shown_secret(shown.text).rpartition("/")[2])
    _plant_calendar(scene, browser)
    browser.look("/people/add/person")
    typed = planted.new("person-password")
    browser.form("/people/add/person", name="dora", display_name="Dora", way="typed", password=typed, role="", scope="")
    browser.look("/people/add/person")
    weak = planted.new("refused-password", "onlysmallletters{}")
    refused = browser.form("/people/add/person", name="eva", display_name="E", way="typed", password=weak)
    assert refused.status_code == 400
    shown = browser.form("/people/add/program", display_name="Nightly", role="", scope="")
    secret = planted.add("client-secret", _shown_secret(shown.text))
    (client,) = scene.rows("SELECT name FROM principals WHERE display_name = 'Nightly'")
    scene.note_hashes()
    scope = f"{scene.connect['endpoint']}/.default"
    form = {"grant_type": "client_credentials", "client_id": client, "scope": scope}
    assert program.post(TOKEN, **form, client_secret=planted.new("refused-password")).status_code == 401
    assert program.post(TOKEN, **form, client_secret=secret).status_code == 200
    rotated = program.rest("POST", f"{scene.people}/{client}/secrets", token, body={}, api="2024-01-01")
    planted.add("client-secret", rotated.json()["secret"])
    identified = program.rest("POST", f"{scene.people}/{client}/identity", token, body={}, api="2024-01-01").json()
    planted.add("identity-header", identified["secret"])
    asked = program.http.get(
        "/msi/token", params={"resource": scope}, headers={"X-IDENTITY-HEADER": identified["secret"]}
    )
    assert asked.status_code == 200, asked.text
    wrong = {"name": "eva", "password": [planted.new("refused-password")], "kind": "User"}
    assert program.rest("POST", scene.people, token, body=wrong, api="2024-01-01").status_code == 400
    _plant_with_commands(scene)


def _plant_calendar(scene: Scene, browser: Visitor) -> None:
    browser.look("/me")
    address = _shown_secret(browser.form("/me/calendar").text)
    scene.planted.add("calendar-address", address.rpartition("/")[2].removesuffix(".ics"))


def _plant_invitation(scene: Scene, program: Visitor, lab: str, token: str) -> None:
    """The mail to somebody without an account holds a link to one, which is opened and not used."""
    body = {"properties": {"email": "gil@example.org"}}
    assert program.rest("PUT", f"{lab}/users/gil", token, body=body, api=LABS_API).status_code == 201
    assert program.rest("POST", f"{lab}/users/gil/invite", token, api=LABS_API).status_code == 200
    mails = scene.mail.box.mails
    until(lambda: bool(mails), "the invitation is sent", seconds=60)
    plain = mails[0][1].get_body(("plain",))
    assert plain is not None
    found = re.search(r"/welcome/lab/(\S+)", plain.get_content())
    assert found, plain.get_content()
    scene.planted.add("welcome-link", found[1])
    assert scene.visitor().look(f"/welcome/lab/{found[1]}").status_code == 200
    scene.note_hashes()


def _shown_secret(page: str) -> str:
    found = re.search(r'<code id="secret" class="secret">([^<]+)</code>', page)
    assert found, page
    return found[1]


def _plant_with_commands(scene: Scene) -> None:
    planted, data = scene.planted, ("--data", str(scene.server.data))
    first, second = planted.new("person-password"), planted.new("person-password")
    scene.command("person", "create", "bia", *data, GALERIA_PERSON_PASSWORD=first)
    file = scene.server.folder.parent / "typed-password"  # the person's own, and in no place that is searched
    file.write_text(f"{second}\n", encoding="utf-8")
    scene.command("person", "set-password", "bia", "--password-file", str(file), *data)
    file.unlink()
    scene.note_hashes()
    server = ("--endpoint", scene.connect["endpoint"], "--ca-file", scene.connect["ca_file"])
    scene.command("login", *server, "--user", "bia", GALERIA_PASSWORD=second)
    kept = SessionFile(scene.server.folder / "home" / ".config" / "galeria").find()
    assert kept is not None
    _note_kept(scene, kept.token)
    shown = scene.command("person", "create", "robot", "--program", *data, shows_secret=True)
    planted.add("client-secret", shown.split()[-1])
    assert (
        scene.connect["client_secret"]
        == scene.command("connect", "--field", "client_secret", *data, shows_secret=True).strip()
    )
    scene.command("connect", *data)


def _note_kept(scene: Scene, token: Token) -> None:
    scene.planted.add("access-token", token.value.rpartition(".")[2])
    scene.planted.add("refresh-token", token.refresh)


def plant_labs(scene: Scene, image: Path, token: str) -> None:
    """A lab with a template, one for students, and some that are refused; no machine is started yet."""
    planted, program = scene.planted, scene.visitor()
    scene.server.imported("Linux", image)
    data = ("--data", str(scene.server.data))
    password = planted.new("machine-password")
    words = ("lab", "create", LAB, "--image", "Linux", "--user", USER, "--size", "Tiny", *data)
    scene.command(*words, GALERIA_LAB_PASSWORD=password)
    _plant_windows(scene, image, data)
    students = _lab_body(scene, planted.new("student-password"), createOption="Image")
    other = {"username": "student", "password": planted.new("student-password")}
    students["properties"]["virtualMachineProfile"] |= {"nonAdminUser": other, "useSharedPassword": "Enabled"}
    place = f"{scene.group}/Microsoft.LabServices/labs"
    answer = program.rest("PUT", f"{place}/{STUDENTS}", token, body=students, api=LABS_API)
    assert answer.status_code in (200, 201, 202), answer.text
    scene.note_hashes()
    for code in scene.rows("SELECT registration_code FROM labs"):
        planted.add("registration-code", code)
    _plant_invitation(scene, program, f"{place}/{STUDENTS}", token)
    weak = _lab_body(scene, planted.new("refused-password", "onlysmallletters{}"))
    shapeless = _lab_body(scene, {"value": planted.new("refused-password")})
    for body in (weak, shapeless):
        assert program.rest("PUT", f"{place}/refused", token, body=body, api=LABS_API).status_code == 400
    nobodys = {"username": "root", "password": planted.new("refused-password")}
    reset = f"{place}/{LAB}/virtualMachines/template/resetPassword"
    assert program.rest("POST", reset, token, body=nobodys, api=LABS_API).status_code == 400


def _plant_windows(scene: Scene, image: Path, data: tuple[str, ...]) -> None:
    """A lab whose machine has the password itself on the CD of its first start, which never comes."""
    imported = scene.server.begin_import("Windows", image, os_type="Windows")
    scene.server.wait(imported.begun)
    words = ("lab", "create", WINDOWS, "--image", "Windows", "--user", USER, "--size", "Tiny", *data)
    password = scene.planted.new("windows-password")
    scene.planted.add("windows-password", encoded_password(password))  # as it stands on the CD
    scene.command(*words, GALERIA_LAB_PASSWORD=password)
    scene.note_hashes()
    assert not scene.rows("SELECT pending_password FROM lab_machines")
    assert list((scene.server.data / "regions").glob("*/machines/*/seed.iso"))


def remove_windows(scene: Scene) -> None:
    """It goes with all that it holds, as it is never started."""
    scene.command("lab", "delete", WINDOWS, "--yes", "--data", str(scene.server.data))


def _lab_body(scene: Scene, password: object, **more: Any) -> dict[str, Any]:
    profile = {
        "createOption": "TemplateVM",
        "imageReference": {"id": scene.server.image_id("Linux")},
        "sku": {"name": "Tiny", "capacity": 0},
        "adminUser": {"username": USER, "password": password},
        **more,
    }
    properties = {
        "labPlanId": f"{scene.group}/Microsoft.LabServices/labPlans/labs",
        "title": "t",
        "virtualMachineProfile": profile,
    }
    return {"location": SOUTH, "properties": properties}


def start_machine(scene: Scene) -> None:
    """Until its first password is set."""
    scene.server.wait(scene.server.galeria.machines.start(LAB))


def plant_resets(scene: Scene, browser: Visitor) -> None:
    """Passwords of the running machine: from a command, then from a page."""
    planted, place = scene.planted, f"/labs/galeria/{LAB}/password"
    words = ("lab", "reset-password", LAB, "--user", USER, "--data", str(scene.server.data))
    scene.command(*words, GALERIA_LAB_PASSWORD=planted.new("machine-password"))
    browser.look(place)
    weak = planted.new("refused-password", "onlysmallletters{}")
    assert browser.form(place, account=USER, password=weak).status_code == 400
    browser.look(place)
    assert browser.form(place, account=USER, password=planted.new("machine-password")).status_code == 303
    scene.note_hashes()
    until(lambda: not scene.rows("SELECT pending_password_hash FROM lab_machines"), "the machine has it", seconds=120)


def shell_of(scene: Scene, password: str) -> SshShell:
    where = str(scene.server.galeria.machines.get(LAB)["properties"]["connectionProfile"]["sshAuthority"])
    host, _, port = where.rpartition(":")
    return SshShell(host=host, port=int(port), user=USER, password=password)


def plant_disks(scene: Scene, token: str) -> None:
    """Two addresses that disks are written by; the first one is revoked again."""
    planted, program = scene.planted, scene.visitor()
    for name in ("revoked", "granted"):
        place = f"{scene.group}/Microsoft.Compute/disks/{name}"
        creation = {"createOption": "Upload", "uploadSizeBytes": MIB + 512}
        body = {"location": SOUTH, "properties": {"creationData": creation}}
        assert program.rest("PUT", place, token, body=body).status_code in (200, 202)
        grant = {"access": "Write", "durationInSeconds": 3600}
        address = program.rest("POST", f"{place}/beginGetAccess", token, body=grant).json()["accessSAS"]
        secret = planted.add("disk-access", parse_qs(urlsplit(address).query)["sig"][0])
        headers = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}
        assert program.http.put(f"{address}&comp=page", content=b"x" * 512, headers=headers).status_code == 201
        wrong = address.replace(secret, planted.new("refused-password"))
        assert program.get(wrong).status_code == 403
    revoked = f"{scene.group}/Microsoft.Compute/disks/revoked/endGetAccess"
    assert program.rest("POST", revoked, token).status_code == 202
    until(
        lambda: state_of(scene, token, revoked.removesuffix("/endGetAccess")) != "Updating", "it is stored", seconds=60
    )
    scene.server.wait(scene.server.galeria.labs.delete(f"{scene.group}/Microsoft.LabServices/labs/{STUDENTS}"))


def plant_imports(scene: Scene, files: FileServer, token: str) -> str:
    """An address that gives a file, one that gives none, and one whose file has begun to come; returns that disk's id."""
    planted = scene.planted
    _import(scene, token, files.url(f"/os.vhd?{query_of(planted.new('import-address'))}"), "whole", wait="Succeeded")
    files.statuses = [403]
    _import(scene, token, files.url(f"/os.vhd?{query_of(planted.new('import-address'))}"), "refused", wait="Failed")
    files.break_after = [MIB, *([0] * 20)]
    address, before = files.url(f"/os.vhd?{query_of(planted.new('import-address'))}"), len(files.asked)
    disk = _import(scene, token, address, "broken", wait="")
    until(lambda: len(files.asked) > before + 1, "the first part has come, and more is asked for")
    return disk


def _import(scene: Scene, token: str, address: str, name: str, *, wait: str) -> str:
    place = f"{scene.group}/Microsoft.Compute/disks/{name}"
    creation = {"createOption": "Import", "sourceUri": address, "storageAccountId": "any"}
    body = {"location": SOUTH, "properties": {"creationData": creation}}
    answer = scene.visitor().rest("PUT", place, token, body=body)
    assert answer.status_code == 202, answer.text
    if wait:
        until(lambda: state_of(scene, token, place) == wait, f"the import has {wait.lower()}", seconds=120)
    return place


def state_of(scene: Scene, token: str, place: str) -> str:
    return str(scene.visitor().rest("GET", place, token, api=API).json()["properties"]["provisioningState"])


def export(scene: Scene) -> None:
    scene.server.wait(scene.server.galeria.exports.begin(LAB, name="Exported"))


def plant_terminal(scene: Scene, browser: Visitor) -> None:
    """Somebody mistypes in the terminal in the browser, signs in, and leaves."""
    planted = scene.planted
    assert shell_of(scene, planted.of("machine-password")[-1]).run("id -un") == USER
    place = browser.http.base_url.copy_with(scheme="wss", path=f"/terminal/galeria/{LAB}/template")
    headers = {"Cookie": "; ".join(f"{each.name}={each.value}" for each in browser.http.cookies.jar)}
    trust = ssl.create_default_context(cafile=scene.connect["ca_file"])
    origin = Origin(scene.connect["endpoint"])
    for password in (planted.new("terminal-password"), planted.of("machine-password")[-1]):
        with connect(str(place), ssl=trust, origin=origin, additional_headers=headers, proxy=None) as line:
            line.send(json.dumps({"user": USER, "password": password, "columns": 80, "rows": 24}))
            with suppress(ConnectionClosed):
                said = line.recv(timeout=120)
                assert isinstance(said, str)
                planted.add("terminal-secret", json.loads(said)["resume"])
    assert planted.of("terminal-secret")

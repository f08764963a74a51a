"""Every kind of secret is planted in a running installation, used, and then searched for everywhere.

Where one may be found is said by the table of docs/secrets.md alone. The installation is killed in the middle, has a machine
with a system in it, and a copy is made of its data as of a backup.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from galeria.interfaces.demo.people import DemoFiles
from tests.adapters.mail_server import RunningMailServer, mail_server
from tests.local_installation import disk_bytes
from tests.secret_search import Hit, keeping_log, search, search_texts
from tests.servers.file_server import FileServer, serving_file
from tests.system.conftest import start_with_gallery
from tests.system.planted import HASH, TABLE, Planted, Row, is_allowed, kind_of, misplaced, read_table
from tests.system.planting import (
    SETTINGS,
    EchoingProvider,
    Scene,
    Visitor,
    echoing_provider,
    plant_files,
    plant_sign_ins,
    plant_tokens,
)
from tests.system.planting_work import (
    export,
    plant_disks,
    plant_imports,
    plant_labs,
    plant_people,
    plant_resets,
    plant_terminal,
    remove_windows,
    start_machine,
    state_of,
)
from tests.system.process_watch import ProcessWatch, watching
from tests.system.server_process import ServerProcess, living
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

LIBVIRT = tuple(
    Path(each) for each in ("/etc/libvirt", "/run/libvirt/qemu", "/var/log/libvirt", "/var/lib/libvirt/qemu")
)
FORGOTTEN = ("first-password", "first-link", "machine-password", "windows-password", "import-address", "disk-access")
Place = tuple[Hit, str]


@dataclass
class Found:
    """What was found at each moment, with the place as the table writes it."""

    planted: Planted
    early: list[Place] = field(default_factory=list)  # the machine runs, imports have failed or are under way
    copied: list[Place] = field(default_factory=list)  # in a copy of the data, made then
    late: list[Place] = field(default_factory=list)  # after a kill, a restart, and the end of the work
    elsewhere: list[Hit] = field(default_factory=list)  # in processes, libvirt, logs, answers and outputs
    processes: list[Place] = field(default_factory=list)

    @property
    def all(self) -> list[Place]:
        elsewhere = [(hit, "page" if hit.file.startswith("page ") else hit.file) for hit in self.elsewhere]
        return [*self.early, *self.copied, *self.late, *self.processes, *elsewhere]


@pytest.fixture(scope="module")
def found(
    workshop: Path, probed: Path, material: DemoFiles, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Found]:
    own = tmp_path_factory.mktemp("secrets")
    folder = workshop / "server-secrets"
    folder.mkdir(mode=0o755)
    planted = Planted()
    with ExitStack() as stack:
        watch = stack.enter_context(watching(folder.parent / "watch-secrets"))
        provider = stack.enter_context(echoing_provider(planted))
        files = stack.enter_context(serving_file(disk_bytes()))
        mail = stack.enter_context(mail_server(own, password=planted.new("mail-password")))
        server = stack.enter_context(living(folder, probed=probed, log=own / "galeria.log"))
        scene = _prepared(server, planted, provider, mail, watch)
        stack.callback(scene.close)
        yield _played(scene, material, files, watch, own)
    shutil.rmtree(folder)
    shutil.rmtree(folder.parent / "watch-secrets")


def _prepared(
    server: ServerProcess, planted: Planted, provider: EchoingProvider, mail: RunningMailServer, watch: ProcessWatch
) -> Scene:
    server.settle(SETTINGS.format(issuer=provider.issuer, mail=mail.settings))
    own = (("openid.secret", planted.new("openid-secret")), ("mail.secret", mail.settings.password))
    for name, text in (*own, ("monitoring.token", planted.new("monitoring-token"))):
        secret = server.data / name
        secret.touch(mode=0o600)
        secret.write_text(text, encoding="utf-8")
    home = server.folder / "home"
    scene = Scene(server, planted, provider, mail)
    scene.environment = server.environment | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    server.more_environment = {"PATH": watch.path, "AWS_SECRET_ACCESS_KEY": planted.new("bucket-key")}
    return scene


def _played(scene: Scene, material: DemoFiles, files: FileServer, watch: ProcessWatch, own: Path) -> Found:
    server, planted, found = scene.server, scene.planted, Found(scene.planted)
    start_with_gallery(server, "--allow-import-from", "127.0.0.1")
    plant_files(scene)
    found.early += _below(server.folder, planted, own / "begun")
    browser, token = _made(scene, material, found, own / "created")
    remove_windows(scene)
    start_machine(scene)
    plant_resets(scene, browser)
    plant_terminal(scene, browser)
    plant_disks(scene, token)
    broken = plant_imports(scene, files, token)
    server.kill()
    found.early += _below(server.folder, planted, own / "early")
    shutil.copytree(server.data, own / "copy" / "data", ignore=_no_large_files)
    found.copied += _below(own / "copy", planted, own / "copied")
    files.break_after = []
    server.start("--allow-import-from", "127.0.0.1")
    until(lambda: state_of(scene, token, broken) == "Succeeded", "the import goes on", seconds=120)
    export(scene)
    server.wait(server.galeria.machines.stop("algebra"))
    _let_forget(server)
    found.late += _below(server.folder, planted, own / "late")
    elsewhere = [own / "galeria.log", *LIBVIRT, Path("/dev/shm")]
    found.elsewhere += search(planted.texts, elsewhere, _new(own / "elsewhere"))
    found.elsewhere += search_texts(
        planted.texts, scene.refusals | scene.outputs | _definitions(server), _new(own / "said")
    )
    _note_processes(found, watch, own)
    return found


def _made(scene: Scene, material: DemoFiles, found: Found, scratch: Path) -> tuple[Visitor, str]:
    """People and labs are there; the browser that is signed in, and a token."""
    with keeping_log(scene.server.data / "private" / "galeria.db"):
        browser = plant_sign_ins(scene)
        token = plant_tokens(scene)
        plant_people(scene, browser, token)
        plant_labs(scene, material.qcow2, token)
        found.early += _below(scene.server.folder, scene.planted, scratch)
    return browser, token


def _note_processes(found: Found, watch: ProcessWatch, own: Path) -> None:
    in_processes = search_texts(found.planted.texts, watch.texts(), _new(own / "processes"))
    found.processes += [(hit, hit.file) for hit in in_processes]


def _let_forget(server: ServerProcess) -> None:
    """Until the database's log is cut off, which happens when nobody reads it."""
    log = server.data / "private" / "galeria.db-wal"
    until(lambda: log.stat().st_size == 0, "the write-ahead log is cut off", seconds=120)


def _below(folder: Path, planted: Planted, scratch: Path) -> list[Place]:
    """Hits below the folder of an installation: its data, the home of whoever uses the commands, its temporary files."""
    hits = search(planted.texts, [folder], _new(scratch))
    shutil.rmtree(scratch)
    places = (
        (hit, str(Path(hit.file).relative_to(folder)).removeprefix("data/").replace("home/", "~/", 1)) for hit in hits
    )
    return [(hit, place) for hit, place in places]


def _new(scratch: Path) -> Path:
    scratch.mkdir()
    return scratch


def _no_large_files(folder: str, names: list[str]) -> list[str]:
    """What a copy leaves out: sockets, and disks, which the search has seen where they are."""
    return [name for name in names if not (Path(folder) / name).is_dir() and _is_left_out(Path(folder) / name)]


def _is_left_out(file: Path) -> bool:
    return not file.is_file() or file.suffix in {".raw", ".qcow2"}


def _definitions(server: ServerProcess) -> dict[str, bytes]:
    """The machines as libvirt knows them, with what it shows to administrators only."""
    engine = server.engine()
    names = [engine.domain(machine).name() for machine in engine.machines()]
    engine.close()
    command = ("virsh", "--connect", "qemu:///system", "dumpxml", "--security-info")
    return {
        f"definition of {name}": subprocess.run([*command, name], capture_output=True, check=True).stdout
        for name in names
    }


def test_the_table_has_the_kinds_that_are_planted_and_no_others(found: Found) -> None:
    assert set(read_table(TABLE.read_text(encoding="utf-8"))) == found.planted.kinds()


def test_secrets_are_where_the_table_says_and_nowhere_else(found: Found) -> None:
    assert not (wrong := misplaced(found.all, read_table(TABLE.read_text(encoding="utf-8")))), "\n".join(wrong)


def test_every_place_that_the_table_names_is_one(found: Found) -> None:
    """A table that allows more than there is would hide what should not be there."""
    rows, unused = read_table(TABLE.read_text(encoding="utf-8")), []
    for kind, row in rows.items():
        hits = [(hit, place) for hit, place in found.all if kind_of(hit.secret) == kind]
        clear = [pair for pair in hits if not pair[0].secret.startswith(HASH)]
        hashed = [pair for pair in hits if pair[0].secret.startswith(HASH)]
        for pattern in row.clear:
            if not any(is_allowed(hit, place, {kind: Row(clear=(pattern,), hashed=())}) for hit, place in clear):
                unused.append(f"{kind}: {pattern}")
        if row.hashed and not any(is_allowed(hit, place, rows) for hit, place in hashed):
            unused.append(f"{kind}: its hash")
    assert not unused, "\n".join(unused)


def test_what_is_over_is_forgotten(found: Found) -> None:
    """The first password and its link, addresses of files that have come, an access that was revoked, a password that the
    machine has: they are in no file of the installation but the machine's disk and images of it."""
    kept = [
        f"{hit.secret} is still at {place}"
        for hit, place in found.late
        if kind_of(hit.secret) in FORGOTTEN and not place.startswith("regions/") and not _may_stay(hit, found.planted)
    ]
    assert not kept, "\n".join(kept)
    assert not any(place.endswith("seed.iso") for _, place in found.late)


def _may_stay(hit: Hit, planted: Planted) -> bool:
    """The address of an import that failed and may be retried; the access that was not revoked."""
    text = planted.texts[hit.secret.removeprefix(HASH)]
    return text in {planted.of("import-address")[1], planted.of("disk-access")[1]}


def test_a_secret_in_a_wrong_place_is_noticed(found: Found, tmp_path: Path) -> None:
    rows = read_table(TABLE.read_text(encoding="utf-8"))
    secret = found.planted.of("machine-password")[0]
    folder = tmp_path / "installation"
    for place in ("data/server.log", "data/private/work.db", "tmp/core", "home/.config/galeria/session.json"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(f"it is {secret}!", encoding="utf-8")
    noticed = misplaced(_below(folder, found.planted, tmp_path / "scratch"), rows)
    assert len({line.partition(" is at ")[2] for line in noticed}) == 4
    own = ["sleep", "60.0317"]  # which no other program of this computer sleeps
    with watching(tmp_path / "watch") as watch, subprocess.Popen(own, env={"PASSWORD": secret}) as process:
        until(lambda: any(own[1].encode() in arguments for arguments, _ in watch.seen), "the process is seen")
        process.terminate()
    texts = search_texts(found.planted.texts, watch.texts(), _new(tmp_path / "processes"))
    assert misplaced(((hit, hit.file) for hit in texts), rows)

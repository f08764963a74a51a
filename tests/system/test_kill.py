"""kill -9 of the real server in the middle of real work: after a restart the work ends by itself, and ends right."""

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from galeria.adapters.engine.layout import Layout
from galeria.interfaces.client.operations import OperationSnapshot, StartedWork
from tests.system.conftest import NewBulky
from tests.system.disks import BULK_FIRST_MIB, MIB, write_bulky
from tests.system.server_process import SOUTH, SOUTHEAST, ServerProcess
from tests.system.steps import (
    CACHE,
    REPLICATE,
    STORE,
    STORE_CHANGES,
    Moment,
    digest_of,
    is_complete,
    is_made,
    is_moving,
    runs_of,
    seen,
    steps_of,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SEED = 20261
LATEST_KILL_SECONDS = 0.5  # after the begin: the work here takes at least so long
FURTHER_KILLS = 3
NEW_MIB = 128  # what is new in the template: software emulation writes 20 MiB in a second

HalfMade = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Template:
    """A running template, and how to give it something new to export."""

    server_process: ServerProcess
    lab: str

    def write(self) -> None:
        where = f"of=/dev/vda bs=1M seek={BULK_FIRST_MIB} count={NEW_MIB} conv=notrunc,fsync"
        self.server_process.boot(self.lab).run(f"sudo dd if=/dev/urandom {where} 2>&1")


@pytest.fixture(scope="module")
def template(campus: ServerProcess, linux: Path, workshop: Path) -> Iterator[Template]:
    """Its image has room for new bytes behind the partitions."""
    roomy = workshop / "roomy.raw"
    roomy.write_bytes(linux.read_bytes())
    with roomy.open("r+b") as file:
        file.truncate((BULK_FIRST_MIB + NEW_MIB) * MIB)
    campus.imported("Roomy", roomy)
    campus.make_lab("course", campus.image_id("Roomy"))
    campus.boot("course")
    yield Template(server_process=campus, lab="course")
    campus.wait(campus.galeria.labs.delete("course"))


@pytest.mark.parametrize("step", [STORE, REPLICATE])
def test_a_killed_import_ends_by_itself(campus: ServerProcess, new_bulky: NewBulky, step: str) -> None:
    name = f"Killed in {step.split()[0]}"
    imported = campus.begin_import(name, new_bulky(), regions=(SOUTH, SOUTHEAST))
    before = kill_when(campus, imported.begun, is_moving(step))
    look_at_half(campus, lambda: is_made(campus.version(imported)))
    campus.start()
    done = expect_good_end(campus, imported.begun, before)
    assert runs_of(done, step) == 2
    assert is_complete(campus.version(imported), SOUTH, SOUTHEAST)
    assert campus.damage() == []


def test_an_import_killed_again_and_again_ends_by_itself(campus: ServerProcess, new_bulky: NewBulky) -> None:
    id_generator = random.Random(SEED)
    imported = campus.begin_import("Killed again and again", new_bulky(), regions=(SOUTH, SOUTHEAST))
    kill_at_random(campus, imported.begun, id_generator)
    assert is_complete(campus.version(imported), SOUTH, SOUTHEAST)
    assert campus.damage() == []


def test_a_killed_replication_ends_by_itself(campus: ServerProcess, new_bulky: NewBulky) -> None:
    imported = campus.imported("To be replicated", new_bulky())
    begun = campus.galeria.versions.replicate(campus.version(imported), add=[SOUTHEAST])
    before = kill_when(campus, begun, is_moving(REPLICATE, SOUTHEAST))
    look_at_half(campus, lambda: is_complete(campus.version(imported), SOUTHEAST))
    campus.start()
    expect_good_end(campus, begun, before)
    version = campus.version(imported)
    assert is_complete(version, SOUTH, SOUTHEAST)
    assert campus.damage() == []


def test_a_killed_lab_creation_ends_by_itself(campus: ServerProcess, linux: Path, tmp_path: Path) -> None:
    # A larger one would be served while it arrives, and the step were over at once.
    campus.imported("For a lab", write_bulky(tmp_path / "bulky.raw", linux, mib=128))
    begun = campus.begin_lab("killed", campus.image_id("For a lab"))
    before = kill_when(campus, begun, is_moving(CACHE))
    look_at_half(campus, lambda: campus.galeria.labs.get("killed")["properties"]["provisioningState"] == "Succeeded")
    campus.start()
    done = expect_good_end(campus, begun, before)
    assert runs_of(done, CACHE) == 2
    assert campus.boot("killed").run("hostname") == "killed"
    campus.wait(campus.galeria.labs.delete("killed"))


def test_a_killed_export_ends_by_itself_and_holds_what_the_template_held(template: Template) -> None:
    server_process = template.server_process
    template.write()
    begun = server_process.galeria.exports.begin(template.lab, name="Killed export")
    before = kill_when(server_process, begun, is_moving(STORE_CHANGES))
    look_at_half(
        server_process, lambda: is_made(server_process.galeria.versions.by_id(begun.resource["imageVersionId"]))
    )
    server_process.start()
    done = expect_good_end(server_process, begun, before)
    assert runs_of(done, STORE_CHANGES) == 2
    expect_sealed_content(server_process, template.lab, begun)
    assert server_process.damage() == []


def test_an_export_killed_again_and_again_ends_by_itself(template: Template) -> None:
    server_process = template.server_process
    template.write()
    begun = server_process.galeria.exports.begin(template.lab, name="Killed export")
    kill_at_random(server_process, begun, random.Random(SEED + 1))
    expect_sealed_content(server_process, template.lab, begun)
    assert server_process.boot(template.lab).run("echo still running") == "still running"
    assert server_process.damage() == []


def kill_when(server_process: ServerProcess, work: StartedWork, moment: Moment) -> OperationSnapshot:
    """The last that was seen of the operation before the server died."""
    snapshot = seen(server_process, work, moment)
    server_process.kill()
    return snapshot


def kill_at_random(server_process: ServerProcess, work: StartedWork, id_generator: random.Random) -> None:
    """Kill the server once in the middle of the work, then while it takes the work up again, at last never."""
    moment = time.monotonic() + id_generator.uniform(0, LATEST_KILL_SECONDS)
    before = seen(server_process, work, lambda _: time.monotonic() > moment)
    assert not before.is_settled, "the work was quicker than the kill"
    server_process.kill()
    for _ in range(FURTHER_KILLS):
        server_process.launch()
        time.sleep(id_generator.uniform(0, LATEST_KILL_SECONDS))  # No condition is waited for: any moment is the point.
        server_process.kill()
    server_process.start()
    expect_good_end(server_process, work, before)


def look_at_half(server_process: ServerProcess, is_shown_as_made: HalfMade) -> None:
    """A server without a worker shows what the dead one left: it must not be shown as made."""
    server_process.start("--no-worker")
    assert not is_shown_as_made()
    server_process.stop()


def expect_good_end(server_process: ServerProcess, work: StartedWork, before: OperationSnapshot) -> OperationSnapshot:
    """Only looking, the operation succeeds, and nothing that was finished before the kill has run again."""
    done = server_process.ended(work)
    assert done.status == "Succeeded", done
    assert done.attempt == 1
    expect_kept(before, done)
    return done


def expect_kept(before: OperationSnapshot, after: OperationSnapshot) -> None:
    steps = {(each["name"], each["region"]): each for each in steps_of(after)}
    for each in finished(before):
        now = steps[each["name"], each["region"]]
        assert (now["runs"], now["startTime"], now["endTime"]) == (each["runs"], each["startTime"], each["endTime"])


def finished(snapshot: OperationSnapshot) -> list[dict[str, Any]]:
    """The steps that had certainly ended: another one had begun after them."""
    steps = steps_of(snapshot)
    last = max((place for place, each in enumerate(steps) if not each["region"]), default=0)
    return [each for each in steps[:last] if each["status"] == "Succeeded"]


def expect_sealed_content(server_process: ServerProcess, lab: str, export: StartedWork) -> None:
    """The version, restored by making a lab from it, equals the layer that the export closed, byte for byte."""
    version = server_process.galeria.versions.by_id(export.resource["imageVersionId"])
    assert is_complete(version, SOUTH, SOUTHEAST)
    server_process.make_lab("copy", version["id"])
    base = Layout(server_process.data).base(SOUTH, digest_of(version))
    layer_name = str(export.resource["operationId"]).replace("-", "")
    layer = sealed_layer(next(server_process.data.glob(f"regions/*/machines/*/after-{layer_name}.qcow2")))
    command: list[str | Path] = ["qemu-img", "compare", "-U", "-f", "raw", "-F", "qcow2", base, layer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "Images are identical.\n", done.stdout + done.stderr
    server_process.wait(server_process.galeria.labs.delete("copy"))


def sealed_layer(top: Path) -> Path:
    command: list[str | Path] = ["qemu-img", "info", "-U", "--output", "json", top]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["full-backing-filename"])

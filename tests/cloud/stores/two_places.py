"""A server here and two regions, each with its worker and its store in a network of its own; one of them can be cut off."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.imports import ImportResult
from galeria.interfaces.client.labs import NewLab
from galeria.interfaces.client.operations import OperationSnapshot
from tests.cloud.conftest import BUCKET
from tests.cloud.servers.cloud_server import CloudServer
from tests.cloud.servers.sites import Site
from tests.system.many.computers import Computers, random_disk
from tests.system.many.step_log import brought, note_steps
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, begin_disks, open_gallery
from tests.waiting import until

MIB = 24
ANSWER_SECONDS = 10.0
"""In which every request is answered, whatever is cut off; on a busy computer."""
END_SECONDS = 30.0
"""Until a process that is cut off has ended itself."""


class TwoPlaces:
    """A server here, the worker of the first region in one place, that of the second one in another."""

    def __init__(self, computers: Computers, folder: Path, home: Site, far: Site) -> None:
        self.computers, self.folder, self.far = computers, folder, far
        computers.inside = {"home": home.inside, "far": far.inside}
        _, endpoint = computers.serve("center", "--no-worker")
        note_steps(computers.database)
        self.galeria: Galeria = computers.galeria(endpoint)
        open_gallery(self.galeria)
        self.home_worker = computers.start("home", "worker", "--fake", "--region", SOUTH)
        self.far_worker = computers.work("far", "--region", SOUTHEAST)
        computers.wait_known(self.home_worker)

    def restore(self) -> None:
        """Bring the far place back as it was in the beginning, whatever a test has left."""
        self.far.reconnect()
        if self.far_worker.exit_code is not None:
            self.far_worker = self.computers.work("far", "--region", SOUTHEAST)

    def begin(self, name: str, *regions: str) -> ImportResult:
        """Begin to store an image in the regions."""
        return begin_disks(self.galeria, name, random_disk(self.folder / f"{name}.raw", MIB), regions=regions)

    def make(self, name: str) -> None:
        """An image in both regions; the far worker makes the copy there."""
        imported = self.begin(name, SOUTH, SOUTHEAST)
        self.galeria.wait(imported.begun, seconds=120)
        self.was_brought_by_the_far_worker(imported)

    def was_brought_by_the_far_worker(self, imported: ImportResult) -> None:
        pids = brought(self.computers.database, self.operation(imported).id, SOUTHEAST)
        assert pids == {self.far_worker.pid}

    def make_lab(self, name: str, image: str, region: str) -> None:
        full = str(self.galeria.images.get(image)["properties"]["sharedGalleryId"])
        lab = NewLab(image=full, user="ana", password="Course-Work-2026", region=region, size="Tiny")
        self.galeria.wait(self.galeria.labs.create(name, lab), seconds=60)

    def operation(self, imported: ImportResult) -> OperationSnapshot:
        assert imported.begun.operation is not None
        return self.galeria.operations.get(imported.begun.operation)

    def states(self, imported: ImportResult) -> dict[str, str]:
        """The states of the copies by region. Fails where the answer took long."""
        began = time.monotonic()
        version = self.galeria.versions.get(GALLERY, imported.image, imported.version)
        assert time.monotonic() - began < ANSWER_SECONDS
        return {each["region"]: each["state"] for each in version["properties"]["galeria"]["replicas"]}

    def is_half_copied(self, imported: ImportResult) -> bool:
        """Whether some bytes have arrived in the far region, and not all."""
        steps = [each for each in self.operation(imported).steps if each.region == SOUTHEAST]
        return any(0 < each.bytes_done < each.bytes_total for each in steps)

    def goes_on_at_home(self, imported: ImportResult) -> None:
        """The far place is cut off: the image is made at home, and labs of it; the far copy is said to have failed."""
        until(lambda: self.states(imported).get(SOUTH) == "Completed", "it is made at home", seconds=60)
        self.make_lab(f"{imported.image}-at-home", imported.image, SOUTH)
        until(lambda: self.operation(imported).is_settled, "nobody waits for ever", seconds=90)
        assert self.states(imported) == {SOUTH: "Completed", SOUTHEAST: "Failed"}
        self.galeria.wait(self.begin(f"{imported.image}-alone", SOUTH).begun, seconds=60)
        assert self.home_worker.exit_code is None, self.home_worker.log

    def far_worker_ends_itself(self) -> None:
        assert self.far_worker.wait(END_SECONDS) == 75, self.far_worker.log
        assert "could not show that it lives" in self.far_worker.log
        until(lambda: self._far_sessions() == 0, "the database's server has ended its sessions", seconds=END_SECONDS)

    def catches_up(self, imported: ImportResult) -> None:
        """The line is back, and whatever watches over the worker starts it again: the copy is made by itself."""
        self.restore()
        until(lambda: self.states(imported)[SOUTHEAST] == "Completed", "it catches up by itself", seconds=90)
        self.was_brought_by_the_far_worker(imported)
        self.make_lab(f"{imported.image}-far", imported.image, SOUTHEAST)

    def far_store_is_whole(self) -> None:
        """Every byte of it is read, in the far place."""
        (checked,) = self._verified(SOUTHEAST)
        assert checked["damaged"] == []
        assert checked["manifests"] >= 1

    def _far_sessions(self) -> int:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = CAST(:address AS inet)"
        with self.computers.database.connect() as connection:
            return int(connection.execute(sa.text(asked), {"address": self.far.address}).scalar_one())

    def _verified(self, region: str) -> list[dict[str, Any]]:
        """What `galeria store verify` says, which is run in the far place."""
        words = ["store", "verify", "--region", region, "--output", "json"]
        command = [*self.far.inside, sys.executable, "-m", "galeria", *words]
        data = str(self.computers.data("far"))
        done = subprocess.run([*command, "--data", data], capture_output=True, text=True, timeout=120, check=False)
        assert done.stdout, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


def region_settings(name: str, store: CloudServer, secret: Path) -> str:
    """The lines of the settings for a region whose store is in that cloud; its secret is written to a file."""
    secret.write_text(store.access.secret)
    return f"""
[[regions]]
name = "{name}"
display_name = "{name}"
geography = "brazil"
bucket_url = "{store.url(BUCKET, "galeria")}"
[regions.store]
endpoint = "{store.access.endpoint}"
account = "{store.access.account}"
secret_file = "{secret}"
allow_http = true
"""

"""Many clients at two servers and two workers on one database: first undisturbed, then while random ones of these are killed.

`make soak` runs it whole; a test runs a short form. What the answers take is judged in the first part only: a process that is
killed is started again, and that takes the processors of one computer for seconds (docs/scale.md).
"""

import argparse
import asyncio
import json
import random
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import httpx

from galeria.interfaces.client.labs import NewLab
from tests.adapters.postgresql import created_database, postgresql_server
from tests.servers.ports import free_ports
from tests.system.many.computers import Computers, Process, random_disk
from tests.system.many.soak_clients import ANSWER_SECONDS, Client, Findings, Front
from tests.system.many.soak_load import Load, LoadWatch, postmaster_of
from tests.system.server_process import SOUTH, begin_disks, open_gallery

SETTINGS = "[requests]\nreads_per_minute = 0\nwrites_per_minute = 0\nstrangers_per_minute = 0\n"
MOST_SECONDS = 0.5  # that 99 of 100 answers may take
MOST_MIB = 600  # of memory, of each process
MOST_GROWTH = 40  # MiB, of each process after its first minute
CONNECTIONS = 80  # to both servers together, which clients share as behind a proxy
BETWEEN_LOOKS = 3.0  # seconds between two looks at the processes' memory


@dataclass(frozen=True, kw_only=True)
class Soak:
    """How many clients there are, how many of them switch machines, for how long, and how often somebody is killed."""

    clients: int = 200
    machines: int = 20
    seconds: float = 300
    kills: int = 100
    pause: float = 4.0  # seconds between two requests of a client, on average: people read what they asked for


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of one part: what the clients noticed, and what the computer did."""

    findings: Findings
    load: Load
    kills: int
    elapsed: float  # seconds

    def told(self) -> str:
        found = self.findings
        slowest = "".join(f"  {verb}: {found.summary(verb)}\n" for verb in sorted(found.seconds))
        faults = "".join(f"  {each}\n" for each in found.faults[:20])
        return (
            f"{found.answers} answers in {self.elapsed:.0f} s, {found.operations} operations of at most "
            f"{found.longest_operation:.0f} s, {self.kills} kills, "
            f"{found.retries} requests at a server that had just been killed, {len(found.faults)} faults\n"
            f"  99 of 100 of all answers in {found.slowest(0.99) * 1000:.0f} ms\n"
            f"{faults}{slowest}{self.load.told(self.elapsed, found.answers)}"
        )


class Crew:
    """Two servers and two workers; whoever is killed is started again, as a service manager does it."""

    def __init__(self, computers: Computers, front: Front, watch: LoadWatch) -> None:
        self._computers, self._front, self._watch = computers, front, watch
        self.kills = 0
        self._ports = dict(zip(("a", "b"), free_ports(2), strict=True))
        self._servers: dict[str, tuple[Process, str]] = {}
        self._workers: dict[str, Process] = {}

    def start(self) -> None:
        for name in self._ports:
            self._serve(name)
        for name in ("c", "d"):
            self._work(name)

    def end(self) -> None:
        for process in (*(each for each, _ in self._servers.values()), *self._workers.values()):
            process.end()

    async def look_on(self, seconds: float, over: asyncio.Event) -> None:
        """Let the clients work undisturbed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            await asyncio.sleep(min(BETWEEN_LOOKS, seconds))
            self._watch.note_memory()
        over.set()

    async def kill_at_random(self, soak: Soak, over: asyncio.Event) -> None:
        """At least one server is always up: without any, no proxy could help."""
        chance = random.Random(soak.kills)
        starting = set()
        while self.kills < soak.kills:
            await asyncio.sleep(soak.seconds / soak.kills)
            self._watch.note_memory()
            candidates = [*self._workers, *(self._servers if len(self._servers) > 1 else ())]
            if candidates:
                starting.add(asyncio.create_task(asyncio.to_thread(self._replaced(chance.choice(candidates)))))
                self.kills += 1
        over.set()
        await asyncio.gather(*starting)

    def _replaced(self, name: str) -> Callable[[], None]:
        """Kill the process, and return what starts it again."""
        process, endpoint = (self._workers.pop(name), "") if name in self._workers else self._servers.pop(name)
        self._watch.end(process.pid)
        process.end()
        if endpoint:
            self._front.endpoints.remove(endpoint)
        return partial(self._serve if endpoint else self._work, name)

    def _work(self, name: str) -> None:
        process = self._computers.work(name)
        self._watch.begin("workers", process.pid)
        self._workers[name] = process

    def _serve(self, name: str) -> None:
        # On the same port again, so that the tokens of its clients hold.
        process, endpoint = self._computers.serve(name, "--no-worker", "--port", str(self._ports[name]))
        self._watch.begin("servers", process.pid)
        self._servers[name] = process, endpoint
        self._front.endpoints.append(endpoint)


def prepare(soak: Soak, computers: Computers, folder: Path) -> None:
    """Make a lab for each client that switches machines, on computers that have nothing yet."""
    computers.more_settings = SETTINGS
    helper, endpoint = computers.serve("a")
    galeria = computers.galeria(endpoint)
    open_gallery(galeria)
    galeria.wait(begin_disks(galeria, "linux", random_disk(folder / "soak.raw", 1)).begun, seconds=60)
    image = str(galeria.images.get("linux")["properties"]["sharedGalleryId"])
    lab = NewLab(image=image, user="ana", password="Course-Work-2026", region=SOUTH, size="Tiny")
    for begun in [galeria.labs.create(f"soak{number}", lab) for number in range(soak.machines)]:
        galeria.wait(begun, seconds=120)
    helper.end()


def run_soak(soak: Soak, computers: Computers) -> Outcome:
    """Run one part on computers that were prepared: undisturbed without kills."""
    return asyncio.run(_soak(soak, computers))


async def _soak(soak: Soak, computers: Computers) -> Outcome:
    connect = json.loads((computers.data("a") / "connect.json").read_text(encoding="utf-8"))
    findings = Findings()
    trust = ssl.create_default_context(cafile=connect["ca_file"])
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(verify=trust, trust_env=False, limits=limits, timeout=ANSWER_SECONDS) as http:
        front = Front(client_id=connect["client_id"], client_secret=connect["client_secret"], http=http)
        watch = LoadWatch(postmaster_of(str(computers.database.url)))
        crew = Crew(computers, front, watch)
        try:
            await asyncio.to_thread(crew.start)
            group = f"/subscriptions/{connect['subscription_id']}/resourceGroups/galeria"
            over = asyncio.Event()
            clients = [Client(front, findings, group, number) for number in range(soak.clients)]
            work = [each.switch(over, soak.pause) for each in clients[: soak.machines]]
            work += [each.read_and_write(over, soak.pause) for each in clients[soak.machines :]]
            for endpoint in front.endpoints:
                await front.token(endpoint)
            watch.restart()
            began = time.monotonic()
            course = crew.kill_at_random(soak, over) if soak.kills else crew.look_on(soak.seconds, over)
            await asyncio.gather(course, *work)
            elapsed = time.monotonic() - began
            return Outcome(findings=findings, load=watch.result(), kills=crew.kills, elapsed=elapsed)
        finally:
            await asyncio.to_thread(crew.end)


def main() -> None:
    defaults = Soak()
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("clients", "machines", "seconds", "kills"):
        parser.add_argument(f"--{name}", type=int, default=getattr(defaults, name), help="%(default)s unless given")
    parser.add_argument("--pause", type=float, default=defaults.pause, help="seconds between a client's requests")
    soak = Soak(**vars(parser.parse_args()))
    parts = [("undisturbed", replace(soak, kills=0)), ("with kills", soak)] if soak.kills else [("undisturbed", soak)]
    is_good = True
    with tempfile.TemporaryDirectory(prefix="galeria-soak-") as folder, postgresql_server() as url:
        computers = Computers(Path(folder), created_database(url, like="template1"))
        try:
            prepare(soak, computers, Path(folder))
            for title, part in parts:
                outcome = run_soak(part, computers)
                sys.stdout.write(f"\n{title}: {outcome.told()}")
                sys.stdout.flush()
                is_good = _is_good(outcome) and is_good
        finally:
            computers.close()
    sys.exit(not is_good)


def _is_good(outcome: Outcome) -> bool:
    quick = outcome.kills > 0 or outcome.findings.slowest(0.99) <= MOST_SECONDS
    small = outcome.load.most_mib <= MOST_MIB and outcome.load.most_growth <= MOST_GROWTH
    return quick and small and not outcome.findings.faults


if __name__ == "__main__":
    main()

"""Measure how fast a guest gets data from the internet: on the machines' bridge, and on QEMU's user-mode network as before.

The internet is a network namespace behind the host, so that bytes are forwarded and masqueraded as real ones are.
"""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.hosts import Bench, new_spec, open_bench
from bench.lines import wait_until
from bench.regions import regions
from bench.rows import MIB, Row, Spent, Task, best_of, mebibytes, timed
from galeria.adapters.engine import agent, domain_xml
from galeria.adapters.engine.power import stored_definition, switch_on
from galeria.domain.labs.ways_in import WayIn
from galeria.guests import build_guest, get_sources
from galeria.ports.machines import FirstBoot, Machine

STREAM = 64 * MIB
HERE, THERE, INTERNET, PORT = "198.51.100.9", "198.51.100.10", "198.51.100.137", 8000
BOOT_SECONDS, TRANSFER_SECONDS = 600.0, 300.0
GUEST_MIB = 256
# Sends the stream to everybody who connects.
_SERVER = f"""
import socket
server = socket.create_server(("{INTERNET}", {PORT}))
print("ready", flush=True)
while True:
    line, _ = server.accept()
    try:
        line.sendall(bytes({STREAM}))
    except OSError:
        pass
    line.close()
"""
# A hash in a valid form; nobody logs in.
FIRST_BOOT = FirstBoot(
    instance_id="bench", host_name="bench", user_name="bench", password_hash=f"$6$rounds=5000$bench${'x' * 86}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Guest:
    bench: Bench
    machine: Machine

    def fetch(self) -> Spent:
        script = 'nc "$1" "$2" < /dev/null | wc -c'

        def run() -> None:
            domain = self.bench.engine.domain(self.machine)
            said = agent.execute(domain, script, INTERNET, str(PORT), seconds=TRANSFER_SECONDS).output
            if int(said) != STREAM:
                raise OSError(f"the stream ended after {said} bytes")

        return timed(run)


def measure(task: Task) -> list[Row]:
    image = task.directory / "guest.raw"
    build_guest(image, sources=get_sources(Path.home() / ".cache" / "galeria" / "guests"), disk_mib=GUEST_MIB)
    with ExitStack() as stack:
        store, _ = stack.enter_context(regions(task.directory))
        bench = stack.enter_context(open_bench(task.directory))
        stack.enter_context(_internet())
        base = bench.cached(store, image)
        bridged, alone = (replace(new_spec(store.region, base), memory_mib=256, title="a guest") for _ in range(2))
        for spec in (bridged, alone):
            bench.engine.ensure_machine(spec, replace(FIRST_BOOT, instance_id=uuid.uuid4().hex))
        bench.engine.start(bridged.machine, ssh=False)
        _start_as_before(bench, alone.machine)
        for spec in (bridged, alone):
            bench.engine.wait_ready(spec.machine, way=WayIn.AGENT, seconds=BOOT_SECONDS)
        now, before = (_Guest(bench=bench, machine=spec.machine) for spec in (bridged, alone))
        ours, peer = best_of(now.fetch, before.fetch, rounds=task.rounds)
    return [
        Row(
            name=f"{mebibytes(STREAM)} from the internet into a guest: speed",
            ours=f"{_rate(ours)} on the bridge",
            peer=f"{_rate(peer)} on a user-mode network",
            ratio=peer.seconds / ours.seconds,
        )
    ]


def _rate(spent: Spent) -> str:
    return f"{STREAM / MIB / spent.seconds:.0f} MiB/s"


def _start_as_before(bench: Bench, machine: Machine) -> None:
    """Start a machine on a user-mode network that leads to the internet, and to this host as well."""
    domain = bench.engine.domain(machine)
    bench.layout.ensure_socket_folder(machine, None)
    xml = domain_xml.with_card(stored_definition(domain), None).replace(",restrict=on,ipv6=off", "")
    switch_on(domain.connect().defineXML(xml))


@contextmanager
def _internet() -> Iterator[None]:
    cable = f"gbench{uuid.uuid4().hex[:8]}"
    command = ["unshare", "--net", sys.executable, "-c", f"input()\n{_SERVER}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        _await_namespace(server.pid)
        inside = ["nsenter", f"--target={server.pid}", "--net"]
        try:
            _run("ip", "link", "add", cable, "type", "veth", "peer", "name", "net", "netns", str(server.pid))
            _run("ip", "address", "add", f"{HERE}/30", "dev", cable)
            _run("ip", "link", "set", cable, "up")
            for words in (f"address add {THERE}/30 dev net", "link set net up", f"route add default via {HERE}"):
                _run(*inside, "ip", *words.split())
            _run(*inside, "ip", "address", "add", f"{INTERNET}/32", "dev", "net")
            _run("ip", "route", "replace", INTERNET, "via", THERE)
            server.stdin.write("\n")
            server.stdin.flush()
            server.stdout.readline()
            yield
        finally:
            server.kill()


def _await_namespace(process: int) -> None:
    """Wait until the process is in a network of its own."""
    mine, its = Path("/proc/self/ns/net").readlink(), Path(f"/proc/{process}/ns/net")
    wait_until(lambda: its.readlink() != mine, "no network of its own for a process")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)

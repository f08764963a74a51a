"""A client at home, the computer that runs Galeria, and a machine on it, each in a network namespace of its own.

iperf3's packets go between home and machine through the computer, which forwards them, or through the relay on it, as people's
connections do. On the loopback a direct connection would pass one network stack and a relayed one two, which nobody's does.
`python -m bench.home` runs inside the computer's namespace; everything vanishes with the processes.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.lines import processor_seconds, running_relay

AT_HOME, PUBLIC = "198.51.100.2", "198.51.100.1"
MACHINE, GATEWAY, PORT = "100.96.1.50", "100.96.1.1", 3389
SECONDS = 2  # of each run


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """Bytes a second of the fastest runs, and the share of one processor that the relay took while it was used."""

    direct: float
    relayed: float
    relay_cpu: float


def measure_at_home(folder: Path, *, rounds: int) -> dict[str, Rates]:
    """Measure `upload` and `download`, direct and relayed in turn; OSError, with what was said, where that cannot be done."""
    command = ["unshare", "--net", sys.executable, "-m", "bench.home", str(folder), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip() or f"the measurement ended with {done.returncode}")
    return {way: Rates(**rates) for way, rates in json.loads(done.stdout).items()}


def _measure(folder: Path, rounds: int) -> dict[str, Rates]:
    _run("ip", "link", "set", "lo", "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
    with ExitStack() as stack:
        machine = stack.enter_context(_neighbour("machine", here=GATEWAY, there=MACHINE))
        home = stack.enter_context(_neighbour("home", here=PUBLIC, there=AT_HOME))
        measured = stack.enter_context(_program(*machine, "iperf3", "--server", "--forceflush", "--port", str(PORT)))
        _await_listening(measured)
        port, process = stack.enter_context(running_relay(folder, listen=PUBLIC, host=MACHINE, target=PORT))
        found = {}
        for way, option in {"upload": (), "download": ("--reverse",)}.items():
            runs = []
            for _ in range(rounds):
                direct = _rate(home, MACHINE, PORT, *option)
                before = processor_seconds(process)
                relayed = _rate(home, PUBLIC, port, *option)
                runs.append((direct, relayed, (processor_seconds(process) - before) / SECONDS))
            best = [max(each) for each in zip(*runs, strict=True)]
            found[way] = Rates(direct=best[0], relayed=best[1], relay_cpu=best[2])
    return found


def _await_listening(server: subprocess.Popen[str]) -> None:
    """Read what iperf3 says. A connection as a test would be a measurement that fails, after which it listens anew."""
    assert server.stdout
    if not any("listening" in line for line in server.stdout):
        raise OSError("the machine's iperf3 does not listen")


def _rate(home: list[str], host: str, port: int, *option: str) -> float:
    words = ["--client", host, "--port", str(port), "--time", str(SECONDS), "--json", *option]
    done = subprocess.run([*home, "iperf3", *words], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    if problem := said.get("error"):
        raise OSError(f"iperf3 from home: {problem}")
    return float(said["end"]["sum_received"]["bits_per_second"]) / 8


@contextmanager
def _neighbour(name: str, *, here: str, there: str) -> Iterator[list[str]]:
    """A namespace at the other end of a cable, which sends everything through this one; yields the words to run in it."""
    with _program("unshare", "--net", "sh", "-c", "echo here; cat") as process:
        assert process.stdout
        process.stdout.readline()
        inside = ["nsenter", f"--target={process.pid}", "--net"]
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", str(process.pid))
        _run("ip", "address", "add", f"{here}/24", "dev", name)
        _run("ip", "link", "set", name, "up")
        for words in (f"address add {there}/24 dev cable", "link set cable up", f"route add default via {here}"):
            _run(*inside, "ip", *words.split())
        yield inside


@contextmanager
def _program(*command: str) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    rates = _measure(Path(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps({way: asdict(each) for way, each in rates.items()}))

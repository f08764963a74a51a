"""A computer at home: a network namespace with a cable to this host, and no route to anywhere else.

All of it vanishes with its first process. What happens there are commands of this file, run in that namespace:
shell HOST PORT USER, terminal CA ENDPOINT LAB USER, and ask HOST PORT BYTES.
"""

import asyncio
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

HERE, HOME = "198.51.100.1", "198.51.100.2"
NAME = "labs.example.org"
PASSWORD = "GALERIA_HOME_PASSWORD"
PAGE_PASSWORD = "GALERIA_HOME_PAGE_PASSWORD"
SECONDS = 120.0
COPIED = bytes(range(256)) * 4096  # a mebibyte

# A connection request and its confirmation as [MS-RDPBCGR] §2.2.1.1 and §2.2.1.2 have them: TPKT, X.224, TLS wanted.
X224_REQUEST = bytes.fromhex("030000130ee000000000000100080001000000")
X224_CONFIRM = bytes.fromhex("030000130ed000001234000200080001000000")


@dataclass(frozen=True)
class AtHome:
    process: int

    def spawn(self, *words: str, password: str = "", page_password: str = "") -> "subprocess.Popen[str]":
        """A command of this file, there. Its name server is the file /etc/hosts alone."""
        inside = ["nsenter", f"--target={self.process}", "--net", "--mount"]
        command = [*inside, sys.executable, str(Path(__file__).resolve()), *words]
        environment = {**os.environ, PASSWORD: password, PAGE_PASSWORD: page_password}
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, address: str, sent: bytes = b"") -> str:
        """What comes back from HOST:PORT in hexadecimal digits, or why nothing does."""
        host, _, port = address.rpartition(":")
        with self.spawn("ask", host, port, sent.hex()) as asking:
            answer, _ = asking.communicate(timeout=SECONDS)
        return answer.strip()


@contextmanager
def at_home() -> Iterator[AtHome]:
    cable = f"ghome{os.getpid()}"[:15]
    command = ["unshare", "--net", "--mount", "sh", "-c", "echo ready; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin
        assert first.stdout
        first.stdout.readline()
        _run(["ip", "link", "add", cable, "type", "veth", "peer", "name", "home", "netns", str(first.pid)])
        _run(["ip", "address", "add", f"{HERE}/30", "dev", cable])
        _run(["ip", "link", "set", cable, "up"])
        inside = ["nsenter", f"--target={first.pid}", "--net", "--mount"]
        for words in ("link set lo up", f"address add {HOME}/30 dev home", "link set home up"):
            _run([*inside, "ip", *words.split()])
        hosts = f"printf '127.0.0.1 localhost\\n{HERE} {NAME}\\n' > /run/hosts && mount --bind /run/hosts /etc/hosts"
        _run([*inside, "sh", "-c", f"mount -t tmpfs tmpfs /run && {hosts}"])
        try:
            yield AtHome(first.pid)
        finally:
            first.stdin.close()


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


async def _shell(host: str, port: int, user: str) -> None:
    """Sign in, copy a file there, and then do what each line of the input says, over the same connection."""
    options = {"username": user, "password": os.environ[PASSWORD], "known_hosts": None, "config": None}
    async with asyncssh.connect(host, port, agent_path=None, client_keys=None, **options) as connection:
        copied = await connection.run("cat > copied; sha256sum copied", input=COPIED, encoding=None, check=True)
        assert isinstance(copied.stdout, bytes)
        _tell(is_whole=copied.stdout.split()[0].decode() == hashlib.sha256(COPIED).hexdigest())
        loop = asyncio.get_running_loop()
        while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            done = await connection.run(line)
            _tell(said=str(done.stdout), status=done.exit_status)


def _terminal(ca: str, endpoint: str, lab: str, user: str) -> None:
    """Sign in on the pages, then do what the lines of the input say in the browser's terminal of the lab's template."""
    trust = ssl.create_default_context(cafile=ca)
    with httpx.Client(base_url=endpoint, verify=trust, trust_env=False) as browser:
        found = re.search(r'name="csrf" value="(\w+)"', browser.get("/sign-in").text)
        assert found
        form = {"csrf": found[1], "name": "admin", "password": os.environ[PAGE_PASSWORD], "next": "/me"}
        assert browser.post("/sign-in", data=form, headers={"Origin": endpoint}).status_code == 303
        cookies = "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)
    place = f"{endpoint.replace('https', 'wss')}/terminal/galeria/{lab}/template"
    headers = {"Cookie": cookies, "Origin": endpoint}
    with connect(place, ssl=trust, additional_headers=headers, proxy=None, open_timeout=SECONDS) as line:
        line.send(json.dumps({"user": user, "password": os.environ[PASSWORD], "columns": 80, "rows": 24}))
        _tell(first=sorted(json.loads(line.recv(timeout=SECONDS))))
        while typed := sys.stdin.readline().strip():
            line.send(f"{typed}; echo over-$((6*7))\n".encode())
            shown = b""
            while b"over-42" not in shown:
                piece = line.recv(timeout=SECONDS)
                shown += piece if isinstance(piece, bytes) else b""
            _tell(said=shown.decode(errors="replace"))


def _ask(host: str, port: int, sent: bytes) -> str:
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as line:
            line.sendall(sent)
            return line.recv(4096).hex()
    except OSError as error:
        return type(error).__name__


def _tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    do, *words = sys.argv[1:]
    if do == "ask":
        sys.stdout.write(_ask(words[0], int(words[1]), bytes.fromhex(words[2])))
        return
    try:
        if do == "terminal":
            _terminal(*words)
        else:
            asyncio.run(_shell(words[0], int(words[1]), words[2]))
    except (OSError, asyncssh.Error, httpx.HTTPError, WebSocketException) as error:
        _tell(error=type(error).__name__)


if __name__ == "__main__":
    main()

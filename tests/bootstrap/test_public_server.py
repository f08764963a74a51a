"""A real server under a public name, with a certificate of its administrator's own beside the installation's."""

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.adapters.reach.certificates import make_authority
from tests.waiting import until

pytestmark = pytest.mark.slow

NAME = "labs.example.org"


@contextmanager
def serving(data: Path, *options: str) -> Iterator[dict[str, str]]:
    """Serve until the block ends; yields what connect.json says."""
    connect = data / "connect.json"
    command = [sys.executable, "-m", "galeria", "serve", "--fake", "--port", "0", "--data", str(data), *options]
    log = data.with_suffix(".log")
    with log.open("ab") as said, subprocess.Popen(command, env=os.environ, stdout=said, stderr=said) as server:
        try:
            until(lambda: connect.is_file() or server.poll() is not None, "it serves", seconds=60)
            assert server.poll() is None, log.read_text(encoding="utf-8")
            yield json.loads(connect.read_text(encoding="utf-8"))
        finally:
            server.terminate()


def asked(connect: dict[str, str], name: str, *, host: str = "") -> str:
    """The first line of the answer to whoever trusts what connect.json names, and asks the server by a name."""
    trust = ssl.create_default_context(cafile=connect["ca_file"])
    port = int(connect["endpoint"].rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port)) as line,
        trust.wrap_socket(line, server_hostname=name) as secured,
    ):
        secured.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {host or name}\r\nConnection: close\r\n\r\n".encode())
        return secured.makefile("rb").readline().decode().strip()


def test_the_public_name_is_the_servers_address_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    authority = make_authority()
    chain, key = authority.write(tmp_path, "old.example.org")
    data = tmp_path / "data"
    data.mkdir()
    options = ("--name", NAME.upper(), "--host", "127.0.0.1", "--certificate", str(chain), "--key", str(key))
    with serving(data, *options) as connect:
        assert connect["endpoint"].startswith(f"https://{NAME}:")
        with pytest.raises(ssl.SSLCertVerificationError):
            asked(connect, NAME)
        authority.write(tmp_path, NAME)  # renewed while it is served
        assert asked(connect, NAME) == "HTTP/1.1 200 OK"
        assert asked(connect, "localhost") == "HTTP/1.1 200 OK"
        assert asked(connect, NAME, host="other.example.org") == "HTTP/1.1 400 Bad Request"


def test_settings_give_the_name_the_address_and_the_port_that_a_proxy_has(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "galeria.toml").write_text(f'[server]\nname = "{NAME}"\npublic_port = 443\nlisten = "127.0.0.1"\n')
    with serving(data) as connect:
        assert connect["endpoint"] == f"https://{NAME}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--name", "not a name"), "is no host name"),
        (("--certificate", "chain.pem"), "A certificate needs its key"),
        (("--certificate", "chain.pem", "--key", "key.pem"), "cannot be used"),
        (("--host", "203.0.113.7"), "cannot be used"),
    ],
)
def test_what_cannot_be_served_stops_the_start(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "galeria", "serve", "--fake", "--port", "0", "--data", str(tmp_path), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())


def test_ports_of_outgoing_connections_stop_the_start(tmp_path: Path) -> None:
    settings = f'[server]\nname = "{NAME}"\nfirst_machine_port = 40000\n'
    (tmp_path / "galeria.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "galeria", "serve", "--fake", "--port", "0", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "gives them to outgoing connections" in " ".join(done.stderr.split())

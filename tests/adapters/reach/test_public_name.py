"""What `galeria doctor` says about the public name."""

import fcntl
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from galeria.adapters.reach import public_name
from galeria.adapters.reach.public_name import PublicName
from galeria.domain.reach.server_settings import ServerSettings
from galeria.ports.machines import HostCheck
from tests.adapters.reach.certificates import Authority, make_authority
from tests.servers.ports import free_port

NAME = "labs.example.org"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority()


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the name is looked up as; other names are looked up as ever."""
    known: list[str] = []

    def looked_up(host: str, port: object, **_: object) -> list[tuple[object, ...]]:
        if not known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in known]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return known


def checks(data: Path, **settings: object) -> dict[str, HostCheck]:
    given: dict[str, object] = {"name": NAME, "port": free_port(), **settings}
    return {each.name: each for each in PublicName(ServerSettings(**given), data).checks()}  # type: ignore[arg-type]


def test_without_a_name_it_is_said_who_reaches_labs(tmp_path: Path) -> None:
    found = checks(tmp_path, name="")
    assert list(found) == ["public name"]
    assert not found["public name"].ok
    assert not found["public name"].required
    assert "[server] in galeria.toml" in found["public name"].cure


@pytest.mark.parametrize(
    ("known", "ok", "said"),
    [
        ([], False, "cannot be looked up"),
        (["203.0.113.7"], False, "203.0.113.7: not an address of this host"),
        (["127.0.1.1"], False, "on this host, whatever others are told"),
    ],
)
def test_the_name_is_looked_up(tmp_path: Path, addresses: list[str], known: list[str], ok: bool, said: str) -> None:
    addresses += known
    found = checks(tmp_path)["public name"]
    assert (found.ok, said in found.found) == (ok, True), found
    assert found.cure


def test_a_port_is_free_taken_or_this_installations(tmp_path: Path, addresses: list[str]) -> None:
    assert checks(tmp_path)["server's port"].found.endswith("free")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert not checks(tmp_path, port=taken)["server's port"].ok
        with (tmp_path / "serve.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            own = checks(tmp_path, port=taken)["server's port"]
        assert (own.ok, "this installation is served" in own.found) == (True, True)
        assert not checks(tmp_path, port=taken)["server's port"].ok  # the file alone says nothing


def test_ports_of_outgoing_connections_are_no_ports_for_machines(
    tmp_path: Path, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_name, "ephemeral_ports", lambda: range(32768, 61000))
    monkeypatch.setattr(public_name, "reserved_ports", lambda: {60990})
    assert checks(tmp_path)["machines' ports"].ok
    lost = checks(tmp_path, first_machine_port=60990)["machines' ports"]
    assert (lost.ok, "60991 to 60999" in lost.found) == (False, True)
    assert "ip_local_reserved_ports=60990-65535" in lost.cure


def test_a_firewall_must_let_in_the_ports_that_others_see(tmp_path: Path, addresses: list[str]) -> None:
    assert "TCP 443 " in checks(tmp_path, public_port=443)["firewall"].found
    assert "TCP 61000 to 65535" in checks(tmp_path)["firewall"].found


def test_a_certificate_is_for_the_name_and_for_some_time(
    tmp_path: Path, addresses: list[str], authority: Authority
) -> None:
    def certificate(*names: str, **when: datetime) -> HostCheck:
        chain, key = authority.write(tmp_path, *names, **when)
        return checks(tmp_path, certificate=str(chain), key=str(key))["certificate"]

    assert certificate(NAME).ok
    assert certificate("*.example.org").ok
    assert not certificate("example.org").ok
    assert not certificate(NAME, at=datetime.now(UTC) - timedelta(days=390)).ok
    (tmp_path / "chain.pem").write_text("nothing")
    settings = {"certificate": str(tmp_path / "chain.pem"), "key": str(tmp_path / "key.pem")}
    assert "cannot be used" in checks(tmp_path, **settings)["certificate"].found

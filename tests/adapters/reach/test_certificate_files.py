"""A certificate of one's own: who gets it, and when it is read again."""

import logging
import ssl
from pathlib import Path

import pytest

from galeria.adapters.reach.certificate_files import CertificateFiles, trusted_by_clients
from galeria.domain.errors import Invalid
from tests.adapters.reach.certificates import Authority, make_authority, replace

NAME = "labs.example.org"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority()


@pytest.fixture(scope="module")
def installation() -> Authority:
    return make_authority()


@pytest.fixture
def server(tmp_path: Path, installation: Authority) -> ssl.SSLContext:
    """The context of a server with the installation's certificate."""
    folder = tmp_path / "installation"
    folder.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*installation.write(folder, "localhost", NAME))
    return context


def accepts(server: ssl.SSLContext, name: str, trusted: Authority) -> bool:
    """Whether a client that trusts one authority accepts the server under the name, in a whole handshake."""
    client = ssl.create_default_context(cadata=trusted.pem.decode())
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return True


def test_the_public_name_gets_it_and_localhost_the_installations(
    tmp_path: Path, server: ssl.SSLContext, authority: Authority, installation: Authority
) -> None:
    CertificateFiles(*authority.write(tmp_path, NAME)).install(server)
    assert accepts(server, NAME, authority)
    assert not accepts(server, NAME, installation)
    assert accepts(server, "localhost", installation)


def test_a_renewed_one_counts_without_a_restart(
    tmp_path: Path, server: ssl.SSLContext, authority: Authority, installation: Authority
) -> None:
    CertificateFiles(*authority.write(tmp_path, "old.example.org")).install(server)
    assert not accepts(server, NAME, authority)
    authority.write(tmp_path, NAME)
    assert accepts(server, NAME, authority)


@pytest.mark.parametrize("file", ["chain.pem", "key.pem"])
@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nMIIB", None])
def test_a_pair_that_cannot_be_used_leaves_the_one_before_in_use(
    tmp_path: Path,
    server: ssl.SSLContext,
    authority: Authority,
    file: str,
    content: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    CertificateFiles(*authority.write(tmp_path, NAME)).install(server)
    if content is None:
        (tmp_path / file).unlink()
    else:
        replace(tmp_path / file, content)
    with caplog.at_level(logging.ERROR):
        assert accepts(server, NAME, authority)
        assert accepts(server, NAME, authority)
    assert [each.message.count("stays in use") for each in caplog.records] == [1]
    authority.write(tmp_path, NAME)
    assert accepts(server, NAME, authority)


def test_a_pair_that_does_not_match_is_refused_at_the_start(tmp_path: Path, authority: Authority) -> None:
    chain, _ = authority.write(tmp_path, NAME)
    kept = chain.read_bytes()
    _, key = authority.write(tmp_path, NAME)
    chain.write_bytes(kept)
    with pytest.raises(Invalid, match="cannot be used"):
        CertificateFiles(chain, key)
    with pytest.raises(Invalid, match="No such file"):
        CertificateFiles(tmp_path / "absent.pem", key)


def test_clients_trust_the_authority_in_the_file_or_else_those_of_the_host(
    tmp_path: Path, authority: Authority
) -> None:
    chain, _ = authority.write(tmp_path, NAME)
    assert trusted_by_clients(chain) == authority.pem
    own = chain.read_bytes().removesuffix(authority.pem)
    chain.write_bytes(own)
    system = tmp_path / "system.pem"
    system.write_bytes(b"the host's\n")
    assert trusted_by_clients(chain, system) == b"the host's\n"
    assert trusted_by_clients(chain, tmp_path / "absent") == b""

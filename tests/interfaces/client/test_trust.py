"""Over TLS, only the authority that was named is trusted."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from galeria.adapters.identity.certificates import new_authority, new_server_certificate
from galeria.domain.errors import Unavailable
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from tests.interfaces.client.rest_double import RestDouble, running_double


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[tuple[RestDouble, Path]]:
    """A double that speaks TLS, and the file with its authority."""
    now, ca_key, key = datetime.now(UTC), generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    ca = new_authority(ca_key, "Test", now)
    certificate = new_server_certificate(key, ["127.0.0.1"], authority=ca, authority_key=ca_key, now=now)
    (tmp_path / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "server.pem").write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with running_double() as double:
        double.speak_tls(context)
        yield double, tmp_path / "ca.pem"


def test_the_named_authority_is_trusted(authority: tuple[RestDouble, Path]) -> None:
    double, ca_file = authority

    with ServerConnection(
        double.endpoint, ClientSecret(client_id="r", client_secret="s"), ca_file=ca_file
    ) as connection:
        assert connection.get("/subscriptions")["value"]


def test_a_certificate_of_nobody_known_is_refused_at_once_with_a_remedy(
    authority: tuple[RestDouble, Path],
) -> None:
    double, _ = authority

    with (
        ServerConnection(double.endpoint, ClientSecret(client_id="r", client_secret="s"), patient=True) as connection,
        pytest.raises(Unavailable, match="not trusted") as raised,
    ):
        connection.get("/subscriptions")

    assert "--ca-file" in raised.value.hint
    assert double.sign_ins == []

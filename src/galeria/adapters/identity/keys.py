"""The installation's ids, keys and certificates: created once at the first start, and renewed before they expire."""

import json
import socket
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from galeria.adapters.identity.certificates import (
    is_due,
    is_for,
    is_signed_by,
    names_of,
    new_authority,
    new_server_certificate,
)
from galeria.adapters.identity.files import ensure_private_folder, find_private, locked_folder, write_private
from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.ports.work import Clock

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The ids, keys and certificates of an installation. Only the service's account can read the files at these paths."""

    id: str  # a GUID
    tenant_id: str  # a GUID
    subscription_id: str  # a GUID
    manifest_key: ed25519.Ed25519PrivateKey  # signs image manifests
    token_key: rsa.RSAPrivateKey  # signs access tokens
    ca: Path  # the authority's certificate, PEM: what clients must trust
    certificate: Path  # the server's, PEM
    certificate_key: Path  # PEM, not encrypted

    @property
    def manifest_public_key(self) -> ed25519.Ed25519PublicKey:
        return self.manifest_key.public_key()

    @property
    def tries_key(self) -> bytes:
        """32 bytes, the same on all computers of the installation, with which keys of wrong tries are hashed."""
        return HKDF(hashes.SHA256(), 32, salt=None, info=b"wrong tries").derive(self.manifest_key.private_bytes_raw())


def ensure_installation(folder: Path, *, clock: Clock, names: Iterable[str] | None = None) -> Installation:
    """Create what is missing and renew what expires soon. May be interrupted anywhere, and repeated.

    `names` are host names and addresses of this server besides localhost and the computer's own name. The server
    certificate is renewed when less than 30 days are left or the names have changed; its key and the authority stay. Without
    `names`, as in a worker or a command beside the server, it keeps those that it has. Raises Unavailable where a file cannot
    be written or is damaged: keys are never replaced silently.
    """
    ensure_private_folder(folder)
    with locked_folder(folder):
        ids = _ensure_ids(folder / "installation.json")
        _ensure_certificates(folder, ids["installation"], clock, names)
        return Installation(
            id=ids["installation"],
            tenant_id=ids["tenant"],
            subscription_id=ids["subscription"],
            manifest_key=_ensure_manifest_key(folder / "manifest.key"),
            token_key=_ensure_token_key(folder / "token.key"),
            ca=folder / "ca.pem",
            certificate=folder / "server.pem",
            certificate_key=folder / "server.key",
        )


def _ensure_ids(path: Path) -> dict[str, str]:
    data = find_private(path)
    if data is None:
        ids = {name: str(uuid.uuid4()) for name in ("installation", "tenant", "subscription")}
        write_private(path, json.dumps(ids, indent=2).encode() + b"\n")
        return ids
    try:
        found = json.loads(data)
        return {name: str(uuid.UUID(found[name])) for name in ("installation", "tenant", "subscription")}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def _ensure_certificates(folder: Path, installation_id: str, clock: Clock, names: Iterable[str] | None) -> None:
    ca_key = _ensure_tls_key(folder / "ca.key")
    server_key = _ensure_tls_key(folder / "server.key")
    now = clock.now()
    ca = _find_certificate(folder / "ca.pem")
    if ca is None or is_due(ca, now) or ca.public_key() != ca_key.public_key():
        ca = new_authority(ca_key, f"Galeria {installation_id}", now)
        write_private(folder / "ca.pem", ca.public_bytes(Encoding.PEM))
    server = _find_certificate(folder / "server.pem")
    if names is None:
        names = names_of(server) if server else ()
    whole = {*LOCAL_NAMES, *_host_name(), *names}
    if server and not is_due(server, now) and is_for(server, server_key, whole) and is_signed_by(server, ca):
        return
    server = new_server_certificate(server_key, whole, authority=ca, authority_key=ca_key, now=now)
    write_private(folder / "server.pem", server.public_bytes(Encoding.PEM))


def _ensure_manifest_key(path: Path) -> ed25519.Ed25519PrivateKey:
    key = _ensure_key(path, ed25519.Ed25519PrivateKey.generate)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _damaged(path)
    return key


def _ensure_token_key(path: Path) -> rsa.RSAPrivateKey:
    """Return the key for tokens, with 2048 bits as Entra ID uses and as every JWT library supports."""
    key = _ensure_key(path, lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _damaged(path)
    return key


def _ensure_tls_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = _ensure_key(path, lambda: ec.generate_private_key(ec.SECP256R1()))
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _damaged(path)
    return key


def _ensure_key(path: Path, generate: Callable[[], PrivateKeyTypes]) -> PrivateKeyTypes:
    data = find_private(path)
    if data is None:
        key = generate()
        write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return key
    try:
        return load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _damaged(path) from error


def _find_certificate(path: Path) -> x509.Certificate | None:
    data = find_private(path)
    if data is None:
        return None
    try:
        return x509.load_pem_x509_certificate(data)
    except ValueError as error:
        raise _damaged(path) from error


def _host_name() -> list[str]:
    """Return the computer's own name, or nothing where a certificate cannot hold it."""
    name = socket.gethostname()
    return [name] if name and name.isascii() else []


def _damaged(path: Path) -> Unavailable:
    return Unavailable(
        Message("The file '{path}' is damaged.", path=str(path)),
        hint=Message(
            "Put it back from a backup. Only if there is none, move it away: a new one is made at the next start."
        ),
    )

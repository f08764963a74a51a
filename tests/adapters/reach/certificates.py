"""Certificates of an authority that the tests have made themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from galeria.adapters.identity.certificates import new_authority, new_server_certificate


@dataclass(frozen=True, kw_only=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def write(self, folder: Path, *names: str, at: datetime | None = None) -> tuple[Path, Path]:
        """Write chain.pem, the authority included, and key.pem; each is replaced as a whole."""
        key = ec.generate_private_key(ec.SECP256R1())
        own = new_server_certificate(
            key, names, authority=self.certificate, authority_key=self.key, now=at or datetime.now(UTC)
        )
        chain, file = folder / "chain.pem", folder / "key.pem"
        replace(chain, own.public_bytes(Encoding.PEM) + self.pem)
        replace(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return chain, file


def make_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    return Authority(key=key, certificate=new_authority(key, "Tests", datetime.now(UTC)))


def replace(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)

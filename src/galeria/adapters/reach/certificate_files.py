"""A certificate of the administrator's own for the public name, beside the one that the installation's authority signs.

Clients that name the host get the administrator's; those that ask for localhost or for an address get the other. Both files
are looked at in every handshake, which costs two calls of stat(2): a renewed certificate counts without a restart.
"""

import logging
import ssl
from pathlib import Path

from cryptography import x509

from galeria.adapters.identity.certificates import is_signed_by
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")  # Debian, Ubuntu, Alpine, Arch

_State = tuple[tuple[int, int, int], ...]


class CertificateFiles:
    """The pair of files `certificate` and `key`. Raises Invalid where they cannot be used as the server starts.

    Later a pair that cannot be used, such as one that is half written, leaves the one before in use and is logged once.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self._state = self._look()
        self._context = self._load()

    def install(self, context: ssl.SSLContext) -> None:
        """Let connections of `context` use the files, where they name a host that is not the loopback."""
        context.sni_callback = self._choose

    def context(self) -> ssl.SSLContext:
        """Return the context of the files as they are now."""
        state = self._look()
        if state != self._state:
            self._state = state
            try:
                self._context = self._load()
            except Invalid as error:
                log.error("%s The one before stays in use. %s", error.message, error.hint)
            else:
                log.info("The certificate in %s was read again.", self._certificate)
        return self._context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name and name.lower() != "localhost":
            connection.context = self.context()

    def _look(self) -> _State:
        return tuple(_facts(path) for path in (self._certificate, self._key))

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # Without the empty password a key that is encrypted would ask for one on the terminal.
            context.load_cert_chain(self._certificate, self._key, password="")
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            reason = str(error.strerror or error) if isinstance(error, OSError) else str(error)
            raise Invalid(
                Message(
                    "The certificate in {certificate} with the key in {key} cannot be used: {reason}.",
                    certificate=str(self._certificate),
                    key=str(self._key),
                    reason=reason,
                ),
                hint=Message(
                    "Both are PEM files that belong to each other, the first with the whole chain, the second without a "
                    "password."
                ),
            ) from error
        return context


def read_chain(path: Path) -> list[x509.Certificate]:
    """Return the certificates of a PEM file, the server's own first; none where it cannot be read."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return []


def trusted_by_clients(certificate: Path, system: Path = SYSTEM_BUNDLE) -> bytes:
    """Return what clients must trust to accept the file's certificate, as PEM.

    That is the authority where the file holds it itself, and else all those that the host trusts.
    """
    lines = certificate.read_bytes().split(b"-----END CERTIFICATE-----")
    roots = [
        block.strip() + b"\n-----END CERTIFICATE-----\n"
        for block in lines
        if b"BEGIN CERTIFICATE" in block and _signs_itself(block + b"-----END CERTIFICATE-----\n")
    ]
    if roots:
        return b"".join(roots)
    return system.read_bytes() if system.is_file() else b""


def _signs_itself(block: bytes) -> bool:
    certificate = x509.load_pem_x509_certificate(block)
    return certificate.issuer == certificate.subject and is_signed_by(certificate, certificate)


def _facts(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)

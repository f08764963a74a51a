"""The certificate authority of the installation, and the server certificate that it signs."""

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE = timedelta(days=3652)
# The longest validity that browsers and Apple's systems accept (CA/Browser Forum, ballot SC-031).
SERVER_LIFE = timedelta(days=398)
RENEW_BEFORE = timedelta(days=30)
# Clients whose clocks are slow must not refuse a new certificate.
BACKDATED = timedelta(minutes=5)


def is_due(certificate: x509.Certificate, now: datetime) -> bool:
    """Return whether the certificate expires in less than 30 days."""
    return certificate.not_valid_after_utc - now < RENEW_BEFORE


def new_authority(key: EllipticCurvePrivateKey, title: str, now: datetime) -> x509.Certificate:
    """Return a self-signed authority for 10 years. The same key and title give a certificate that old chains accept."""
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Galeria"), x509.NameAttribute(NameOID.COMMON_NAME, title)]
    )
    return (
        _builder(name, name, key, now, now + CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def new_server_certificate(
    key: EllipticCurvePrivateKey,
    names: Iterable[str],
    *,
    authority: x509.Certificate,
    authority_key: EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    """Return a certificate for TLS servers, for 398 days at most and not longer than its authority.

    `names` are host names and IP addresses.
    """
    alternatives = general_names(names)
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Galeria")])
    until = min(now + SERVER_LIFE, authority.not_valid_after_utc)
    signer = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _builder(subject, authority.subject, key, now, until)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False)
        .sign(authority_key, SHA256())
    )


def general_names(names: Iterable[str]) -> list[x509.GeneralName]:
    """Return IP addresses as such and everything else as DNS names, sorted and without duplicates."""
    return [_general_name(name) for name in sorted({name.lower() for name in names})]


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the host names and addresses that the certificate covers."""
    return [str(each.value) for each in _covered(certificate)]


def is_for(certificate: x509.Certificate, key: EllipticCurvePrivateKey, names: Iterable[str]) -> bool:
    """Return whether the certificate belongs to this key and covers exactly these names."""
    return certificate.public_key() == key.public_key() and list(_covered(certificate)) == general_names(names)


def _covered(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(until)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )

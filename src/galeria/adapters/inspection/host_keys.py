"""New SSH host keys as files, for OpenSSH and for Dropbear.

OpenSSH's private keys are in its own format, Dropbear's in that of its buffers: the name of the algorithm, then numbers and
texts as in RFC 4251, section 5.
"""

import struct

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

RSA_BITS = 3072
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def new_host_keys() -> dict[str, bytes]:
    """Return files by name, in the folders `openssh` and `dropbear`, which hold the same three keys."""
    keys: dict[str, PrivateKey] = {
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS),
        "ecdsa": ec.generate_private_key(ec.SECP256R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    files: dict[str, bytes] = {}
    for kind, key in keys.items():
        name = f"openssh/ssh_host_{kind}_key"
        files[name] = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        files[f"{name}.pub"] = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" galeria\n"
        files[f"dropbear/dropbear_{kind}_host_key"] = dropbear_key(key)
    return files


def dropbear_key(key: PrivateKey) -> bytes:
    """Return the private key as Dropbear keeps it in a file."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        public = numbers.public_numbers
        return _text(b"ssh-rsa") + b"".join(
            _number(each) for each in (public.e, public.n, numbers.d, numbers.p, numbers.q)
        )
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        value = key.private_numbers().private_value
        return _text(b"ecdsa-sha2-nistp256") + _text(b"nistp256") + _text(point) + _number(value)
    pair = key.private_bytes_raw() + key.public_key().public_bytes_raw()
    return _text(b"ssh-ed25519") + _text(pair)


def _text(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _number(value: int) -> bytes:
    return _text(value.to_bytes(value.bit_length() // 8 + 1, "big"))

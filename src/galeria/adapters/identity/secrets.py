"""Passwords and client secrets are kept only as hashes that are slow to guess."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from passlib.hash import sha512_crypt

# The rounds that crypt(3) itself uses when none are written into the hash: every Linux guest understands them.
UNIX_ROUNDS = 5000


class ArgonSecretHasher:
    """Argon2id for sign-in, SHA-512 crypt for machines.

    The default costs are RFC 9106's second recommended option: 64 MiB, 3 passes, 4 lanes.
    """

    def __init__(
        self,
        *,
        passes: int = RFC_9106_LOW_MEMORY.time_cost,
        memory_kib: int = RFC_9106_LOW_MEMORY.memory_cost,
        lanes: int = RFC_9106_LOW_MEMORY.parallelism,
    ) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)

    def hash(self, secret: str) -> str:
        return self._hasher.hash(secret)

    def matches(self, hashed: str, secret: str) -> bool:
        """False also where `hashed` is not an argon2 hash at all: nobody signs in with a damaged row."""
        try:
            return self._hasher.verify(hashed, secret)
        except (VerificationError, InvalidHashError):
            return False

    def unix_hash(self, secret: str) -> str:
        return str(sha512_crypt.using(rounds=UNIX_ROUNDS).hash(secret))

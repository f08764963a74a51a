"""Hash passwords and client secrets so that they are slow to guess."""

import os
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from passlib.hash import sha512_crypt

# The default rounds of crypt(3), which are not written into the hash: every Linux guest supports it.
UNIX_ROUNDS = 5000


class ArgonSecretHasher:
    """Hashes with Argon2id for sign-in, and with SHA-512 crypt for machines.

    The default costs are RFC 9106's second recommended option: 64 MiB, 3 passes, 4 lanes. Only as many hashes as there are
    processors are computed at once, and the others wait: more would take no less time together, but 64 MiB each, which is
    2.5 GiB where a whole class signs in.
    """

    def __init__(
        self,
        *,
        passes: int = RFC_9106_LOW_MEMORY.time_cost,
        memory_kib: int = RFC_9106_LOW_MEMORY.memory_cost,
        lanes: int = RFC_9106_LOW_MEMORY.parallelism,
    ) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._turns = BoundedSemaphore(os.cpu_count() or 1)

    def hash(self, secret: str) -> str:
        with self._turns:
            return self._hasher.hash(secret)

    def matches(self, hashed: str, secret: str) -> bool:
        """Return whether the secret matches.

        False also where `hashed` is no argon2 hash: nobody signs in with a damaged row.
        """
        try:
            with self._turns:
                return self._hasher.verify(hashed, secret)
        except (VerificationError, InvalidHashError):
            return False

    def unix_hash(self, secret: str) -> str:
        return str(sha512_crypt.using(rounds=UNIX_ROUNDS).hash(secret))

    def differs(self, hashed: str, secret: str) -> bool:
        if not sha512_crypt.identify(hashed):
            return False
        try:
            return not sha512_crypt.verify(secret, hashed)
        except ValueError:  # NUL and halves of characters are in no password that was ever taken
            return True

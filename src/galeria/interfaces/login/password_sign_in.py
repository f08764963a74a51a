"""Sign-in with a name and a secret for all interfaces. Wrong tries are counted by name and by address."""

from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.people import sign_in
from galeria.domain.errors import Unauthenticated
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.login.throttle import Throttle
from galeria.ports.work import SecretHasher

WRONG_PER_NAME = 5
# A whole class may share one address, and everybody in it may mistype once.
WRONG_PER_ADDRESS = 50
DEVICES_PER_ADDRESS = 100
# Names are shorter (domain/people/principals.py): longer ones share one count by their beginning.
LONGEST_NAME = 100


class PasswordSignIn:
    """Checks names and secrets. May be used by several threads. Unknown names are counted and blocked like others."""

    def __init__(self, requests: RequestFactory, secrets: SecretHasher) -> None:
        self._requests = requests
        self._secrets = secrets
        self._names = Throttle(requests.clock, limit=WRONG_PER_NAME)
        self._addresses = Throttle(requests.clock, limit=WRONG_PER_ADDRESS)
        self._devices = Throttle(requests.clock, limit=DEVICES_PER_ADDRESS)

    def sign_in(self, name: str, secret: str, kind: PrincipalKind, address: str) -> Principal:
        """Return the principal.

        Raises Unauthenticated with the same message whatever was wrong, and TooManyTries without a check.
        """
        key = f"{kind}/{name.lower()[:LONGEST_NAME]}"
        self._check(key, address)
        try:
            # Checking a secret takes a tenth of a second and more, which must not hold a lock for writing.
            with self._requests.anonymous_reading() as request:
                principal = sign_in(request, name, secret, kind, self._secrets)
        except Unauthenticated:
            self._names.count(key)
            self._addresses.count(address)
            raise
        # Checked again: of many tries sent at once, a right one must not succeed after the wrong ones have blocked the key.
        self._check(key, address)
        self._names.forget(key)
        return principal

    def check_address(self, address: str) -> None:
        """Raise TooManyTries where the address is blocked, before anything else that can be guessed is checked."""
        self._addresses.check(address)

    def count_guess(self, address: str) -> None:
        self._addresses.count(address)

    def count_device(self, address: str) -> None:
        """Count a device sign-in that was started: strangers may start them, and each is kept for a while.

        Raises TooManyTries.
        """
        self._devices.check(address)
        self._devices.count(address)

    def _check(self, key: str, address: str) -> None:
        self._names.check(key)
        self._addresses.check(address)
